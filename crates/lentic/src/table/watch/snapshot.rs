//! The rows as they are, before the changes.
use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use lentic_engine::TaskView;
use lentic_format::KeyKind;
use lentic_store::layout::{PositionRecord, position_key};
use lentic_store::{Order, ReadStore};
use lentic_types::Offset;

use super::open::Phase;
use super::{Filter, Watch, WatchEvent};
use crate::ReadError;
use crate::table::merge::{Source, merge};
use crate::table::read::{KeyBounds, Scan};

/// Rows read from the snapshot in one step.
const STEP: usize = 1_000;

pub(super) struct Snapshot {
    /// Of each partition that is kept.
    sources: Vec<(Arc<dyn ReadStore>, TaskView)>,
    /// The index of the one that is being read.
    partition: usize,
    after: Option<Vec<u8>>,
}

impl Watch {
    pub(super) fn begin_snapshot(&mut self) -> Result<(), ReadError> {
        self.at = self.proven_at();
        let sources = self.subscribe()?;
        let mut tags = Vec::new();
        for (partition, (snapshot, view)) in self.partitions.iter().zip(&sources) {
            let key = position_key(self.table.inner.store_id, partition.id);
            let stored = snapshot.get(&key)?.map(|bytes| PositionRecord::from_bytes(&bytes)).transpose()?;
            let offset = stored.map_or(Offset(0), |stored| stored.position.offset);
            tags.extend(stored.map(|stored| stored.position.topic.tag()));
            let i = partition.id.0 as usize;
            self.positions[i] = view.progress.position.max(offset);
            self.starts[i] = view.log_start;
        }
        // An id of rows of two creations belongs to none.
        let first = tags.first().copied().unwrap_or_else(|| self.table.topic_id().tag());
        self.topic_tag = if tags.iter().all(|&tag| tag == first) { first } else { !first };
        self.phase = Phase::Snapshot(Snapshot { sources, partition: 0, after: None });
        Ok(())
    }

    /// The rows, partition by partition in key order; the snapshots are of nearly one moment, and what changed since
    /// comes after `SnapshotEnd`.
    pub(super) fn poll_snapshot(
        &mut self,
        max: usize,
        events: &mut Vec<WatchEvent>,
    ) -> Result<bool, ReadError> {
        let Phase::Snapshot(snapshot) = &mut self.phase else { return Ok(true) };
        let Some(partition) = self.partitions.get(snapshot.partition) else {
            return self.after_snapshot(events);
        };
        let after = snapshot.after.take();
        let layout = self.table.inner.key;
        let is_windowed = layout.kind != KeyKind::Plain;
        let bounds = match &self.filter {
            Filter::All => KeyBounds { after, ..KeyBounds::default() },
            Filter::Prefix(prefix) => {
                KeyBounds { prefix: Some(prefix.clone()), after, ..KeyBounds::default() }
            }
            Filter::Key(key) if is_windowed => {
                KeyBounds { windows_of: Some(key.clone()), after, ..KeyBounds::default() }
            }
            Filter::Key(key) => KeyBounds { from: Some(key.clone()), after, ..KeyBounds::default() },
        };
        let (store, view) = &snapshot.sources[snapshot.partition];
        let source = Source { partition: Arc::clone(partition), snapshot: Arc::clone(store), view: *view };
        let scan = Scan { bounds, ..Scan::default() };
        let max = max.min(STEP);
        let (mut key, mut seen, mut last) = (Vec::new(), 0, None);
        let mut streams = [source.stream(layout, &scan)?];
        merge(&mut streams, Order::Ascending, &mut |row| {
            key.clear();
            if layout.to_wire(row.key, &mut key).is_err() {
                return ControlFlow::Continue(());
            }
            if !self.filter.matches(layout.inner(&key)) {
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
            Some(key) if is_windowed || !matches!(self.filter, Filter::Key(_)) => snapshot.after = Some(key),
            _ => snapshot.partition += 1,
        }
        Ok(true)
    }

    /// Goes on with what changed since, unless the rows were replaced meanwhile.
    fn after_snapshot(&mut self, events: &mut Vec<WatchEvent>) -> Result<bool, ReadError> {
        let before = events.len();
        let more = self.join(None, events)?;
        if matches!(self.phase, Phase::Reset(_)) {
            events.truncate(before);
        } else {
            events.insert(before, WatchEvent::SnapshotEnd);
        }
        Ok(more)
    }
}
