//! The state database of a node.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lentic_store::{Database, Error, FamilyId, Result, Store};
use rocksdb::{
    BottommostLevelCompaction, Cache, ColumnFamilyDescriptor, CompactOptions, Options, WriteBufferManager,
};

use crate::error::{from_io, from_open, from_rocks};
use crate::family::Family;
use crate::options::{RocksOptions, sorted_run_options, state_family_options, state_options};
use crate::pinned::{Db, Handle};
use crate::store::RocksStore;
use crate::usage;

/// A node's stores in one RocksDB: a column family each, the write-ahead log off, one budget of memory.
///
/// It has no threads of its own beside RocksDB's: its owner calls [`flush_dirty`](Self::flush_dirty) about once per
/// second and [`compact_deleted`](Self::compact_deleted) when it has time.
pub struct RocksDatabase {
    families: Mutex<BTreeMap<FamilyId, Arc<Family>>>,
    shared: Arc<Shared>,
    flush_interval: Duration,
}

/// What all families use.
pub(crate) struct Shared {
    pub(crate) db: Arc<Db>,
    /// With these families are made.
    options: Options,
    /// With these sorted files are written.
    pub(crate) run_options: Arc<Options>,
    cache: Cache,
    opened: Instant,
    incoming: PathBuf,
    next_file: AtomicU64,
}

impl Shared {
    /// A path that no sorted file has had since the database was opened.
    pub(crate) fn incoming_file(&self) -> PathBuf {
        self.incoming.join(format!("{:06}.sst", self.next_file.fetch_add(1, Ordering::Relaxed)))
    }

    /// Milliseconds since the database was opened, never 0.
    pub(crate) fn now_ms(&self) -> u64 {
        self.opened.elapsed().as_millis() as u64 + 1
    }
}

impl RocksDatabase {
    /// Opens or makes the database. [`Error::Locked`] if another process has it, [`Error::Corrupt`] if its directory
    /// must be deleted and built again.
    #[expect(
        clippy::disallowed_methods,
        reason = "an edge: how long a change has been undurable is measured by the clock"
    )]
    pub fn open(options: RocksOptions) -> Result<Self> {
        let cache = Cache::new_hyper_clock_cache(options.block_cache_bytes, 0);
        let buffers = WriteBufferManager::new_write_buffer_manager_with_cache(
            options.write_buffer_bytes,
            false,
            cache.clone(),
        );
        let db_options = state_options(&options, &buffers);
        let family_options = state_family_options(&options, &cache);
        // RocksDB wants every family that exists to be opened, and the default one in any case.
        let mut names = existing_families(&db_options, &options.path)?;
        if names.is_empty() {
            names.push(rocksdb::DEFAULT_COLUMN_FAMILY_NAME.to_owned());
        }
        let descriptors =
            names.into_iter().map(|name| ColumnFamilyDescriptor::new(name, family_options.clone()));
        let db = Db::open_cf_descriptors(&db_options, &options.path, descriptors)
            .map_err(|error| from_open(&error, &options.path))?;

        let incoming = options.path.join("incoming");
        clear_directory(&incoming).map_err(|error| from_io(&error, &incoming))?;
        let shared = Shared {
            db: Arc::new(db),
            run_options: Arc::new(sorted_run_options(&options, &cache)),
            options: family_options,
            cache,
            opened: Instant::now(),
            incoming,
            next_file: AtomicU64::new(0),
        };
        Ok(Self {
            families: Mutex::default(),
            shared: Arc::new(shared),
            flush_interval: options.flush_interval,
        })
    }

    /// Flushes families whose oldest undurable change is older than the flush interval, oldest first, and at most an
    /// eighth of all per call, so that those which became dirty together drift apart. Blocks for each flush; returns
    /// how many there were. Call it about once per second.
    pub fn flush_dirty(&self) -> Result<usize> {
        let now = self.shared.now_ms();
        let interval = self.flush_interval.as_millis() as u64;
        let mut due: Vec<_> = {
            let families = self.families();
            let due = |family: &Arc<Family>| {
                let since = family.dirty_since_ms()?;
                (since.saturating_add(interval) <= now).then(|| (since, Arc::clone(family)))
            };
            families.values().filter_map(due).collect()
        };
        due.sort_by_key(|(since, _)| *since);
        due.truncate(self.families().len().div_ceil(8));
        due.iter().try_for_each(|(_, family)| family.flush())?;
        Ok(due.len())
    }

    fn families(&self) -> MutexGuard<'_, BTreeMap<FamilyId, Arc<Family>>> {
        self.families.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_family(&self, id: FamilyId) -> Result<Arc<Family>> {
        let mut families = self.families();
        if let Some(family) = families.get(&id) {
            return Ok(Arc::clone(family));
        }
        let name = family_name(id);
        let mut handle = Handle::new(&self.shared.db, &name);
        if handle.is_none() {
            self.shared.db.create_cf(&name, &self.shared.options).map_err(from_rocks)?;
            handle = Handle::new(&self.shared.db, &name);
        }
        let handle =
            handle.ok_or_else(|| Error::Io(format!("the family {name} vanished after it was made")))?;
        let family = Arc::new(Family::new(handle, Arc::clone(&self.shared)));
        families.insert(id, Arc::clone(&family));
        Ok(family)
    }
}

impl Database for RocksDatabase {
    fn family(&self, id: FamilyId) -> Result<Arc<dyn Store>> {
        Ok(Arc::new(RocksStore::new(self.open_family(id)?)))
    }

    fn usage(&self) -> Vec<(&'static str, u64)> {
        let families: Vec<_> = self.families().values().cloned().collect();
        let handles: Vec<_> = families.iter().map(|family| &*family.handle).collect();
        usage::usage(&handles, &self.shared.cache)
    }

    fn compact_deleted(&self) -> Result<()> {
        let families: Vec<_> = self.families().values().cloned().collect();
        let mut options = CompactOptions::default();
        options.set_exclusive_manual_compaction(false);
        options.set_bottommost_level_compaction(BottommostLevelCompaction::ForceOptimized);
        families.iter().try_for_each(|family| family.compact_deleted(&options))
    }

    fn close(&self) -> Result<()> {
        let families: Vec<_> = self.families().values().cloned().collect();
        families.iter().try_for_each(|family| family.flush())?;
        self.shared.db.cancel_all_background_work(true);
        Ok(())
    }
}

/// The families that a directory holds; none if there is no database yet.
pub(crate) fn existing_families(options: &Options, path: &Path) -> Result<Vec<String>> {
    if !path.join("CURRENT").exists() {
        return Ok(Vec::new());
    }
    Db::list_cf(options, path).map_err(|error| from_open(&error, path))
}

fn family_name(id: FamilyId) -> String {
    match id {
        FamilyId::Node => "node".to_owned(),
        FamilyId::Shard(shard) => format!("shard-{shard}"),
        FamilyId::Global => "global".to_owned(),
    }
}

fn clear_directory(path: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => fs::create_dir(path),
    }
}
