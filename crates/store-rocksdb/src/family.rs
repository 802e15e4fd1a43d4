//! One column family, and what is known of its durability.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lentic_store::{Cursor, Order, Result};
use rocksdb::{CompactOptions, ReadOptions, WriteOptions, properties};

use crate::bounds::{Bounds, drop_files};
use crate::cursor::RocksCursor;
use crate::database::Shared;
use crate::error::from_rocks;
use crate::estimate::property;
use crate::options::RESTORE_L0_FILES;
use crate::pinned::Handle;

/// Deleted ranges remembered; those beyond wait for RocksDB to come by.
const MAX_DELETED: usize = 256;

/// Of a restore, for compactions.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// RocksDB's name for the sequence number of the oldest snapshot.
const OLDEST_SNAPSHOT: &str = "rocksdb.oldest-snapshot-sequence";

/// A range whose space is to come back.
struct Deleted {
    start: Vec<u8>,
    end: Vec<u8>,
    /// Snapshots from here on don't see it.
    sequence: u64,
}

pub(crate) struct Family {
    pub(crate) handle: Arc<Handle>,
    pub(crate) shared: Arc<Shared>,
    without_wal: WriteOptions,
    /// Number of the last change applied, and of the last one known to be durable.
    applied: AtomicU64,
    durable: AtomicU64,
    /// When the oldest undurable change was applied, as `Shared::now_ms`; 0 is never.
    dirty_since: AtomicU64,
    deleted: Mutex<Vec<Deleted>>,
}

impl Family {
    pub(crate) fn new(handle: Handle, shared: Arc<Shared>) -> Self {
        let mut without_wal = WriteOptions::default();
        without_wal.disable_wal(true);
        Self {
            handle: Arc::new(handle),
            shared,
            without_wal,
            applied: AtomicU64::new(0),
            durable: AtomicU64::new(0),
            dirty_since: AtomicU64::new(0),
            deleted: Mutex::default(),
        }
    }

    pub(crate) fn write(&self, batch: rocksdb::WriteBatch) -> Result<()> {
        self.handle.db().write_opt(batch, &self.without_wal).map_err(from_rocks)?;
        if self.dirty_since.load(Ordering::Relaxed) == 0 {
            self.dirty_since.store(self.shared.now_ms(), Ordering::Relaxed);
        }
        // Last, so that a flush which sees the number has the change.
        self.applied.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Waits while compaction is far behind with this family; not for ever, and not where it can't be told.
    pub(crate) fn await_room(&self) {
        let begin = Instant::now();
        while begin.elapsed() < LONGEST_WAIT {
            let files =
                self.handle.db().property_int_value_cf(self.handle.family(), "rocksdb.num-files-at-level0");
            if !files.is_ok_and(|files| files.is_some_and(|files| files > RESTORE_L0_FILES)) {
                return;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.applied.load(Ordering::Acquire) != self.durable.load(Ordering::Acquire)
    }

    pub(crate) fn dirty_since_ms(&self) -> Option<u64> {
        Some(self.dirty_since.load(Ordering::Relaxed)).filter(|&since| since != 0 && self.is_dirty())
    }

    pub(crate) fn flush(&self) -> Result<()> {
        let applied = self.applied.load(Ordering::Acquire);
        if applied == self.durable.load(Ordering::Acquire) {
            return Ok(());
        }
        let since = self.dirty_since.swap(0, Ordering::Relaxed);
        let flushed = self.handle.db().flush_cf(self.handle.family()).map_err(from_rocks);
        match &flushed {
            Ok(()) => drop(self.durable.fetch_max(applied, Ordering::AcqRel)),
            Err(_) => self.dirty_since.store(since, Ordering::Relaxed),
        }
        flushed
    }

    /// Deletes a range and drops the files that lie wholly in it. Files vanish durably and at once, so what was
    /// applied before (say, the switch to another incarnation) must be durable first. One that holds nothing costs
    /// nothing.
    pub(crate) fn delete_range(&self, bounds: &Bounds) -> Result<()> {
        let Some((start, end)) = bounds.finite(&self.handle)? else { return Ok(()) };
        let everything = Bounds { start: start.clone(), end: Some(end.clone()) };
        let mut cursor = RocksCursor::new(&self.handle, ReadOptions::default(), everything, Order::Ascending);
        if cursor.next()?.is_none() {
            return Ok(());
        }
        drop(cursor);
        let mut batch = rocksdb::WriteBatch::default();
        batch.delete_range_cf(self.handle.family(), &start, &end);
        self.write(batch)?;
        self.flush()?;
        let deleted = Deleted { start, end, sequence: self.handle.db().latest_sequence_number() };
        self.drop_files(&deleted)?;
        let mut remembered = self.deleted.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() < MAX_DELETED {
            remembered.push(deleted);
        }
        Ok(())
    }

    /// Gives back the space of deleted ranges, also where files hold other rows beside them.
    pub(crate) fn compact_deleted(&self, options: &CompactOptions) -> Result<()> {
        let remembered = std::mem::take(&mut *self.deleted.lock().unwrap_or_else(PoisonError::into_inner));
        for deleted in remembered {
            if self.drop_files(&deleted)? {
                let (start, end) = (Some(&deleted.start), Some(&deleted.end));
                self.handle.db().compact_range_cf_opt(self.handle.family(), start, end, options);
            } else {
                self.deleted.lock().unwrap_or_else(PoisonError::into_inner).push(deleted);
            }
        }
        Ok(())
    }

    /// Drops the files that lie wholly in a deleted range, unless snapshots still see it: for them its rows are there.
    fn drop_files(&self, deleted: &Deleted) -> Result<bool> {
        let unseen = property(&self.handle, properties::NUM_SNAPSHOTS)? == 0
            || property(&self.handle, OLDEST_SNAPSHOT)? >= deleted.sequence;
        if unseen {
            drop_files(&self.handle, &deleted.start, &deleted.end)?;
        }
        Ok(unseen)
    }
}
