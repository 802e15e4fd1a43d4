//! Changes as the worker publishes them.
use std::sync::Arc;

use bytes::Bytes;
use lentic_engine::Purged;
use lentic_format::KeyLayout;
use lentic_types::{PartitionId, RecordBatch, RecordView};

use super::subscription::Published;
use super::{Filter, Watch, WatchEvent};
use crate::ReadError;

impl Watch {
    pub(super) fn poll_live(&mut self, max: usize, events: &mut Vec<WatchEvent>) -> Result<bool, ReadError> {
        let before = events.len();
        while events.len() < max {
            if let Some((partition, batch, index)) = self.rest.take() {
                self.records(partition, batch, index, max, events);
                continue;
            }
            match self.subscription.pop() {
                Some(Published::Records(partition, batch)) => self.rest = Some((partition, batch, 0)),
                Some(Published::Purged(partition, rows)) => self.purged(partition, &rows, events),
                Some(Published::Leap(leap)) => {
                    self.reset(leap.to_string());
                    return Ok(true);
                }
                None if self.subscription.is_empty() => return Ok(false),
                // What is before the gap is told first.
                None if events.len() > before => return Ok(true),
                None if self.subscription.is_behind() || self.subscription.overflowed() => {
                    return Err(ReadError::TooMany("watch_buffer_bytes"));
                }
                // It came just now.
                None => {}
            }
        }
        Ok(true)
    }

    fn records(
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
            change(&self.filter, self.table.inner.key, partition, record, events);
            *position = record.offset.next();
        }
    }

    /// Rows went that the log no longer holds.
    pub(super) fn purged(&self, partition: PartitionId, rows: &[Purged], events: &mut Vec<WatchEvent>) {
        for row in rows {
            let mut key = Vec::new();
            let layout = self.table.inner.key;
            if layout.to_wire(&row.key, &mut key).is_ok() && self.filter.matches(layout.inner(&key)) {
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

pub(super) fn change(
    filter: &Filter,
    layout: KeyLayout,
    partition: PartitionId,
    record: RecordView<'_>,
    events: &mut Vec<WatchEvent>,
) {
    let Some(key) = record.key.filter(|key| filter.matches(layout.inner(key))) else { return };
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
