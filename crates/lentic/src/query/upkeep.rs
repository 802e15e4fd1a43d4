//! Brings the queries that run in line with what the statements of SQL say: the statements only note what is wanted.
mod round;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use lentic_engine::log;
use lentic_topology::Plan;
use lentic_types::{Offset, Timestamp, TopicId, TopicName};

use super::failure::{BackOff, REMEMBERED};
use super::wanted::Wanted;
use super::{
    FailureKind, Query, QueryError, QueryFailure, QueryState, QueryStatus, StreamThreads, TaskStatus,
};
use crate::NodeError;
use crate::node::{Shared, now, vital_thread};
use crate::sql::{Interpreter, QueryChange, QueryNotice};

/// Between two looks at what is due.
const TICK: Duration = Duration::from_millis(200);

/// What is wanted, what runs, and what failed.
pub(crate) struct Upkeep {
    entries: Mutex<BTreeMap<String, Entry>>,
    changed: Condvar,
    /// Topics of queries that have ended.
    doomed: Mutex<Vec<Doomed>>,
    nudge: Sender<()>,
    nudged: Receiver<()>,
}

/// A query.
struct Entry {
    /// `None`: it is to end.
    wanted: Option<Arc<Wanted>>,
    is_paused: bool,
    run: Option<Run>,
    failures: VecDeque<QueryFailure>,
    back_off: BackOff,
    /// It failed, and is to be started anew then.
    restart_at: Option<Instant>,
}

/// A query as it was started.
#[derive(Clone)]
struct Run {
    query: Query,
    wanted: Arc<Wanted>,
    /// Its tasks have ended; its stores are there.
    is_halted: bool,
}

/// A topic to be deleted, if it is still this creation of it.
struct Doomed {
    name: TopicName,
    id: TopicId,
    at: Instant,
}

impl Default for Upkeep {
    fn default() -> Self {
        let (nudge, nudged) = crossbeam_channel::bounded(1);
        Self { entries: Mutex::default(), changed: Condvar::new(), doomed: Mutex::default(), nudge, nudged }
    }
}

/// The thread that starts and ends queries.
pub(crate) fn spawn(shared: &Arc<Shared>) -> Result<JoinHandle<()>, NodeError> {
    vital_thread(shared, "queries", |shared| {
        while !shared.is_stopping() {
            let _ = shared.upkeep.nudged.recv_timeout(TICK);
            shared.keep_queries_up();
        }
    })
}

impl Upkeep {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a statement at this offset wants. Waits for nothing.
    pub(crate) fn want(&self, change: QueryChange, at: Offset) {
        let mut entries = self.entries();
        match change {
            QueryChange::Start(start) => {
                let name = start.plan.name().to_string();
                let wanted = Arc::new(Wanted::new(start, at));
                entries.entry(name).or_insert_with(|| Entry::new(&wanted)).begin(wanted);
            }
            QueryChange::Replace(start) => {
                let name = start.plan.name().to_string();
                let before = entries.get(&name).and_then(|entry| entry.wanted.clone());
                match before.map(|before| before.replaced(start)) {
                    Some(Ok(wanted)) => {
                        if let Some(entry) = entries.get_mut(&name) {
                            entry.wanted = Some(Arc::new(wanted));
                            entry.restart_at = None;
                        }
                    }
                    Some(Err(error)) => tracing::error!(query = %name, "it goes on as it was: {error}"),
                    None => tracing::error!(query = %name, "there is nothing to replace"),
                }
            }
            QueryChange::Stop(name) => {
                if let Some(entry) = entries.get_mut(&name) {
                    entry.wanted = None;
                }
            }
            QueryChange::Pause(name) => {
                if let Some(entry) = entries.get_mut(&name) {
                    entry.is_paused = true;
                }
            }
            QueryChange::Resume(name) => {
                if let Some(entry) = entries.get_mut(&name) {
                    entry.is_paused = false;
                }
            }
        }
        drop(entries);
        self.nudge();
    }

    fn nudge(&self) {
        let _ = self.nudge.try_send(());
        self.changed.notify_all();
    }

    /// When the wanted queries were created.
    pub(crate) fn created(&self) -> BTreeSet<Offset> {
        self.entries().values().filter_map(|entry| Some(entry.wanted.as_ref()?.created)).collect()
    }

