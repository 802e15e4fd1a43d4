//! An open watch: a snapshot, what the log tells since, then what the worker publishes.
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lentic_engine::log::{Polled, ReadFrom, Reader, ReaderOptions};
use lentic_engine::{Leap, Purged};
use lentic_format::unorder_key;
use lentic_store::Order;
use lentic_store::layout::{PositionRecord, position_key};
use lentic_types::{Offset, PartitionId, RecordBatch, RecordView, Timestamp, TopicPartition};

use super::subscription::Published;
use super::{EventId, Filter, Subscription, WatchEvent, WatchStart};
use crate::ReadError;
use crate::table::merge::{Source, merge};
use crate::table::partition::is_building;
use crate::table::read::{KeyBounds, Scan};
use crate::table::{Partition, RawTable, Target};

/// Rows read from the snapshot in one step.
const SNAPSHOT_STEP: usize = 1_000;

/// How long a resumed watch may take to read one stretch of the log before it reports back.
const LOG_STEP: Duration = Duration::from_millis(200);

/// An open watch. One reader owns it; dropping it ends it.
pub struct Watch {
    table: RawTable,
    filter: Filter,
    phase: Phase,
    subscription: Arc<Subscription>,
    /// The next offset of each partition that has not been returned.
    positions: Vec<Offset>,
    /// Of the topic's creation that the positions belong to.
    topic_tag: u16,
    /// When the positions were last known to be the log's ends, or later ones.
    at: Timestamp,
    /// What was popped from the queue and is not returned yet: the batch, and the index to go on at.
    rest: Option<(PartitionId, Arc<RecordBatch>, usize)>,
}

enum Phase {
    Reset(String),
    Snapshot(Snapshot),
    Log(CatchUp),
    Live,
}

struct Snapshot {
    sources: Vec<(Arc<dyn lentic_store::ReadStore>, lentic_engine::TaskView)>,
    partition: usize,
    after: Option<Vec<u8>>,
}

/// Reads the log from where the watch stands to where the subscription began.
struct CatchUp {
    reader: Box<dyn Reader>,
    /// Per partition, the offset at which the subscription takes over; `None`: nothing to read.
    until: Vec<Option<Offset>>,
}

impl RawTable {
    /// Opens a watch. The caller has been admitted before.
    pub fn watch(&self, filter: Filter, start: WatchStart) -> Result<Watch, ReadError> {
        if self.is_closed() {
            return Err(ReadError::Closed);
        }
        let mut watch = Watch {
            table: self.clone(),
            filter,
            phase: Phase::Live,
            subscription: Arc::new(Subscription::new(self.inner.around.limits.watch_buffer_bytes)),
            positions: Vec::new(),
            topic_tag: self.topic_id().tag(),
            at: Timestamp(0),
            rest: None,
        };
        match start {
            WatchStart::Snapshot => watch.begin_snapshot()?,
            WatchStart::Now => watch.positions = watch.subscribe(),
            WatchStart::After(id) => watch.resume(id)?,
        }
        Ok(watch)
    }

