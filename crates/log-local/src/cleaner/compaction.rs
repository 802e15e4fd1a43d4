//! `compact`: of each key the last record stays.
//!
//! A pass learns the newest offsets of the keys in the part that was never compacted, as far as its memory reaches,
//! and then rewrites everything below the point it came to. Chunks are rewritten in order, so a tombstone is marked as
//! cleaned only when nothing older of its key is left, however the pass ends. The last record of a partition always
//! stays: a reader at the end must find its epoch again.
use lentic_engine::log::Result;
use lentic_store_rocksdb::DurableBatch;
use lentic_types::Timestamp;

use super::key_map::KeyMap;
use super::{CleanerState, When, retention, visit_chunks, write};
use crate::chunk::{ChunkBuilder, ChunkHeader, ChunkRecord, Decoder};
use crate::layout::{self, Cleaned, Meta};
use crate::partition::Partition;
use crate::shared::Shared;
use crate::writer::CHUNK_BYTES;

/// What is rewritten is written in batches of so many bytes.
const BATCH_BYTES: usize = 1 << 20;

/// Compacts a partition, if it is time.
pub(super) fn compact(
    shared: &Shared,
    partition: &Partition,
    state: &mut CleanerState,
    now: Timestamp,
    when: When,
) -> Result<()> {
    let start = partition.start();
    let from = state.cleaned.to.max(start);
    let horizon = now.0.saturating_sub(partition.settings.delete_retention_ms);
    let tombstones_are_due = state.cleaned.oldest_tombstone.is_some_and(|cleaned_at| cleaned_at <= horizon);
    // As in Kafka, the log is rewritten when half of it was never compacted.
    let dirty = partition.visible().saturating_sub(from);
    let pays = dirty > 0 && dirty >= state.cleaned.records;
    if !tombstones_are_due && !pays && when == When::Due {
        return Ok(());
    }
    if partition.settings.retention_bytes != -1 {
        retention::bytes(shared, partition, state)?;
    }

    let mut keys = KeyMap::new(shared.options.cleaner_memory_bytes);
    let to = learn(shared, partition, from, now, &mut keys)?;
    if to == from && !tombstones_are_due {
        return Ok(());
    }
    let mut pass = Pass {
        shared,
        partition,
        keys,
        now: now.0,
        horizon,
        start,
        end: partition.visible(),
        batch: DurableBatch::default(),
        pending: Pending::default(),
        left: Cleaned { to, ..Cleaned::default() },
        removed_bytes: 0,
    };
    let mut reached = start;
    visit_chunks(shared, partition, start, to, |offset, header, decoder, chunk| {
        reached = offset + 1;
        pass.chunk(offset, header, decoder, chunk).map(|()| true)
    })?;
    pass.flush_pending();
    if reached < to && (shared.stop.is_set() || partition.is_deleted()) {
        // What was rewritten stays; the rest is for the next pass.
        return pass.write();
    }
    let (left, removed_bytes) = (pass.left, pass.removed_bytes);
    let key = Meta::Cleaned.key(partition.topic, partition.number());
    pass.batch.put(&shared.meta, &key, &left.encode());
    pass.write()?;
    state.cleaned = left;
    state.bytes_at_open = state.bytes_at_open.map(|bytes| bytes - removed_bytes);
    tracing::debug!(partition = %partition.name, to, records = left.records, removed_bytes, "compacted");
    Ok(())
}

/// Notes the keys from `from` on and returns how far it came.
fn learn(
    shared: &Shared,
    partition: &Partition,
    from: u64,
    now: Timestamp,
    keys: &mut KeyMap,
) -> Result<u64> {
    let lag = partition.settings.min_compaction_lag_ms;
    let mut to = from;
    visit_chunks(shared, partition, from, u64::MAX, |offset, header, mut decoder, chunk| {
        if keys.is_full() || (lag > 0 && header.max_timestamp > now.0.saturating_sub(lag)) {
            return Ok(false);
        }
        while let Some(record) = decoder.next(chunk).map_err(|_| partition.corrupt())? {
            if let Some(key) = record.key {
                keys.insert(key, record.offset);
            }
        }
        to = offset + 1;
        Ok(true)
    })?;
    Ok(to)
}

