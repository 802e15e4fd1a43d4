//! The way to the writer: bounded by the bytes and the number of records that are not acknowledged yet.
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use lentic_engine::log::{Error, Result};
use lentic_types::OutgoingRecord;

use crate::answer::Answer;
use crate::partition::{Partition, Topic, lock};

/// What the writer does, in the order of arrival.
pub(crate) enum Command {
    Append(Append),
    Lock(LockRequest),
    Commit(Commit),
    /// Ends a transaction without its records.
    Abort(u64),
    Delete(Arc<Topic>, SyncSender<Result<()>>),
    /// Syncs what was written, whatever the policy.
    Sync(SyncSender<Result<()>>),
}

pub(crate) struct Append {
    pub(crate) partition: Arc<Partition>,
    pub(crate) record: OutgoingRecord,
    pub(crate) size: Size,
    pub(crate) answer: Answer,
}

/// Asks for the append locks of partitions, one after the other.
pub(crate) struct LockRequest {
    pub(crate) transaction: u64,
    /// Not locked yet; ascending, so that two requests can't wait for each other.
    pub(crate) rest: VecDeque<Arc<Partition>>,
    /// The next offsets of those that are.
    pub(crate) granted: Vec<u64>,
    /// Nobody waits for the answer any more.
    pub(crate) cancelled: Arc<AtomicBool>,
    pub(crate) reply: SyncSender<Result<Vec<u64>>>,
}

impl LockRequest {
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }
}

pub(crate) struct Commit {
    pub(crate) transaction: u64,
    pub(crate) records: Vec<(Arc<Partition>, Vec<OutgoingRecord>)>,
    pub(crate) size: Size,
    pub(crate) reply: SyncSender<Result<()>>,
}

/// What the queue counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
}

/// Memory that a waiting record takes beside its bytes.
const RECORD_OVERHEAD_BYTES: usize = 64;

impl Size {
    /// One record of so many bytes.
    pub(crate) fn record(bytes: usize) -> Self {
        Self { records: 1, bytes: bytes + RECORD_OVERHEAD_BYTES }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

pub(crate) struct Queue {
    limit: Size,
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    commands: Vec<Command>,
    in_flight: Size,
    /// Why nothing new is taken.
    refusal: Option<Error>,
    /// The writer has gone.
    stopped: bool,
}

impl Queue {
    pub(crate) fn new(limit: Size) -> Self {
        Self { limit, state: Mutex::default(), arrived: Condvar::new() }
    }

    /// Adds an append, or answers it with the reason why not.
    pub(crate) fn append(&self, append: Append) {
        let mut state = lock(&self.state);
        if let Err(error) = state.admit(append.size, self.limit) {
            drop(state);
            append.answer.give(Err(error));
            return;
        }
        state.commands.push(Command::Append(append));
        drop(state);
        self.arrived.notify_one();
    }

    /// Counts records that are still to be sent, those of a transaction.
    pub(crate) fn admit(&self, size: Size) -> Result<()> {
        lock(&self.state).admit(size, self.limit)
    }

    /// The counterpart, once they are acknowledged or given up.
    pub(crate) fn release(&self, size: Size) {
        let in_flight = &mut lock(&self.state).in_flight;
        in_flight.records -= size.records;
        in_flight.bytes -= size.bytes;
    }

    /// Adds what ends something that has begun: taken until the writer has gone.
    pub(crate) fn send(&self, command: Command) -> Result<()> {
        let mut state = lock(&self.state);
        if state.stopped {
            return Err(state.refusal.clone().unwrap_or(Error::Closed));
        }
        state.commands.push(command);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// From now on every write is refused with `error`; a failure outranks a close.
    pub(crate) fn refuse(&self, error: Error) {
        let mut state = lock(&self.state);
        if !matches!(state.refusal, Some(Error::Broken(_))) {
            state.refusal = Some(error);
        }
        drop(state);
        self.arrived.notify_one();
    }

    /// Why nothing new is taken.
    pub(crate) fn refusal(&self) -> Option<Error> {
        lock(&self.state).refusal.clone()
    }

    /// Moves what has arrived into `commands`, which is empty; waits for it up to `timeout`. Returns the refusal.
    pub(crate) fn take(&self, commands: &mut Vec<Command>, timeout: Duration) -> Option<Error> {
        let state = lock(&self.state);
        let idle = |state: &mut State| state.commands.is_empty() && state.refusal.is_none();
        let waited = self.arrived.wait_timeout_while(state, timeout, idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        std::mem::swap(&mut state.commands, commands);
        state.refusal.clone()
    }

    /// The writer goes; what has arrived since is given back.
    pub(crate) fn stop(&self) -> Vec<Command> {
        let mut state = lock(&self.state);
        state.stopped = true;
        std::mem::take(&mut state.commands)
    }
}

impl State {
    fn admit(&mut self, size: Size, limit: Size) -> Result<()> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        let mut sum = self.in_flight;
        sum.add(size);
        let full = sum.records > limit.records || sum.bytes > limit.bytes;
        // A single record that is larger than the limit must pass all the same.
        if full && self.in_flight != Size::default() {
            return Err(Error::QueueFull);
        }
        self.in_flight = sum;
        Ok(())
    }
}
