//! One partition of a table as readers share it: the store, the published view, who waits and who watches.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use lentic_engine::load::ALL_PARTITIONERS;
use lentic_engine::{Leap, Purged, TaskState, TaskView};
use lentic_store::layout::{RowPrefix, StoreId};
use lentic_store::{ReadStore, Store};
use lentic_types::{Offset, PartitionId, RecordBatch};

use super::admission::Target;
use super::turn::Turn;
use super::watch::Subscription;
use crate::ReadError;

type Wake = Box<dyn FnOnce() + Send>;

pub(crate) struct Partition {
    pub(crate) id: PartitionId,
    pub(crate) store: Arc<dyn Store>,
    store_id: StoreId,
    view: ArcSwap<TaskView>,
    /// `None`: closed.
    waiters: Mutex<Option<Waiters>>,
    /// Held while something is published: who joins or looks sees all of it or nothing. `None`: closed, nothing more comes.
    watchers: Mutex<Option<Vec<Watcher>>>,
    /// Of a load under way: where it is and where it goes.
    loading: (AtomicU64, AtomicU64),
    /// Why the task failed or is being rebuilt.
    reason: Mutex<Option<String>>,
    /// One conditional write at a time.
    pub(crate) conditional: Arc<Turn>,
}

#[derive(Default)]
struct Waiters {
    /// The number of the next one.
    next: u64,
    list: Vec<(u64, Target, Wake)>,
}

struct Watcher {
    subscription: Arc<Subscription>,
    /// Whether it is told of records; else only of what the log won't tell.
    joined: bool,
}

impl Partition {
    pub(crate) fn new(
        id: PartitionId,
        store: Arc<dyn Store>,
        store_id: StoreId,
        conditional: Arc<Turn>,
    ) -> Self {
        // Until the worker has looked, no partitioner is ruled out.
        let view = TaskView { partitioners: ALL_PARTITIONERS, ..TaskView::default() };
        Self {
            id,
            store,
            store_id,
            view: ArcSwap::from_pointee(view),
            waiters: Mutex::new(Some(Waiters::default())),
            watchers: Mutex::new(Some(Vec::new())),
            loading: (AtomicU64::new(0), AtomicU64::new(0)),
            reason: Mutex::default(),
            conditional,
        }
    }

    pub(crate) fn view(&self) -> TaskView {
        **self.view.load()
    }