struct Pass<'a> {
    shared: &'a Shared,
    partition: &'a Partition,
    keys: KeyMap,
    now: i64,
    /// Tombstones that were cleaned at or before this time go.
    horizon: i64,
    /// Retention may have moved it into a chunk.
    start: u64,
    end: u64,
    batch: DurableBatch,
    pending: Pending,
    left: Cleaned,
    removed_bytes: i64,
}

/// The chunk in the making, from one or more old ones.
#[derive(Default)]
struct Pending {
    chunk: ChunkBuilder,
    /// The keys' offsets of the old ones.
    sources: Vec<u64>,
    source_bytes: usize,
    /// The newest of theirs: a tombstone may stay longer, never shorter.
    cleaned_at: Option<i64>,
    /// Whether it differs from a single source.
    changed: bool,
}

impl Pass<'_> {
    fn chunk(&mut self, offset: u64, header: ChunkHeader, decoder: Decoder, chunk: &[u8]) -> Result<()> {
        let due = header.cleaned_at.is_some_and(|cleaned_at| cleaned_at <= self.horizon);
        let mut tombstones = false;
        let mut kept = 0;
        let mut walk = decoder;
        while let Some(record) = walk.next(chunk).map_err(|_| self.partition.corrupt())? {
            if self.stays(&record, due) {
                kept += 1;
                tombstones |= record.value.is_none();
            }
        }
        // A tombstone that stays although it is due is the last record: it is not due again at the next pass.
        let cleaned_at = match header.cleaned_at {
            _ if !tombstones => None,
            Some(cleaned_at) if !due => Some(cleaned_at),
            _ => Some(self.now),
        };
        let changed = kept < header.count || cleaned_at != header.cleaned_at;
        if !changed && chunk.len() >= CHUNK_BYTES / 2 {
            self.flush_pending();
            self.note(kept, cleaned_at);
            return Ok(());
        }
        if self.pending.chunk.bytes() + chunk.len() > CHUNK_BYTES * 3 / 2 {
            self.flush_pending();
        }
        let mut walk = decoder;
        while let Some(record) = walk.next(chunk).map_err(|_| self.partition.corrupt())? {
            if self.stays(&record, due) {
                self.pending.chunk.push(record);
            }
        }
        self.pending.sources.push(offset);
        self.pending.source_bytes += chunk.len();
        self.pending.cleaned_at = self.pending.cleaned_at.max(cleaned_at);
        self.pending.changed |= changed;
        if self.pending.chunk.bytes() >= CHUNK_BYTES {
            self.flush_pending();
        }
        if self.batch.bytes() >= BATCH_BYTES { self.write() } else { Ok(()) }
    }

    /// Whether a record stays; `due`: not if it is a tombstone.
    fn stays(&self, record: &ChunkRecord<'_>, due: bool) -> bool {
        if record.offset + 1 == self.end {
            return true;
        }
        let gone = record.offset < self.start || (due && record.value.is_none());
        !gone && record.key.is_none_or(|key| !self.keys.is_superseded(key, record.offset))
    }

    fn note(&mut self, records: u64, cleaned_at: Option<i64>) {
        self.left.records += records;
        let oldest = &mut self.left.oldest_tombstone;
        *oldest = match (*oldest, cleaned_at) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    /// Puts the pending chunk in the place of its sources: all of it goes into one batch.
    fn flush_pending(&mut self) {
        let Pending { mut chunk, sources, source_bytes, cleaned_at, changed } =
            std::mem::take(&mut self.pending);
        let Some((last, others)) = sources.split_last() else { return };
        let cleaned_at = if chunk.has_tombstones() { cleaned_at } else { None };
        self.note(chunk.count(), cleaned_at);
        if !changed && others.is_empty() {
            return;
        }
        let Partition { topic, .. } = *self.partition;
        let key = |offset| layout::record_key(topic, self.partition.number(), offset);
        for source in others {
            self.batch.delete(&self.shared.records, &key(*source));
        }
        self.removed_bytes += source_bytes as i64;
        if chunk.is_empty() {
            self.batch.delete(&self.shared.records, &key(*last));
        } else {
            let parts = chunk.parts(*last, cleaned_at);
            self.removed_bytes -= (parts[0].len() + parts[1].len()) as i64;
            self.batch.put_parts(&self.shared.records, &[&key(*last)], &parts);
        }
    }

    fn write(&mut self) -> Result<()> {
        write(self.shared, self.partition, std::mem::take(&mut self.batch), false)
    }
}
