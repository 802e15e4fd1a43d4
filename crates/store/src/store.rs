//! The contract of a store. `MemoryDatabase` here and the RocksDB crate beside it keep it; the same cases test both.
use std::ops::Bound;
use std::sync::Arc;

use lentic_types::ShardId;

use crate::{Result, WriteBatch};

/// Keys from `start` to `end`, bytewise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// Lower bound.
    pub start: Bound<Vec<u8>>,
    /// Upper bound.
    pub end: Bound<Vec<u8>>,
}

impl KeyRange {
    /// Every key that begins with `prefix`.
    pub fn prefix(prefix: &[u8]) -> Self {
        let mut end = prefix.to_vec();
        while end.last() == Some(&0xff) {
            end.pop();
        }
        let end = match end.last_mut() {
            Some(last) => {
                *last += 1;
                Bound::Excluded(end)
            }
            None => Bound::Unbounded,
        };
        Self { start: Bound::Included(prefix.to_vec()), end }
    }
}

/// Which way a cursor walks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// From the smallest key.
    #[default]
    Ascending,
    /// From the greatest key.
    Descending,
}

/// How far a read may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// To the disk, if it must.
    #[default]
    Disk,
    /// Only what is in memory: safe on a thread that must not block.
    Memory,
}

/// Walks a range of one snapshot.
pub trait Cursor: Send {
    /// The next entry, or `None` at the range's end. The slices live until the next call.
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>>;
}

/// Something that can be read: a store as it is now, or a snapshot of it.
pub trait ReadStore: Send + Sync {
    /// Calls `found` with the value, or with `None` if there is none. `Ok(false)`, without a call: only the disk
    /// knows, and `tier` forbade to ask it.
    fn get_with(&self, key: &[u8], tier: Tier, found: &mut dyn FnMut(Option<&[u8]>)) -> Result<bool>;

    /// A cursor over a range; it sees one moment.
    fn cursor(&self, range: KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>>;

    /// The value, copied.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut value = None;
        self.get_with(key, Tier::Disk, &mut |found| value = found.map(<[u8]>::to_vec))?;
        Ok(value)
    }
}

/// One family of a database. Writes are serialized by their owner; reads come from any thread.
pub trait Store: ReadStore {
    /// Applies all of `batch` or nothing. Visible at once; durable after the next flush, in order: what is on disk
    /// after a crash is always a prefix of what was applied.
    fn apply(&self, batch: &WriteBatch) -> Result<()>;

    /// A view of this moment, kept until it is dropped.
    fn snapshot(&self) -> Arc<dyn ReadStore>;

    /// Begins a run of strictly ascending keys, which [`SortedRun::finish`] puts over everything that is there.
    fn sorted_run(&self) -> Result<Box<dyn SortedRun>>;

    /// Removes a range that nobody reads or writes any more, cheaply and soon. Snapshots and cursors of before see it as it
    /// was.
    fn delete_range(&self, range: KeyRange) -> Result<()>;

    /// Makes everything applied so far durable.
    fn flush(&self) -> Result<()>;

    /// Whether there are applied changes that are not durable.
    fn is_dirty(&self) -> bool;

    /// Estimates (entries, bytes on disk and in memory) of a range.
    fn estimate(&self, range: KeyRange) -> Result<(u64, u64)>;
}

/// A sorted file in the making: the bulk way in, five times as fast as [`Store::apply`].
pub trait SortedRun: Send {
    /// Appends a put; keys ascend strictly.
    fn put(&mut self, key: &[&[u8]], value: &[&[u8]]) -> Result<()>;
    /// Appends a delete; keys ascend strictly.
    fn delete(&mut self, key: &[&[u8]]) -> Result<()>;
    /// Makes the whole run visible and durable; it outranks whatever the store held. A run that is dropped instead
    /// leaves nothing.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Which family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FamilyId {
    /// The node's own notes: identity of the log, store ids.
    Node,
    /// A shard's rows and positions.
    Shard(ShardId),
    /// Global tables.
    Global,
}

/// All the stores of a node, under one budget of memory.
pub trait Database: Send + Sync {
    /// Opens a family, made if it is missing. The same family twice is the same store.
    fn family(&self, id: FamilyId) -> Result<Arc<dyn Store>>;

    /// (name, value) pairs for metrics and status: bytes of block cache, memtables, files and the like.
    fn usage(&self) -> Vec<(&'static str, u64)>;

    /// Makes the families that have changes older than the database's flush interval durable, a few at a time; the
    /// owner calls it every second or so. Returns how many were flushed.
    fn flush_dirty(&self) -> Result<usize> {
        Ok(0)
    }

    /// Gives back the space that deleted ranges still take beside other rows. Blocks, may take minutes: the owner calls it
    /// now and then from a thread that nobody waits for.
    fn compact_deleted(&self) -> Result<()> {
        Ok(())
    }

    /// Flushes all that is dirty and waits for background work to stop.
    fn close(&self) -> Result<()>;
}
