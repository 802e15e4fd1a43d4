//! The bounded queue between the worker and one watch.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lentic_engine::{Leap, Purged};
use lentic_types::{PartitionId, RecordBatch};

/// Something that was published.
pub(crate) enum Published {
    /// Records, some of which the watch may have told of already.
    Records(PartitionId, Arc<RecordBatch>),
    /// Rows that the log no longer holds.
    Purged(PartitionId, Vec<Purged>),
    /// The changes can't be told one by one.
    Leap(Leap),
}

impl Published {
    /// What it takes in the queue, about.
    fn bytes(&self) -> usize {
        match self {
            Self::Records(_, batch) => batch.bytes() + batch.len() * 32,
            Self::Purged(_, rows) => rows.iter().map(|row| row.key.len() + 64).sum(),
            Self::Leap(_) => 0,
        }
    }
}

/// What is on its way to one watch; holds no more than its limit (or one batch).
pub(crate) struct Subscription {
    limit_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Published>,
    bytes: usize,
    /// Records passed the limit: they and those after them were left out. The log has them.
    behind: bool,
    /// What the log doesn't tell passed the limit: it is lost.
    overflowed: bool,
    ended: bool,
    wake: Option<Box<dyn FnOnce() + Send>>,
}

impl State {
    /// Queues what fits.
    fn take(&mut self, published: Published, limit_bytes: usize) -> bool {
        let bytes = published.bytes();
        if self.bytes + bytes > limit_bytes && !self.queue.is_empty() {
            return false;
        }
        self.bytes += bytes;
        self.queue.push_back(published);
        true
    }

    fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.behind && !self.overflowed
    }
}

impl Subscription {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, state: Mutex::default() }
    }

    /// Queues what was published. False: the watch no longer takes anything.
    pub(crate) fn push(
        &self,
        partition: PartitionId,
        records: Option<&Arc<RecordBatch>>,
        purged: &[Purged],
        leap: Option<Leap>,
    ) -> bool {
        let mut state = self.lock();
        if state.overflowed || state.ended {
            return false;
        }
        if let Some(batch) = records.filter(|_| !state.behind) {
            let records = Published::Records(partition, Arc::clone(batch));
            state.behind = !state.take(records, self.limit_bytes);
        }
        if !purged.is_empty() {
            let purged = Published::Purged(partition, purged.to_vec());
            state.overflowed = !state.take(purged, self.limit_bytes);
        }
        if let Some(leap) = leap {
            state.queue.push_back(Published::Leap(leap));
        }
        let keep = !state.overflowed;
        let wake = if state.is_idle() { None } else { state.wake.take() };
        drop(state);
        if let Some(wake) = wake {
            wake();
        }
        keep
    }

    /// The oldest that is queued.
    pub(crate) fn pop(&self) -> Option<Published> {
        let mut state = self.lock();
        let popped = state.queue.pop_front();
        state.bytes -= popped.as_ref().map_or(0, Published::bytes);
        popped
    }

    /// Throws queued records away: the watch finds them in the log. Those that come from now on are queued.
    pub(crate) fn forget_records(&self) {
        let mut state = self.lock();
        state.queue.retain(|published| !matches!(published, Published::Records(..)));
        state.bytes = state.queue.iter().map(Published::bytes).sum();
        state.behind = false;
    }

    /// Takes out what is no record. It may be told before records that were queued earlier: those are none of rows that
    /// were purged after them.
    pub(crate) fn take_all_but_records(&self) -> Vec<Published> {
        let mut state = self.lock();
        let (records, others) =
            state.queue.drain(..).partition(|published| matches!(published, Published::Records(..)));
        state.queue = records;
        state.bytes = state.queue.iter().map(Published::bytes).sum();
        others.into()
    }

    /// Whether the watch has taken all that was published.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_idle()
    }

    /// Whether records were left out since they would have passed the limit. What is queued is still in order.
    pub(crate) fn is_behind(&self) -> bool {
        self.lock().behind
    }

    /// Whether something is lost for good because the watch was too slow.
    pub(crate) fn overflowed(&self) -> bool {
        self.lock().overflowed
    }

    pub(crate) fn ended(&self) -> bool {
        self.lock().ended
    }

    /// Calls `wake` once there is something, at once if there is.
    pub(crate) fn when_ready(&self, wake: Box<dyn FnOnce() + Send>) {
        let mut state = self.lock();
        if state.is_idle() && !state.ended {
            state.wake = Some(wake);
        } else {
            drop(state);
            wake();
        }
    }

    /// No more will come.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let wake = state.wake.take();
        drop(state);
        if let Some(wake) = wake {
            wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