    fn partition_list(&self) -> &[Partition] {
        &self.inner.partitions
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
                events.push(WatchEvent::Reset(std::mem::take(why)));
                self.begin_snapshot()?;
                Ok(true)
            }
            Phase::Snapshot(_) => self.poll_snapshot(max.min(SNAPSHOT_STEP), events),
            Phase::Log(_) => self.poll_log(max, events),
            Phase::Live => self.poll_live(max, events),
        }
    }

    /// Calls `wake` once as soon as [`Watch::poll`] has something (at once if it has) or the watch has ended.
    pub fn when_ready(&mut self, wake: Box<dyn FnOnce() + Send>) {
        match (&self.phase, self.building()) {
            (Phase::Live, _) if self.rest.is_none() => self.subscription.when_ready(wake),
            (Phase::Reset(_), Some(partition)) => self.table.when(partition, Target::CaughtUp, wake),
            _ => wake(),
        }
    }

    /// The id after the last event returned; it covers all partitions. Meaningful once the snapshot is complete.
    pub fn id(&mut self) -> EventId {
        // In this order: what is published after the look at the proofs may be beyond the positions.
        let proven_at = self.proven_at();
        if matches!(self.phase, Phase::Live) && self.rest.is_none() && self.subscription.is_empty() {
            self.at = self.at.max(proven_at);
        }
        EventId { tag: self.topic_tag, at: self.at, positions: self.positions.clone() }
    }

    /// When all partitions were last proven current.
    fn proven_at(&self) -> Timestamp {
        let views = self.table.partition_list().iter().map(Partition::view);
        views.map(|view| view.progress.current_at.unwrap_or(Timestamp(0))).min().unwrap_or(Timestamp(0))
    }

    /// A partition whose rows are about to be replaced by others.
    fn building(&self) -> Option<PartitionId> {
        let mut partitions = self.table.partition_list().iter();
        partitions.find(|partition| is_building(partition.view().state)).map(|partition| partition.id)
    }

    /// Whether the snapshot is still being read: ids mean nothing yet.
    pub fn in_snapshot(&self) -> bool {
        matches!(self.phase, Phase::Reset(_) | Phase::Snapshot(_))
    }

    /// Joins the worker's publications; returns the positions from which on it sees them.
    fn subscribe(&self) -> Vec<Offset> {
        self.table.partition_list().iter().map(|partition| partition.subscribe(&self.subscription)).collect()
    }

    /// Begins anew, with a subscription that has missed nothing.
    fn reset(&mut self, why: String) {
        self.phase = Phase::Reset(why);
        self.rest = None;
        self.subscription.end();
        self.subscription = Arc::new(Subscription::new(self.table.inner.around.limits.watch_buffer_bytes));
    }

    fn begin_snapshot(&mut self) -> Result<(), ReadError> {
        self.at = self.proven_at();
        let mut sources = Vec::new();
        let mut positions = Vec::new();
        let mut tags = Vec::new();
        for partition in self.table.partition_list() {
            let (snapshot, view) = partition.snapshot();
            let key = position_key(self.table.inner.store_id, partition.id);
            let stored = snapshot.get(&key)?.map(|bytes| PositionRecord::from_bytes(&bytes)).transpose()?;
            let offset = stored.map_or(Offset(0), |stored| stored.position.offset);
            tags.extend(stored.map(|stored| stored.position.topic.tag()));
            positions.push(view.progress.position.max(offset));
            sources.push((snapshot, view));
        }
        self.positions = positions;
        // An id of rows of two creations belongs to none.
        let first = tags.first().copied().unwrap_or_else(|| self.table.topic_id().tag());
        self.topic_tag = if tags.iter().all(|&tag| tag == first) { first } else { !first };
        self.phase = Phase::Snapshot(Snapshot { sources, partition: 0, after: None });
        Ok(())
    }

    /// The rows, partition by partition in key order; the snapshots are of nearly one moment, and what changed since
    /// comes after `SnapshotEnd`.
    fn poll_snapshot(&mut self, max: usize, events: &mut Vec<WatchEvent>) -> Result<bool, ReadError> {
        let Phase::Snapshot(snapshot) = &mut self.phase else { return Ok(true) };
        let Some(partition) = self.table.partition_list().get(snapshot.partition) else {
            return self.after_snapshot(events);
        };
        let after = snapshot.after.take();
        let bounds = match &self.filter {
            Filter::All => KeyBounds { after, ..KeyBounds::default() },
            Filter::Prefix(prefix) => {
                KeyBounds { prefix: Some(prefix.clone()), after, ..KeyBounds::default() }
            }
            Filter::Key(key) => KeyBounds { from: Some(key.clone()), after, ..KeyBounds::default() },
        };
        let (store, view) = &snapshot.sources[snapshot.partition];
        let source = Source { partition, snapshot: Arc::clone(store), view: *view };
        let scan = Scan { bounds, order: Order::Ascending };
        let format = self.table.inner.key;
        let (mut key, mut seen, mut last) = (Vec::new(), 0, None);
        let mut streams = [source.stream(format, &scan)?];
        merge(&mut streams, Order::Ascending, &mut |row| {
            key.clear();
            if unorder_key(format, row.key, &mut key).is_err() {
                return ControlFlow::Continue(());
            }
            if !self.filter.matches(&key) {
                return match self.filter {
                    Filter::Key(_) => ControlFlow::Break(()),
                    _ => ControlFlow::Continue(()),
                };
            }
            events.push(WatchEvent::Put {
                key: Bytes::copy_from_slice(&key),
                value: Bytes::copy_from_slice(row.value),
                timestamp: row.timestamp,
                partition: row.partition,
                offset: row.offset,
                snapshot: true,
            });
            seen += 1;
            if seen < max {
                return ControlFlow::Continue(());
            }
            last = Some(key.clone());
            ControlFlow::Break(())
        })?;
        match last {
            Some(key) if !matches!(self.filter, Filter::Key(_)) => snapshot.after = Some(key),
            _ => snapshot.partition += 1,
        }
        Ok(true)
    }

    /// Joins the live changes, by way of the log where it went on since.
    fn after_snapshot(&mut self, events: &mut Vec<WatchEvent>) -> Result<bool, ReadError> {
        let live_from = self.subscribe();
        if let Phase::Snapshot(snapshot) = &self.phase {
            let mut told = snapshot.sources.iter().zip(self.table.partition_list());
            if told.any(|((_, view), partition)| view.incarnation != partition.view().incarnation) {
                self.reset(Leap::Rebuilt.to_string());
                return Ok(true);
            }
        }
        events.push(WatchEvent::SnapshotEnd);
        self.catch_up(live_from)
    }

    fn resume(&mut self, id: EventId) -> Result<(), ReadError> {
        if id.positions.len() != self.table.partition_list().len() {
            return Err(ReadError::InvalidEventId);
        }
        if id.tag != self.topic_tag {
            self.phase = Phase::Reset("the topic was deleted and created again".to_owned());
            return Ok(());
        }
        let topic = self.table.inner.topic.load_full();
        let age_ms = self.table.inner.now().millis_since(id.at);
        if topic.settings.cleanup.compact && age_ms > topic.settings.delete_retention_ms.max(0) as u64 {
            let why = "the event id is older than delete.retention.ms: deletes may be missing from the log";
            self.phase = Phase::Reset(why.to_owned());
            return Ok(());
        }
        let partitions: Vec<_> = self.sources_of_log().collect();
        let bounds = self.table.inner.around.log.bounds(&partitions)?;
        for (position, bounds) in id.positions.iter().zip(bounds) {
            let bounds = bounds?;
            if *position < bounds.start {
                self.phase = Phase::Reset("the log no longer reaches back to the event id".to_owned());
                return Ok(());
            }
            if *position > bounds.end {
                self.phase = Phase::Reset("the log ends before the event id".to_owned());
                return Ok(());
            }
        }
        self.positions = id.positions;
        self.at = id.at;
        let live_from = self.subscribe();
        self.catch_up(live_from).map(drop)
    }

    fn sources_of_log(&self) -> impl Iterator<Item = TopicPartition> + '_ {
        let topic = self.table.inner.topic.load().name.clone();
        self.table
            .partition_list()
            .iter()
            .map(move |partition| TopicPartition::new(topic.clone(), partition.id))
    }

    /// From `positions` to `live_from` through the log, where they differ.
    fn catch_up(&mut self, live_from: Vec<Offset>) -> Result<bool, ReadError> {
        let until: Vec<_> = self
            .positions
            .iter()
            .zip(&live_from)
            .map(|(position, live)| (position < live).then_some(*live))
            .collect();
        if until.iter().all(Option::is_none) {
            self.phase = Phase::Live;
            return Ok(true);
        }
        let mut reader = self.table.inner.around.log.reader(ReaderOptions::default())?;
        for (i, source) in self.sources_of_log().enumerate() {
            if until[i].is_some() {
                reader.assign(&source, ReadFrom::Offset(self.positions[i]))?;
            }
        }
        self.phase = Phase::Log(CatchUp { reader, until });
        Ok(true)
    }

    fn poll_log(&mut self, max: usize, events: &mut Vec<WatchEvent>) -> Result<bool, ReadError> {
        let deadline = Instant::now() + LOG_STEP;
        let mut polled = Vec::new();
        while events.len() < max {
            let Phase::Log(catch_up) = &mut self.phase else { return Ok(true) };
            if catch_up.until.iter().all(Option::is_none) {
                self.phase = Phase::Live;
                return Ok(true);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(true);
            }
            polled.clear();
            catch_up.reader.poll(left, &mut polled)?;
            for found in polled.drain(..) {
                match found {
                    Polled::Records { partition, batch, .. } => {
                        let i = partition.partition.0 as usize;
                        let until = catch_up.until.get(i).copied().flatten();
                        let Some(until) = until else { continue };
                        for record in batch.iter().filter(|record| record.offset < until) {
                            change(&self.filter, partition.partition, record, events);
                            self.positions[i] = record.offset.next();
                        }
                        if batch.last_offset().is_some_and(|last| last.next() >= until) {
                            self.positions[i] = until;
                            catch_up.until[i] = None;
                            catch_up.reader.unassign(&partition)?;
                        }
                    }
                    // Everything that is still there was returned; what the worker read beyond comes live.
                    Polled::End { partition, offset } => {
                        let i = partition.partition.0 as usize;
                        if let Some(until) =
                            catch_up.until.get(i).copied().flatten().filter(|&until| offset >= until)
                        {
                            self.positions[i] = until;
                            catch_up.until[i] = None;
                        }
                    }
                    Polled::OutOfRange { .. } => {
                        self.reset("the log no longer reaches back to the event id".to_owned());
                        return Ok(true);
                    }
                    Polled::Failed { error, .. } => return Err(error.into()),
                }
            }
        }
        Ok(true)
    }

    fn poll_live(&mut self, max: usize, events: &mut Vec<WatchEvent>) -> Result<bool, ReadError> {
        while events.len() < max {
            if let Some((partition, batch, index)) = self.rest.take() {
                self.live_records(partition, batch, index, max, events);
                continue;
            }
            match self.subscription.pop() {
                Some(Published::Records(partition, batch)) => self.rest = Some((partition, batch, 0)),
                Some(Published::Purged(partition, rows)) => self.purged(partition, &rows, events),
                Some(Published::Leap(leap)) => {
                    self.reset(leap.to_string());
                    return Ok(true);
                }
                None if self.subscription.overflowed() => {
                    return Err(ReadError::TooMany("watch_buffer_bytes"));
                }
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn live_records(
        &mut self,
        partition: PartitionId,
        batch: Arc<RecordBatch>,
        from: usize,
        max: usize,
        events: &mut Vec<WatchEvent>,
    ) {
        let position = &mut self.positions[partition.0 as usize];
        for index in from..batch.len() {
            let record = batch.get(index);
            if record.offset < *position {
                continue;
            }
            if events.len() >= max {
                self.rest = Some((partition, batch, index));
                return;
            }
            change(&self.filter, partition, record, events);
            *position = record.offset.next();
        }
    }

    fn purged(&self, partition: PartitionId, rows: &[Purged], events: &mut Vec<WatchEvent>) {
        for row in rows {
            let mut key = Vec::new();
            if unorder_key(self.table.inner.key, &row.key, &mut key).is_ok() && self.filter.matches(&key) {
                events.push(WatchEvent::Delete {
                    key: Bytes::from(key),
                    timestamp: row.timestamp,
                    partition,
                    offset: row.offset,
                });
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.subscription.end();
    }
}

fn change(filter: &Filter, partition: PartitionId, record: RecordView<'_>, events: &mut Vec<WatchEvent>) {
    let Some(key) = record.key.filter(|key| filter.matches(key)) else { return };
    let key = Bytes::copy_from_slice(key);
    let (timestamp, offset) = (record.timestamp, record.offset);
    events.push(match record.value {
        Some(value) => WatchEvent::Put {
            key,
            value: Bytes::copy_from_slice(value),
            timestamp,
            partition,
            offset,
            snapshot: false,
        },
        None => WatchEvent::Delete { key, timestamp, partition, offset },
    });
}
