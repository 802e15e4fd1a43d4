//! The one thread that removes records: by age and size, and by key.
mod compaction;
mod key_map;
mod retention;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use lentic_engine::log::Result;
use lentic_store::Cursor;
use lentic_store_rocksdb::{DurableBatch, Scan};
use lentic_types::Timestamp;

use crate::chunk::{ChunkHeader, Decoder};
use crate::layout::{self, Cleaned, StoredBounds};
use crate::partition::{Partition, lock};
use crate::shared::{Shared, unreadable};

pub(crate) use retention::delete_records;

/// When a pass does work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Where it pays.
    Due,
    /// Wherever there is any.
    Now,
}

/// What the cleaner knows of a partition.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CleanerState {
    /// As they are stored.
    bounds: StoredBounds,
    cleaned: Cleaned,
    /// Bytes of the chunks that were there when the log was opened, less all that was removed since; counted at the
    /// first need.
    bytes_at_open: Option<i64>,
}

impl CleanerState {
    pub(crate) fn new(bounds: StoredBounds, cleaned: Cleaned) -> Self {
        Self { bounds, cleaned, bytes_at_open: None }
    }
}

/// Cleans from time to time until the log is closed.
pub(crate) fn run(shared: &Arc<Shared>) {
    while !shared.stop.wait(shared.options.cleaner_interval) {
        if let Err(error) = clean(shared, crate::shared::now(), When::Due) {
            tracing::warn!(%error, "cleaning the embedded log failed; it is tried again");
        }
    }
}

/// One pass over all partitions. One that fails doesn't keep the others from being cleaned; the first error is returned.
pub(crate) fn clean(shared: &Shared, now: Timestamp, when: When) -> Result<()> {
    let _one_pass = lock(&shared.cleaning);
    let mut outcome = Ok(());
    for partition in shared.partitions() {
        if shared.stop.is_set() {
            break;
        }
        let cleanup = partition.settings.cleanup;
        let mut state = partition.cleaner();
        if cleanup.delete {
            outcome = outcome.and(retention::retain(shared, &partition, &mut state, now));
        }
        if cleanup.compact {
            outcome = outcome.and(compaction::compact(shared, &partition, &mut state, now, when));
        }
    }
    outcome
}

/// Calls `visit` for the visible chunks whose keys lie at `from` or above and below `to`, in order, until it says no.
fn visit_chunks(
    shared: &Shared,
    partition: &Partition,
    from: u64,
    to: u64,
    mut visit: impl FnMut(u64, ChunkHeader, Decoder, &[u8]) -> Result<bool>,
) -> Result<()> {
    const READAHEAD_BYTES: usize = 1 << 20;
    let to = to.min(partition.visible());
    if from >= to {
        return Ok(());
    }
    let range = layout::chunk_range(partition.topic, partition.number(), from, Some(to));
    let scan = Scan { readahead_bytes: READAHEAD_BYTES, fill_cache: false, ..Scan::default() };
    let mut cursor = shared.records.cursor(&range, scan).map_err(unreadable)?;
    while let Some((key, chunk)) = cursor.next().map_err(unreadable)? {
        let offset = layout::key_offset(key).ok_or_else(|| partition.corrupt())?;
        let (header, decoder) = Decoder::new(chunk, offset).map_err(|_| partition.corrupt())?;
        if shared.stop.is_set() || partition.is_deleted() || !visit(offset, header, decoder, chunk)? {
            break;
        }
    }
    Ok(())
}

/// Writes what the cleaner has decided, unless the topic was deleted meanwhile.
fn write(shared: &Shared, partition: &Partition, batch: DurableBatch, sync: bool) -> Result<()> {
    let _no_delete = lock(&shared.rewriting);
    if partition.is_deleted() || batch.is_empty() { Ok(()) } else { shared.write(batch, sync) }
}
