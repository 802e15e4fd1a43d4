//! RocksDB with its write-ahead log on: plain bytes in named families, for a log that is its own source of truth.
//! It knows nothing of stores and rows; everything here is `Send + Sync` and keeps the database open while it lives.
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use lentic_store::{Cursor, KeyRange, Order};
use rocksdb::{
    BottommostLevelCompaction, Cache, ColumnFamilyDescriptor, CompactOptions, ReadOptions, WriteBatch,
    WriteOptions,
};

use crate::bounds::{Bounds, drop_files};
use crate::cursor::RocksCursor;
use crate::error::from_rocks;
use crate::options::{Access, Compression, database_options, durable_family_options};
use crate::pinned::{Db, Handle};
use crate::{Error, Result, estimate, join, usage};

/// How a [`DurableDatabase`] is opened.
#[derive(Clone, Debug)]
pub struct DurableOptions {
    /// The directory; made if it is missing.
    pub path: PathBuf,
    /// The families that will be asked for; those that are missing are made.
    pub families: Vec<DurableFamilyOptions>,
    /// Bytes of the block cache that all families share. Default 32 MiB.
    pub block_cache_bytes: usize,
    /// Bytes of one family's write buffer. Default 32 MiB.
    pub write_buffer_bytes: usize,
    /// Bytes of write-ahead log at which the family that holds back its oldest part is flushed. Default 256 MiB.
    pub max_wal_bytes: u64,
    /// Threads for flushes and compactions. Default 2.
    pub background_threads: u32,
}

impl Default for DurableOptions {
    fn default() -> Self {
        Self {
            path: PathBuf::from("log"),
            families: Vec::new(),
            block_cache_bytes: 32 << 20,
            write_buffer_bytes: 32 << 20,
            max_wal_bytes: 256 << 20,
            background_threads: 2,
        }
    }
}

/// One family of a [`DurableDatabase`].
#[derive(Clone, Debug)]
pub struct DurableFamilyOptions {
    /// Its name.
    pub name: String,
    /// What it is tuned for.
    pub access: Access,
    /// How its blocks are compressed.
    pub compression: Compression,
}

impl DurableFamilyOptions {
    /// A family that is read by key.
    pub fn point(name: &str) -> Self {
        Self { name: name.to_owned(), access: Access::Point, compression: Compression::Lz4 }
    }

    /// A family that is appended to and read in order.
    pub fn sequential(name: &str) -> Self {
        Self { name: name.to_owned(), access: Access::Sequential, compression: Compression::Lz4 }
    }
}

/// A database whose writes are in its write-ahead log before they are visible.
pub struct DurableDatabase {
    families: BTreeMap<String, DurableFamily>,
    cache: Cache,
    synced: WriteOptions,
    unsynced: WriteOptions,
    // Last: the handles above go before the database.
    db: Arc<Db>,
}

impl DurableDatabase {
    /// Opens or makes it; what the write-ahead log holds is recovered. [`Error::Locked`] if another process has it.
    pub fn open(options: DurableOptions) -> Result<Self> {
        let cache = Cache::new_lru_cache(options.block_cache_bytes);
        let mut db_options = database_options(options.background_threads);
        db_options.set_max_total_wal_size(options.max_wal_bytes);
        let family_options = |family: &DurableFamilyOptions| {
            durable_family_options(family, options.write_buffer_bytes, &cache)
        };

        let mut wanted = options.families.clone();
        for name in crate::database::existing_families(&db_options, &options.path)? {
            if !wanted.iter().any(|family| family.name == name) {
                wanted.push(DurableFamilyOptions::point(&name));
            }
        }
        db_options.create_missing_column_families(true);
        let descriptors =
            wanted.iter().map(|family| ColumnFamilyDescriptor::new(&family.name, family_options(family)));
        let db = Db::open_cf_descriptors(&db_options, &options.path, descriptors)
            .map_err(|error| crate::error::from_open(&error, &options.path))?;
        let db = Arc::new(db);

        let mut families = BTreeMap::new();
        for family in &wanted {
            let handle = Handle::new(&db, &family.name).ok_or_else(|| no_family(&family.name))?;
            families.insert(family.name.clone(), DurableFamily { handle: Arc::new(handle) });
        }
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        Ok(Self { families, cache, synced, unsynced: WriteOptions::default(), db })
    }

    /// A family that [`DurableOptions::families`] named or that was there already.
    pub fn family(&self, name: &str) -> Result<DurableFamily> {
        self.families.get(name).cloned().ok_or_else(|| no_family(name))
    }

    /// Writes all of `batch` or nothing, through the write-ahead log: a killed process keeps it, a machine that
    /// loses power keeps it if `sync` (of concurrent callers one syncs for all) or a later
    /// [`flush_wal(true)`](Self::flush_wal) succeeded.
    pub fn write(&self, batch: DurableBatch, sync: bool) -> Result<()> {
        let options = if sync { &self.synced } else { &self.unsynced };
        self.db.write_opt(batch.batch, options).map_err(from_rocks)
    }

    /// Hands the write-ahead log to the operating system and, if `sync`, to the disk.
    pub fn flush_wal(&self, sync: bool) -> Result<()> {
        self.db.flush_wal(sync).map_err(from_rocks)
    }

    /// Writes the memtables of all families out, after which their part of the write-ahead log is dropped.
    pub fn flush(&self) -> Result<()> {
        self.families.values().try_for_each(DurableFamily::flush)
    }

    /// (name, bytes) pairs for metrics and status, as [`Database::usage`](lentic_store::Database::usage).
    pub fn usage(&self) -> Vec<(&'static str, u64)> {
        let handles: Vec<_> = self.families.values().map(|family| &*family.handle).collect();
        usage::usage(&handles, &self.cache)
    }