    /// A query failed: it is started anew after a while.
    pub(super) fn failed(
        &self,
        name: &str,
        kind: FailureKind,
        message: String,
        interpreter: Option<&dyn Interpreter>,
    ) {
        let (at, time) = (now(), Instant::now());
        let kind = interpreter.map_or(kind, |interpreter| interpreter.classified(name, kind, &message));
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(name) else { return };
        let Some(wanted) = entry.wanted.clone() else { return };
        let restart_at = *entry.restart_at.get_or_insert_with(|| {
            let settings = &wanted.settings;
            time + entry.back_off.failed(time, settings.retry_initial, settings.retry_max)
        });
        let wait = restart_at.saturating_duration_since(time);
        let failure = QueryFailure { at, kind, message, retry_at: Timestamp(at.0 + wait.as_millis() as i64) };
        if entry.failures.len() == REMEMBERED {
            entry.failures.pop_front();
        }
        entry.failures.push_back(failure.clone());
        drop(entries);
        tracing::error!(query = name, "it failed and is tried again in {wait:?}: {}", failure.message);
        self.changed.notify_all();
        if let Some(interpreter) = interpreter {
            interpreter.noticed(name, &QueryNotice::Failed(&failure));
        }
    }

    /// Whether statements want a query of this name.
    pub(super) fn is_wanted(&self, name: &str) -> bool {
        self.entries().get(name).is_some_and(|entry| entry.wanted.is_some())
    }

    pub(super) fn statuses(&self, threads: &StreamThreads) -> Vec<QueryStatus> {
        self.entries().iter().filter_map(|(id, entry)| entry.status(id, threads)).collect()
    }

    pub(super) fn status(&self, id: &str, threads: &StreamThreads) -> Option<QueryStatus> {
        self.entries().get(id).and_then(|entry| entry.status(id, threads))
    }

    pub(super) fn check_replacement(&self, id: &str, plan: &Plan) -> Result<(), QueryError> {
        let wanted = self.entries().get(id).and_then(|entry| entry.wanted.clone());
        let wanted = wanted.ok_or_else(|| QueryError::NotFound(id.to_owned()))?;
        wanted.continued(plan).map(drop)
    }

    /// Waits until a query runs as it is wanted.
    pub(super) fn wait(&self, id: &str, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut entries = self.entries();
        loop {
            let Some(entry) = entries.get(id) else { return false };
            let Some(wanted) = &entry.wanted else { return false };
            if entry.is_paused || entry.restart_at.is_some() {
                return false;
            }
            let run = entry.run.as_ref().filter(|run| !run.is_halted && Arc::ptr_eq(&run.wanted, wanted));
            if run.is_some_and(|run| !run.query.is_paused() && run.query.runs()) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            // Its tasks tell nobody but who waits for them.
            let left = left.min(Duration::from_millis(20));
            entries = self.changed.wait_timeout(entries, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Entry {
    fn new(wanted: &Wanted) -> Self {
        Self {
            wanted: None,
            is_paused: false,
            run: None,
            failures: VecDeque::new(),
            back_off: BackOff::new(wanted.settings.retry_initial),
            restart_at: None,
        }
    }

    /// A query of this name begins.
    fn begin(&mut self, wanted: Arc<Wanted>) {
        let run = self.run.take();
        *self = Self { run, ..Self::new(&wanted) };
        self.wanted = Some(wanted);
    }

    fn status(&self, id: &str, threads: &StreamThreads) -> Option<QueryStatus> {
        let wanted = self.wanted.as_ref()?;
        let run = self.run.as_ref().filter(|run| !run.is_halted);
        let tasks = run.map(|run| run.query.tasks()).unwrap_or_default();
        let is_stuck = || {
            let mut running = tasks.iter().filter(|(_, status)| **status == TaskStatus::Running);
            running.any(|(task, _)| threads.is_stuck(task))
        };
        let state = if self.is_paused {
            QueryState::Paused
        } else if self.restart_at.is_some() {
            QueryState::Error
        } else if is_stuck() {
            QueryState::Unresponsive
        } else {
            QueryState::Running
        };
        let failures = self.failures.iter().cloned().collect();
        let (plan, created) = (wanted.plan.clone(), wanted.created);
        Some(QueryStatus { id: id.to_owned(), state, failures, tasks, plan, created })
    }
}

impl Shared {
    /// A task of a query can't go on because of what the log says.
    pub(super) fn query_failed_by_log(&self, name: &str, error: &log::Error) {
        self.query_failed(name, FailureKind::of_log(error), error.to_string());
    }

    pub(super) fn query_failed(&self, name: &str, kind: FailureKind, message: String) {
        self.upkeep.failed(name, kind, message, self.interpreter.as_deref());
    }
}
