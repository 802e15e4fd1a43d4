//! An open watch: a snapshot, what the log tells since, then what the worker publishes.
use std::sync::Arc;

use lentic_engine::TaskView;
use lentic_store::ReadStore;
use lentic_types::{Offset, PartitionId, RecordBatch, Timestamp};

use super::catch_up::CatchUp;
use super::snapshot::Snapshot;
use super::{EventId, Filter, Subscription, WatchEvent, WatchStart};
use crate::ReadError;
use crate::table::admission::Waiting;
use crate::table::{Partition, RawTable, Scope, Target};

/// An open watch. One reader owns it; dropping it ends it, and may block where it reads the log.
pub struct Watch {
    pub(super) table: RawTable,
    /// What it is of.
    pub(super) partitions: Arc<Vec<Arc<Partition>>>,
    pub(super) filter: Filter,
    pub(super) phase: Phase,
    pub(super) subscription: Arc<Subscription>,
    /// By partition of the topic, the next offset that has not been returned.
    pub(super) positions: Vec<Offset>,
    /// By partition of the topic: rows below went from the log, and that was told.
    pub(super) starts: Vec<Offset>,
    /// Of the topic's creation that the positions belong to.
    pub(super) topic_tag: u16,
    /// When the positions were last known to be the log's ends, or later ones.
    pub(super) at: Timestamp,
    /// What was popped from the queue and is not returned yet: the batch, and the index to go on at.
    pub(super) rest: Option<(PartitionId, Arc<RecordBatch>, usize)>,
    waiting: Option<Waiting>,
}

pub(super) enum Phase {
    Reset(String),
    Snapshot(Snapshot),
    /// Subscribed, and standing somewhere in the log.
    Joining,
    Log(CatchUp),
    Live,
}

impl RawTable {
    /// Opens a watch of the partitions of `scope`, to which the caller has been admitted before. Its ids tell nothing of the
    /// others: [`MergedId`](super::MergedId) puts those of several watches together.
    pub fn watch(&self, filter: Filter, scope: &Scope, start: WatchStart) -> Result<Watch, ReadError> {
        if self.is_closed() {
            return Err(ReadError::Closed);
        }
        let nowhere = vec![Offset(0); self.partitions() as usize];
        let mut watch = Watch {
            table: self.clone(),
            partitions: self.in_scope(scope)?,
            filter,
            phase: Phase::Live,
            subscription: Arc::new(Subscription::new(self.inner.around.limits.watch_buffer_bytes)),
            positions: nowhere.clone(),
            starts: nowhere,
            topic_tag: self.topic_id().tag(),
            at: Timestamp(0),
            rest: None,
            waiting: None,
        };
        match start {
            WatchStart::Snapshot => watch.begin_snapshot()?,
            WatchStart::Now => watch.begin_now()?,
            WatchStart::After(id) => watch.resume(id)?,
        }
        Ok(watch)
    }
}

impl Watch {
    /// Appends what there is, at most about `max` events, to `events`. Returns whether there is more right now. May
    /// read the disk or the log: call it where blocking is fine. `Err(TooMany("watch_buffer_bytes"))`: the reader
    /// was too slow and is cut off.
    pub fn poll(&mut self, max: usize, events: &mut Vec<WatchEvent>) -> Result<bool, ReadError> {
        if self.subscription.ended() || self.table.is_closed() {
            return Err(ReadError::Closed);
        }
        if matches!(self.phase, Phase::Reset(_)) && self.building().is_some() {
            // The new snapshot is to be of rows that stay.
            return Ok(false);
        }
        match &mut self.phase {
            Phase::Reset(why) => {
                let why = std::mem::take(why);
                self.begin_snapshot()?;
                events.push(WatchEvent::Reset(why));
                Ok(true)
            }
            Phase::Snapshot(_) => self.poll_snapshot(max, events),
            Phase::Joining => self.join(None, events),
            Phase::Log(_) => self.poll_log(max, events),
            Phase::Live => self.poll_live(max, events),
        }
    }

