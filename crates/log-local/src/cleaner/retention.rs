//! `delete`: the start moves over what is too old, up to the first record that is young enough, and by whole chunks
//! over what is too much.
use std::sync::atomic::Ordering;

use lentic_engine::log::{Error, Result};
use lentic_store_rocksdb::DurableBatch;
use lentic_types::Timestamp;

use super::{CleanerState, visit_chunks, write};
use crate::layout::{self, Meta, StoredBounds};
use crate::partition::{Partition, lock};
use crate::shared::{Shared, unreadable};

/// Moves the start as `retention.ms` and `retention.bytes` want it.
pub(super) fn retain(
    shared: &Shared,
    partition: &Partition,
    state: &mut CleanerState,
    now: Timestamp,
) -> Result<()> {
    let settings = &partition.settings;
    let mut start = partition.start();
    let expired_before = match settings.retention_ms {
        -1 => i64::MIN,
        retention_ms => now.0.saturating_sub(retention_ms),
    };
    let mut surplus = match settings.retention_bytes {
        -1 => i64::MIN,
        retention_bytes => bytes(shared, partition, state)?.saturating_sub(retention_bytes),
    };
    visit_chunks(shared, partition, start, u64::MAX, |offset, header, mut decoder, chunk| {
        let len = chunk.len() as i64;
        if header.max_timestamp < expired_before || surplus >= len {
            start = offset + 1;
            surplus = surplus.saturating_sub(len);
            return Ok(true);
        }
        while let Some(record) = decoder.next(chunk).map_err(|_| partition.corrupt())? {
            if record.offset >= start && record.timestamp >= expired_before {
                break;
            }
            start = start.max(record.offset + 1);
        }
        Ok(false)
    })?;
    move_start(shared, partition, state, start)
}

/// Moves the start to `before`; it never moves back. Returns the start.
pub(crate) fn delete_records(shared: &Shared, partition: &Partition, before: u64) -> Result<u64> {
    let _one_pass = lock(&shared.cleaning);
    let end = partition.visible();
    if before > end {
        return Err(Error::Refused(format!("{} ends at {end}, below {before}", partition.name)));
    }
    move_start(shared, partition, &mut partition.cleaner(), before)?;
    Ok(partition.start())
}

fn move_start(shared: &Shared, partition: &Partition, state: &mut CleanerState, to: u64) -> Result<()> {
    if to <= partition.start() {
        return Ok(());
    }
    let removed = if partition.settings.retention_bytes == -1 {
        0
    } else {
        bytes(shared, partition, state)?;
        count(shared, partition, partition.start(), to)?
    };
    let bounds = StoredBounds { start: to, lowest_end: partition.visible() };
    let gone = layout::chunk_range(partition.topic, partition.number(), 0, Some(to));
    let mut batch = DurableBatch::default();
    batch.put(&shared.meta, &Meta::Bounds.key(partition.topic, partition.number()), &bounds.encode());
    batch.delete_range(&shared.records, &gone).map_err(unreadable)?;
    // Readers learn of it before anything is gone: they would pass the gap unnoticed else.
    partition.set_start(to);
    write(shared, partition, batch, true)?;
    state.bounds = bounds;
    state.bytes_at_open = state.bytes_at_open.map(|bytes| bytes - removed);
    tracing::debug!(partition = %partition.name, start = to, "records were deleted");
    if let Err(error) = shared.records.reclaim(&gone) {
        tracing::warn!(partition = %partition.name, %error, "the space of deleted records will be freed later");
    }
    Ok(())
}

/// Bytes of all chunks of the partition.
pub(super) fn bytes(shared: &Shared, partition: &Partition, state: &mut CleanerState) -> Result<i64> {
    let at_open = match state.bytes_at_open {
        Some(bytes) => bytes,
        None => count(shared, partition, partition.start(), partition.end_at_open)?,
    };
    state.bytes_at_open = Some(at_open);
    Ok(at_open + partition.appended_bytes.load(Ordering::Relaxed) as i64)
}

fn count(shared: &Shared, partition: &Partition, from: u64, to: u64) -> Result<i64> {
    let mut bytes = 0;
    visit_chunks(shared, partition, from, to, |_, _, _, chunk| {
        bytes += chunk.len() as i64;
        Ok(true)
    })?;
    Ok(bytes)
}