    /// The view, for a read that was admitted. Fails where the partition has left since and is coming back: which of its rows count
    /// is not known yet.
    pub(super) fn built_view(&self) -> Result<TaskView, ReadError> {
        let view = self.view();
        if view.state.is_built() { Ok(view) } else { Err(ReadError::NotKept(self.id)) }
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

    /// Whether everything below `end` is in the rows.
    pub(crate) fn has_reached(&self, end: Offset) -> bool {
        self.view().has_reached(end)
    }

    pub(crate) fn prefix(&self, view: &TaskView) -> RowPrefix {
        RowPrefix::new(self.store_id, self.id, view.incarnation)
    }

    /// The worker's new view, for readers and for who watches. Returns the one before; [`Partition::wake`] follows.
    pub(super) fn show(
        &self,
        view: TaskView,
        applied: Option<(Arc<RecordBatch>, Offset)>,
        purged: &[Purged],
        leap: Option<Leap>,
    ) -> TaskView {
        let mut watchers = lock(&self.watchers);
        // In this order: what is told can be read.
        let before = self.view.swap(Arc::new(view));
        if let Some(watchers) = watchers.as_mut()
            && (applied.is_some() || !purged.is_empty() || leap.is_some())
        {
            let records = applied.map(|(batch, _)| batch);
            watchers.retain(|watcher| {
                let records = records.as_ref().filter(|_| watcher.joined);
                watcher.subscription.push(self.id, records, purged, leap)
            });
        }
        *before
    }

    /// Wakes who waited for what the view shows.
    pub(super) fn wake(&self) {
        let view = self.view();
        let mut ready = Vec::new();
        if let Some(Waiters { list, .. }) = lock(&self.waiters).as_mut() {
            let mut i = 0;
            while i < list.len() {
                if reached(&view, list[i].1) {
                    ready.push(list.swap_remove(i).2);
                } else {
                    i += 1;
                }
            }
        }
        for wake in ready {
            wake();
        }
    }

    /// See [`super::RawTable::when`]. The number is for [`Partition::leave`]; `None`: nobody waits.
    pub(super) fn when(&self, target: Target, wake: Wake) -> Option<u64> {
        let mut waiters = lock(&self.waiters);
        let waiting = waiters.as_mut()?;
        let is_reached = target != Target::Progress && reached(&self.view(), target);
        if is_reached {
            drop(waiters);
            wake();
            return None;
        }
        let number = waiting.next;
        waiting.next += 1;
        waiting.list.push((number, target, wake));
        Some(number)
    }

    /// Somebody waits no longer.
    pub(super) fn leave(&self, number: u64) {
        if let Some(Waiters { list, .. }) = lock(&self.waiters).as_mut()
            && let Some(place) = list.iter().position(|waiting| waiting.0 == number)
        {
            drop(list.swap_remove(place));
        }
    }

    /// Adds a watcher: of what the log won't tell again (purged rows, leaps) everything reaches it that is published after
    /// this moment, which the snapshot and the view are of. `None`: the partition has left, and nobody would tell it anything.
    pub(super) fn subscribe(
        &self,
        subscription: &Arc<Subscription>,
    ) -> Option<(Arc<dyn ReadStore>, TaskView)> {
        let mut watchers = lock(&self.watchers);
        watchers.as_mut()?.push(Watcher { subscription: Arc::clone(subscription), joined: false });
        Some(self.snapshot())
    }

    /// Takes a watcher away.
    pub(super) fn unsubscribe(&self, subscription: &Arc<Subscription>) {
        if let Some(watchers) = lock(&self.watchers).as_mut() {
            watchers.retain(|watcher| !Arc::ptr_eq(&watcher.subscription, subscription));
        }
    }

    /// From now on the watcher is told of records, too. Returns the position from which on.
    pub(super) fn join(&self, subscription: &Arc<Subscription>) -> Offset {
        let mut watchers = lock(&self.watchers);
        let same = |watcher: &&mut Watcher| Arc::ptr_eq(&watcher.subscription, subscription);
        if let Some(watcher) = watchers.iter_mut().flatten().find(same) {
            watcher.joined = true;
        }
        self.view().progress.position
    }

    /// The view, once all that was published with it has reached who watches.
    pub(super) fn settled_view(&self) -> TaskView {
        let _nothing_is_being_published = lock(&self.watchers);
        self.view()
    }

    /// Whether anybody wants to be told of changes.
    pub(crate) fn is_watched(&self) -> bool {
        lock(&self.watchers).as_ref().is_some_and(|watchers| !watchers.is_empty())
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

    /// Drops waiters (which tells them) and ends watches, for good.
    pub(crate) fn close(&self) {
        drop(lock(&self.waiters).take());
        for watcher in lock(&self.watchers).take().into_iter().flatten() {
            watcher.subscription.end();
        }
    }
}

fn reached(view: &TaskView, target: Target) -> bool {
    match target {
        Target::Position(offset) => view.has_reached(offset),
        Target::Built => view.state.is_built(),
        Target::CaughtUp => matches!(view.state, TaskState::Live | TaskState::Failed),
        Target::Progress => true,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::table::testing::Bench;
    use crate::table::{Filter, Scope, WatchStart};

    /// Who has given up waiting, or watching, is not remembered.
    #[test]
    fn who_left_is_forgotten() {
        let bench = Bench::new(1);
        let partition = bench.partition(0);
        let waiting = |partition: &Partition| lock(&partition.waiters).as_ref().map(|all| all.list.len());
        let never = Target::Position(Offset(9));
        assert!(!bench.table.wait_for(PartitionId(0), never, Instant::now() + Duration::from_millis(5)));
        assert_eq!(waiting(&partition), Some(0));
        let (one, other) = (
            bench.table.when(PartitionId(0), never, Box::new(|| {})),
            bench.table.when(PartitionId(0), never, Box::new(|| {})),
        );
        assert_eq!(waiting(&partition), Some(2));
        drop(one);
        assert_eq!(waiting(&partition), Some(1));
        bench.publish(0, |view| view.progress.position = Offset(9));
        assert_eq!(waiting(&partition), Some(0));
        drop(other);
        let watch = bench.table.watch(Filter::All, &Scope::All, WatchStart::Now).expect("a watch");
        let watching = || lock(&partition.watchers).as_ref().map(Vec::len);
        assert_eq!(watching(), Some(1));
        drop(watch);
        assert_eq!(watching(), Some(0));
    }
}
