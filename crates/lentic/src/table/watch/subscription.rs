//! The bounded queue between the worker and one watch.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lentic_engine::{Leap, Purged};
use lentic_types::{Offset, PartitionId, RecordBatch};

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

/// Batches on their way to one watch; holds no more than its limit (or one batch).
pub(crate) struct Subscription {
    limit_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Published>,
    bytes: usize,
    /// The limit was passed: what came after is lost.
    overflowed: bool,
    ended: bool,
    wake: Option<Box<dyn FnOnce() + Send>>,
}

impl Subscription {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, state: Mutex::default() }
    }

    /// Queues a batch. False: the watch no longer takes any.
    pub(crate) fn push(
        &self,
        partition: PartitionId,
        applied: Option<&(Arc<RecordBatch>, Offset)>,
        purged: &[Purged],
        leap: Option<Leap>,
    ) -> bool {
        let mut state = self.lock();
        if state.overflowed || state.ended {
            return false;
        }
        let records = applied.map(|(batch, _)| Published::Records(partition, Arc::clone(batch)));
        let purged = (!purged.is_empty()).then(|| Published::Purged(partition, purged.to_vec()));
        let published: Vec<_> = records.into_iter().chain(purged).chain(leap.map(Published::Leap)).collect();
        let bytes: usize = published.iter().map(Published::bytes).sum();
        if state.bytes + bytes > self.limit_bytes && !state.queue.is_empty() {
            state.overflowed = true;
        } else {
            state.bytes += bytes;
            state.queue.extend(published);
        }
        let (keep, wake) = (!state.overflowed, state.wake.take());
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

    /// Whether the watch has taken all that was published.
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.queue.is_empty() && !state.overflowed
    }

    /// Whether something was lost because the watch was too slow. What is queued is still in order.
    pub(crate) fn overflowed(&self) -> bool {
        self.lock().overflowed
    }

    pub(crate) fn ended(&self) -> bool {
        self.lock().ended
    }

    /// Calls `wake` once there is something, at once if there is.
    pub(crate) fn when_ready(&self, wake: Box<dyn FnOnce() + Send>) {
        let mut state = self.lock();
        if state.queue.is_empty() && !state.overflowed && !state.ended {
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
