//! One partition of a table as readers share it: the store, the published view, who waits and who watches.
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use lentic_engine::{Leap, Purged, TaskState, TaskView};
use lentic_store::layout::{RowPrefix, StoreId};
use lentic_store::{ReadStore, Store};
use lentic_types::{Offset, PartitionId, RecordBatch};

use super::admission::Target;
use super::turn::Turn;
use super::watch::Subscription;

type Wake = Box<dyn FnOnce() + Send>;

pub(crate) struct Partition {
    pub(crate) id: PartitionId,
    pub(crate) store: Arc<dyn Store>,
    store_id: StoreId,
    view: ArcSwap<TaskView>,
    waiters: Mutex<Option<Vec<(Target, Wake)>>>,
    watchers: Mutex<Vec<Arc<Subscription>>>,
    /// Of a load under way: where it is and where it goes.
    loading: (AtomicU64, AtomicU64),
    /// Why the task failed or is being rebuilt.
    reason: Mutex<Option<String>>,
    /// One conditional write at a time.
    pub(crate) conditional: Arc<Turn>,
    dirty_watchers: AtomicBool,
}

impl Partition {
    pub(crate) fn new(
        id: PartitionId,
        store: Arc<dyn Store>,
        store_id: StoreId,
        conditional: Arc<Turn>,
    ) -> Self {
        // Until the worker has looked, no partitioner is ruled out.
        let view = TaskView { partitioners: u8::MAX, ..TaskView::default() };
        Self {
            id,
            store,
            store_id,
            view: ArcSwap::from_pointee(view),
            waiters: Mutex::new(Some(Vec::new())),
            watchers: Mutex::default(),
            loading: (AtomicU64::new(0), AtomicU64::new(0)),
            reason: Mutex::default(),
            conditional,
            dirty_watchers: AtomicBool::new(false),
        }
    }

    pub(crate) fn view(&self) -> TaskView {
        **self.view.load()
    }

    /// A snapshot and the view that it is at least as new as, of one incarnation.
    pub(crate) fn snapshot(&self) -> (Arc<dyn ReadStore>, TaskView) {
        loop {
            let view = self.view();
            let snapshot = self.store.snapshot();
            if self.view().incarnation == view.incarnation {
                return (snapshot, view);
            }
        }
    }

    pub(crate) fn prefix(&self, view: &TaskView) -> RowPrefix {
        RowPrefix::new(self.store_id, self.id, view.incarnation)
    }

    /// The worker's new view; wakes who waited for it and feeds who watches.
    pub(crate) fn publish(
        &self,
        view: TaskView,
        applied: Option<(Arc<RecordBatch>, Offset)>,
        purged: Vec<Purged>,
        leap: Option<Leap>,
    ) {
        self.view.store(Arc::new(view));
        let mut ready = Vec::new();
        if let Some(waiters) = lock(&self.waiters).as_mut() {
            let mut i = 0;
            while i < waiters.len() {
                if reached(&view, waiters[i].0) {
                    ready.push(waiters.swap_remove(i).1);
                } else {
                    i += 1;
                }
            }
        }
        for wake in ready {
            wake();
        }
        let nothing = applied.is_none() && purged.is_empty() && leap.is_none();
        if nothing || !self.dirty_watchers.load(Ordering::Acquire) {
            return;
        }
        let mut watchers = lock(&self.watchers);
        watchers.retain(|watcher| watcher.push(self.id, applied.as_ref(), &purged, leap));
        self.dirty_watchers.store(!watchers.is_empty(), Ordering::Release);
    }

    /// See [`super::RawTable::when`].
    pub(crate) fn when(&self, target: Target, wake: Wake) {
        let mut waiters = lock(&self.waiters);
        let Some(list) = waiters.as_mut() else { return };
        let is_reached = target != Target::Progress && reached(&self.view(), target);
        if is_reached {
            drop(waiters);
            wake();
        } else {
            list.push((target, wake));
        }
    }

    /// Adds a watcher; every batch published after this call reaches it. Returns the position from then on.
    pub(crate) fn subscribe(&self, subscription: &Arc<Subscription>) -> Offset {
        let mut watchers = lock(&self.watchers);
        watchers.push(Arc::clone(subscription));
        self.dirty_watchers.store(true, Ordering::SeqCst);
        self.view().progress.position
    }

    pub(crate) fn set_loading(&self, position: u64, until: u64) {
        self.loading.0.store(position, Ordering::Relaxed);
        self.loading.1.store(until, Ordering::Relaxed);
    }

    /// Share done of what stands between the state and plain reads, 0 to 1; `None` where nothing does.
    pub(crate) fn done(&self) -> Option<f64> {
        let view = self.view();
        let (at, until) = match view.state {
            TaskState::Live | TaskState::Failed => return None,
            TaskState::Starting => (0, 1),
            _ => (
                self.loading.0.load(Ordering::Relaxed).max(if view.state == TaskState::CatchingUp {
                    view.progress.position.0
                } else {
                    0
                }),
                self.loading.1.load(Ordering::Relaxed).max(view.target.0),
            ),
        };
        Some(if until == 0 {
            0.0
        } else {
            (at.saturating_sub(view.log_start.0) as f64 / until as f64).min(1.0)
        })
    }

    pub(crate) fn set_reason(&self, reason: Option<String>) {
        *lock(&self.reason) = reason;
    }

    pub(crate) fn reason(&self) -> Option<String> {
        lock(&self.reason).clone()
    }

    /// Drops waiters (which tells them) and ends watches.
    pub(crate) fn close(&self) {
        drop(lock(&self.waiters).take());
        for watcher in lock(&self.watchers).drain(..) {
            watcher.end();
        }
    }
}

fn reached(view: &TaskView, target: Target) -> bool {
    match target {
        Target::Position(offset) => view.progress.position >= offset && !is_building(view.state),
        Target::CaughtUp => matches!(view.state, TaskState::Live | TaskState::Failed),
        Target::Progress => true,
    }
}

/// Whether the position is none of the log as it is now: of no rows yet, or of rows that are being replaced, which may
/// come from a log that was another one.
pub(super) fn is_building(state: TaskState) -> bool {
    matches!(state, TaskState::Starting | TaskState::Restoring | TaskState::Rebuilding)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
