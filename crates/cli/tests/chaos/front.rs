//! What stands before the nodes, as clients see them: who is to be asked, and how long nobody answered.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::harness::{Answer, Node, Request};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Read,
    /// Of a write, with its token: what a dead node left open in a transaction hides what came after it, until that is aborted.
    ReadBack,
    Write,
    CompareAndSet,
}

/// What became of the requests of one kind in one phase.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub answered: u64,
    /// By code, or what broke.
    pub failed: BTreeMap<String, u64>,
    /// The longest time that a client asked until it had an answer, of whichever node.
    pub gap: Duration,
}

/// The nodes that clients are sent to, as a load balancer keeps them.
pub struct Front {
    began: Instant,
    urls: Mutex<BTreeMap<String, String>>,
    turn: AtomicUsize,
    over: AtomicBool,
    tallies: Mutex<BTreeMap<Kind, Tally>>,
}

impl Front {
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            urls: Mutex::default(),
            turn: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            tallies: Mutex::default(),
        }
    }

    /// From now on clients are sent there, too.
    pub fn add(&self, name: &str, node: &Node) {
        lock(&self.urls).insert(name.to_owned(), node.url.clone());
    }

    /// No new request goes there.
    pub fn remove(&self, name: &str) {
        lock(&self.urls).remove(name);
    }

    /// Each of the nodes in turn.
    pub fn url(&self) -> String {
        let urls = lock(&self.urls);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        urls.values().nth(turn % urls.len()).expect("there are nodes").clone()
    }

    /// Microseconds since the beginning.
    pub fn now(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    pub fn end(&self) {
        self.over.store(true, Ordering::Release);
    }

    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// What happened since this was asked for the last time.
    pub fn take(&self) -> BTreeMap<Kind, Tally> {
        std::mem::take(&mut lock(&self.tallies))
    }
}

/// One client: its requests go one after the other, each to the next node.
pub struct Client<'a> {
    pub front: &'a Front,
    kind: Kind,
    /// Since then it has been asking in vain.
    asked_at: Option<Instant>,
}

impl<'a> Client<'a> {
    pub fn new(front: &'a Front, kind: Kind) -> Self {
        Self { front, kind, asked_at: None }
    }

    /// `None`: the connection broke, or the time was over.
    pub fn send(
        &mut self,
        method: &str,
        key: &str,
        prepare: impl FnOnce(Request) -> Request,
    ) -> Option<Answer> {
        let url = format!("{}/v1/tables/t/rows/{key}", self.front.url());
        let asked_at = *self.asked_at.get_or_insert_with(Instant::now);
        let answer = prepare(Request::new(method, url).within(PATIENCE)).try_send();
        let mut tallies = lock(&self.front.tallies);
        let tally = tallies.entry(self.kind).or_default();
        let failed = match &answer {
            Ok(answer) if answer.status < 500 => {
                tally.answered += 1;
                tally.gap = tally.gap.max(asked_at.elapsed());
                self.asked_at = None;
                return Some(answer.clone());
            }
            Ok(answer) => answer.header("lentic-error").unwrap_or("no code").to_owned(),
            Err(_) => "connection".to_owned(),
        };
        *tally.failed.entry(failed).or_default() += 1;
        answer.ok()
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