    /// Calls `wake` once as soon as [`Watch::poll`] has something (at once if it has) or the watch has ended.
    pub fn when_ready(&mut self, wake: Box<dyn FnOnce() + Send>) {
        match (&self.phase, self.building()) {
            (Phase::Live, _) if self.rest.is_none() => self.subscription.when_ready(wake),
            (Phase::Log(catch_up), _) => catch_up.place.when_served(wake),
            (Phase::Reset(_), Some(partition)) => {
                self.waiting = Some(self.table.when(partition, Target::CaughtUp, wake));
            }
            _ => wake(),
        }
    }

    /// The id after the last event returned; it covers all partitions. Meaningful once the snapshot is complete.
    pub fn id(&mut self) -> EventId {
        if matches!(self.phase, Phase::Live) && self.rest.is_none() {
            // In this order: what is published after the look at the views may be beyond the positions.
            let views = self.views();
            if self.subscription.is_empty() {
                self.at = self.at.max(proven_at(&views));
                for (partition, view) in self.partitions.iter().zip(&views) {
                    let start = &mut self.starts[partition.id.0 as usize];
                    *start = view.purged.max(*start);
                }
            }
        }
        let (positions, starts) = (self.positions.clone(), self.starts.clone());
        EventId { tag: self.topic_tag, at: self.at, positions, starts }
    }

    /// Whether the snapshot is still being read: ids mean nothing yet.
    pub fn in_snapshot(&self) -> bool {
        matches!(self.phase, Phase::Reset(_) | Phase::Snapshot(_))
    }

    /// The views of the partitions that are kept; what was published with them is queued.
    fn views(&self) -> Vec<TaskView> {
        self.partitions.iter().map(|partition| partition.settled_view()).collect()
    }

    /// When all partitions were last proven current.
    pub(super) fn proven_at(&self) -> Timestamp {
        proven_at(&self.views())
    }

    /// A partition whose rows are about to be replaced by others.
    fn building(&self) -> Option<PartitionId> {
        let mut partitions = self.partitions.iter();
        partitions.find(|partition| partition.view().state.is_building()).map(|partition| partition.id)
    }

    /// Begins a new subscription, and returns what each partition that is kept was then. `Err`: one has left since the caller
    /// was admitted, or is another one that came in its place: its position says nothing yet, and what lies before the one that
    /// it turns out to have would not be told.
    pub(super) fn subscribe(&mut self) -> Result<Vec<(Arc<dyn ReadStore>, TaskView)>, ReadError> {
        self.unsubscribe();
        let mut views = Vec::with_capacity(self.partitions.len());
        for partition in self.partitions.iter() {
            let (snapshot, view) =
                partition.subscribe(&self.subscription).ok_or(ReadError::NotKept(partition.id))?;
            if !view.state.is_built() {
                return Err(self.table.not_live(partition, &view)?.error);
            }
            views.push((snapshot, view));
        }
        Ok(views)
    }

    /// Ends the subscription; the new one has missed nothing.
    fn unsubscribe(&mut self) {
        self.rest = None;
        self.leave();
        self.subscription = Arc::new(Subscription::new(self.table.inner.around.limits.watch_buffer_bytes));
    }

    fn leave(&self) {
        for partition in self.partitions.iter() {
            partition.unsubscribe(&self.subscription);
        }
    }

    /// Begins anew.
    pub(super) fn reset(&mut self, why: String) {
        self.unsubscribe();
        self.phase = Phase::Reset(why);
    }

    fn begin_now(&mut self) -> Result<(), ReadError> {
        self.at = self.proven_at();
        let views = self.subscribe()?;
        for (partition, (_, view)) in self.partitions.iter().zip(views) {
            let i = partition.id.0 as usize;
            self.positions[i] = partition.join(&self.subscription);
            self.starts[i] = view.log_start;
        }
        Ok(())
    }
}

fn proven_at(views: &[TaskView]) -> Timestamp {
    let proofs = views.iter().map(|view| view.progress.current_at.unwrap_or(Timestamp(0)));
    proofs.min().unwrap_or(Timestamp(0))
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.leave();
    }
}
