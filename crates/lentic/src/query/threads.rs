//! The stream threads of a node, and what is told to them.
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::Sender;
use lentic_engine::TaskId;
use lentic_engine::stream::StreamAssignment;

use super::thread::StreamThread;
use super::{Inner, Opener};
use crate::NodeError;
use crate::node::{Shared, now, vital_thread};

/// A thread that has not come around for so long is stuck.
const STUCK: Duration = Duration::from_secs(30);

/// What a stream thread is told.
pub(super) enum Order {
    Assign(Box<StreamAssignment>, Arc<Inner>),
    /// Commits, gives the tasks up, and answers.
    Revoke(Vec<TaskId>, Sender<()>),
    /// Takes back what is under way, gives the tasks up, and answers.
    Lose(Vec<TaskId>, Sender<()>),
}

/// The stream threads of a node; started with the first query.
#[derive(Default)]
pub(crate) struct StreamThreads {
    threads: Mutex<Vec<Way>>,
    stop: Arc<AtomicBool>,
}

/// The way to a thread.
#[derive(Clone)]
pub(super) struct Way {
    orders: Sender<Order>,
    /// Milliseconds since the epoch: when it came around last.
    pub(super) alive_at: Arc<AtomicI64>,
    /// How many tasks it runs.
    pub(super) tasks: Arc<AtomicUsize>,
}

impl StreamThreads {
    /// Starts as many threads as the configuration says, if that isn't done.
    pub(crate) fn start(&self, shared: &Arc<Shared>) -> Result<(), NodeError> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        if !threads.is_empty() {
            return Ok(());
        }
        let mut handles = vec![Opener::spawn(shared)?];
        for number in 0..shared.config.num_stream_threads.max(1) {
            let (orders, receiver) = crossbeam_channel::unbounded();
            let stop = Arc::clone(&self.stop);
            let alive_at = Arc::new(AtomicI64::new(now().0));
            let way = Way { orders, alive_at, tasks: Arc::default() };
            let own = way.clone();
            handles.push(vital_thread(shared, &format!("stream-{number}"), move |shared| {
                StreamThread::new(shared, own).run(&receiver, &stop);
            })?);
            threads.push(way);
        }
        shared.threads.lock().unwrap_or_else(PoisonError::into_inner).extend(handles);
        Ok(())
    }

    fn threads(&self) -> Vec<Way> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many tasks run on this node.
    pub(super) fn tasks(&self) -> usize {
        self.threads().iter().map(|thread| thread.tasks.load(Ordering::Relaxed)).sum()
    }

    /// Whether the thread that runs a task does not come around.
    pub(super) fn is_stuck(&self, task: &TaskId) -> bool {
        let threads = self.threads();
        let Some(thread) = threads.get(place(task, threads.len())) else { return false };
        let since = now().0 - thread.alive_at.load(Ordering::Relaxed);
        since > STUCK.as_millis() as i64
    }

    pub(super) fn assign(&self, assignment: StreamAssignment, query: &Arc<Inner>) -> Result<(), NodeError> {
        let threads = self.threads();
        let thread = threads.get(place(&assignment.task, threads.len()));
        let order = Order::Assign(Box::new(assignment), Arc::clone(query));
        match thread.map(|thread| thread.orders.send(order)) {
            Some(Ok(())) => Ok(()),
            _ => Err(NodeError::Io("the stream threads have ended".to_owned())),
        }
    }

    /// Takes tasks away after a commit, and waits for it.
    pub(super) fn revoke(&self, tasks: &[TaskId]) {
        self.tell_all(|done| Order::Revoke(tasks.to_vec(), done));
    }

    /// Takes tasks away that may be another process' already: what is under way is aborted.
    pub(super) fn lose(&self, tasks: &[TaskId]) {
        self.tell_all(|done| Order::Lose(tasks.to_vec(), done));
    }

    fn tell_all(&self, order: impl Fn(Sender<()>) -> Order) {
        let threads = self.threads();
        let (done, wait) = crossbeam_channel::bounded(threads.len().max(1));
        for thread in &threads {
            let _ = thread.orders.send(order(done.clone()));
        }
        drop(done);
        for _ in &threads {
            let _ = wait.recv_timeout(Duration::from_secs(30));
        }
    }

    /// All threads commit what they have and end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }
}

/// The thread of a task: neighbours in partition number are on neighbouring ones.
fn place(task: &TaskId, threads: usize) -> usize {
    task.shard(threads.max(1) as u32).0 as usize
}