    /// Syncs the write-ahead log and waits for background work to stop. Nothing is lost without it.
    pub fn close(&self) -> Result<()> {
        self.flush_wal(true)?;
        self.db.cancel_all_background_work(true);
        Ok(())
    }
}

/// A family's handle: cheap to clone, usable from any thread.
#[derive(Clone)]
pub struct DurableFamily {
    handle: Arc<Handle>,
}

impl DurableFamily {
    /// The value of `key`, copied.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.get_with(key, <[u8]>::to_vec)
    }

    /// What `read` makes of the value of `key`, which is not copied; `None` if there is no such key.
    pub fn get_with<T>(&self, key: &[u8], read: impl FnOnce(&[u8]) -> T) -> Result<Option<T>> {
        let found = self.handle.db().get_pinned_cf(self.handle.family(), key).map_err(from_rocks)?;
        Ok(found.map(|value| read(&value)))
    }

    /// A cursor over `range` as it is now.
    pub fn cursor(&self, range: &KeyRange, scan: Scan) -> Result<DurableCursor> {
        let mut options = ReadOptions::default();
        options.fill_cache(scan.fill_cache);
        if scan.readahead_bytes > 0 {
            options.set_readahead_size(scan.readahead_bytes);
        }
        let cursor = RocksCursor::new(&self.handle, options, Bounds::new(range), scan.order);
        Ok(DurableCursor { cursor })
    }

    /// Removes a range at once: through the write-ahead log, unsynced (a batch does the same together with other
    /// changes: [`DurableBatch::delete_range`]). [`Self::reclaim`] gives the disk space back sooner.
    pub fn delete_range(&self, range: &KeyRange) -> Result<()> {
        let mut batch = DurableBatch::default();
        batch.delete_range(self, range)?;
        self.handle.db().write(batch.batch).map_err(from_rocks)
    }

    /// Drops files that lie wholly in a range which nobody reads any more; not atomic, and not in any order with
    /// writes, so the range must have been deleted *and synced* before.
    pub fn reclaim(&self, range: &KeyRange) -> Result<()> {
        let Some((start, end)) = Bounds::new(range).finite(&self.handle)? else { return Ok(()) };
        drop_files(&self.handle, &start, &end)
    }

    /// Compacts a range, so that what was deleted in it leaves the disk. Blocks; may take long.
    pub fn compact(&self, range: &KeyRange) -> Result<()> {
        let bounds = Bounds::new(range);
        let mut options = CompactOptions::default();
        options.set_exclusive_manual_compaction(false);
        options.set_bottommost_level_compaction(BottommostLevelCompaction::ForceOptimized);
        self.handle.db().compact_range_cf_opt(
            self.handle.family(),
            Some(&bounds.start),
            bounds.end.as_ref(),
            &options,
        );
        Ok(())
    }

    /// Estimates (entries, bytes on disk and in memory) of a range.
    pub fn estimate(&self, range: &KeyRange) -> Result<(u64, u64)> {
        estimate::estimate(&self.handle, &Bounds::new(range))
    }

    /// Writes this family's memtable out.
    pub fn flush(&self) -> Result<()> {
        self.handle.db().flush_cf(self.handle.family()).map_err(from_rocks)
    }
}

/// How a cursor walks.
#[derive(Clone, Copy, Debug)]
pub struct Scan {
    /// Which way. Default ascending.
    pub order: Order,
    /// Bytes read ahead from the disk; 0 leaves it to RocksDB, which begins small and doubles. Default 0.
    pub readahead_bytes: usize,
    /// Whether the blocks read stay in the cache; `false` for long scans. Default `true`.
    pub fill_cache: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self { order: Order::Ascending, readahead_bytes: 0, fill_cache: true }
    }
}

/// A cursor that borrows nothing and keeps the database open; holding one for long keeps deleted files on the disk.
pub struct DurableCursor {
    cursor: RocksCursor,
}

impl Cursor for DurableCursor {
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        self.cursor.next()
    }
}

/// Changes to any families of one database that are written together; a later one of the same key wins.
#[derive(Default)]
pub struct DurableBatch {
    batch: WriteBatch,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl DurableBatch {
    /// Adds a put.
    pub fn put(&mut self, family: &DurableFamily, key: &[u8], value: &[u8]) {
        self.batch.put_cf(family.handle.family(), key, value);
    }

    /// Adds a put of key and value that are given in pieces.
    pub fn put_parts(&mut self, family: &DurableFamily, key: &[&[u8]], value: &[&[u8]]) {
        join(&mut self.key, key);
        join(&mut self.value, value);
        self.batch.put_cf(family.handle.family(), &self.key, &self.value);
    }

    /// Adds a delete.
    pub fn delete(&mut self, family: &DurableFamily, key: &[u8]) {
        self.batch.delete_cf(family.handle.family(), key);
    }

    /// Adds the delete of a range. One without an upper bound ends at the greatest key that is there now.
    pub fn delete_range(&mut self, family: &DurableFamily, range: &KeyRange) -> Result<()> {
        if let Some((start, end)) = Bounds::new(range).finite(&family.handle)? {
            self.batch.delete_range_cf(family.handle.family(), start, end);
        }
        Ok(())
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.batch.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Bytes it takes in the write-ahead log.
    pub fn bytes(&self) -> usize {
        self.batch.size_in_bytes()
    }
}

fn no_family(name: &str) -> Error {
    Error::Io(format!("the database has no family {name:?}: name it in DurableOptions::families"))
}
