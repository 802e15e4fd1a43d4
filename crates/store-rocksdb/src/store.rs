//! A family as a store, and its snapshots.
use std::sync::Arc;

use lentic_store::{Cursor, KeyRange, Order, ReadStore, Result, SortedRun, Store, Tier, WriteBatch};
use rocksdb::{ReadOptions, ReadTier};

use crate::bounds::Bounds;
use crate::cursor::RocksCursor;
use crate::error::{from_rocks, is_incomplete};
use crate::estimate::estimate;
use crate::family::Family;
use crate::pinned::{Handle, PinnedSnapshot};
use crate::sorted_run::RocksRun;

/// Bytes that a batch takes per operation beside keys and values, at most: kind, family, two lengths.
const OP_BYTES: usize = 16;

pub(crate) struct RocksStore {
    family: Arc<Family>,
    reads: Reads,
}

impl RocksStore {
    pub(crate) fn new(family: Arc<Family>) -> Self {
        Self { family, reads: Reads::new(None) }
    }
}

impl ReadStore for RocksStore {
    fn get_with(&self, key: &[u8], tier: Tier, found: &mut dyn FnMut(Option<&[u8]>)) -> Result<bool> {
        self.reads.get(&self.family.handle, key, tier, found)
    }

    fn cursor(&self, range: KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>> {
        let cursor =
            RocksCursor::new(&self.family.handle, ReadOptions::default(), Bounds::new(&range), order);
        Ok(Box::new(cursor))
    }
}

impl Store for RocksStore {
    fn apply(&self, batch: &WriteBatch) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let family = self.family.handle.family();
        let mut writes =
            rocksdb::WriteBatch::with_capacity_bytes(batch.bytes() + batch.len() * OP_BYTES + OP_BYTES);
        for (key, value) in batch.iter() {
            match value {
                Some(value) => writes.put_cf(family, key, value),
                None => writes.delete_cf(family, key),
            }
        }
        self.family.write(writes)
    }

    fn snapshot(&self) -> Arc<dyn ReadStore> {
        Arc::new(Snapshot::new(&self.family.handle))
    }

    fn sorted_run(&self) -> Result<Box<dyn SortedRun>> {
        Ok(Box::new(RocksRun::new(Arc::clone(&self.family))))
    }

    fn delete_range(&self, range: KeyRange) -> Result<()> {
        self.family.delete_range(&Bounds::new(&range))
    }

    fn flush(&self) -> Result<()> {
        self.family.flush()
    }

    fn is_dirty(&self) -> bool {
        self.family.is_dirty()
    }

    fn estimate(&self, range: KeyRange) -> Result<(u64, u64)> {
        estimate(&self.family.handle, &Bounds::new(&range))
    }
}

/// A moment of a family; deleted and overwritten rows stay on the disk while it lives.
struct Snapshot {
    // Before the snapshot that it points to.
    reads: Reads,
    snapshot: PinnedSnapshot,
}

impl Snapshot {
    fn new(handle: &Arc<Handle>) -> Self {
        let snapshot = PinnedSnapshot::new(handle);
        Self { reads: Reads::new(Some(&snapshot)), snapshot }
    }
}

impl ReadStore for Snapshot {
    fn get_with(&self, key: &[u8], tier: Tier, found: &mut dyn FnMut(Option<&[u8]>)) -> Result<bool> {
        self.reads.get(self.snapshot.handle(), key, tier, found)
    }

    fn cursor(&self, range: KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>> {
        let mut options = ReadOptions::default();
        self.snapshot.set_on(&mut options);
        Ok(Box::new(RocksCursor::new(self.snapshot.handle(), options, Bounds::new(&range), order)))
    }
}

/// Read options made once, because making them costs as much as a read.
struct Reads {
    disk: ReadOptions,
    memory: ReadOptions,
}

impl Reads {
    fn new(snapshot: Option<&PinnedSnapshot>) -> Self {
        let mut reads = Self { disk: ReadOptions::default(), memory: ReadOptions::default() };
        reads.memory.set_read_tier(ReadTier::BlockCache);
        if let Some(snapshot) = snapshot {
            snapshot.set_on(&mut reads.disk);
            snapshot.set_on(&mut reads.memory);
        }
        reads
    }

    fn get(
        &self,
        handle: &Handle,
        key: &[u8],
        tier: Tier,
        found: &mut dyn FnMut(Option<&[u8]>),
    ) -> Result<bool> {
        let options = match tier {
            Tier::Disk => &self.disk,
            Tier::Memory => &self.memory,
        };
        match handle.db().get_pinned_cf_opt(handle.family(), key, options) {
            Ok(value) => {
                found(value.as_deref());
                Ok(true)
            }
            Err(error) if tier == Tier::Memory && is_incomplete(&error) => Ok(false),
            Err(error) => Err(from_rocks(error)),
        }
    }
}
