//! How RocksDB is set up, in one place.
use std::path::PathBuf;
use std::time::Duration;

use rocksdb::{
    BlockBasedOptions, BlockBasedTablePinningTier, Cache, DBCompressionType, DataBlockIndexType, Env,
    LogLevel, Options, WriteBufferManager,
};

use crate::durable::DurableFamilyOptions;

/// How a [`RocksDatabase`](crate::RocksDatabase) is opened.
#[derive(Clone, Debug)]
pub struct RocksOptions {
    /// The directory; made if it is missing. Default `state`.
    pub path: PathBuf,
    /// The one budget of memory, in bytes: blocks, indexes, filters and, charged to it, the write buffers of all
    /// families. Default 256 MiB.
    pub block_cache_bytes: usize,
    /// How much of it the write buffers of all families may take before the oldest is flushed. Default 64 MiB.
    pub write_buffer_bytes: usize,
    /// Threads for flushes and compactions. Default 2.
    pub background_threads: u32,
    /// How long a change may stay undurable before [`flush_dirty`](crate::RocksDatabase::flush_dirty) flushes its
    /// family. Default 10 s.
    pub flush_interval: Duration,
    /// Files kept open; a quarter of them is read without a lookup. Default 512, which fits the usual limit of 1,024
    /// per process.
    pub max_open_files: i32,
}

impl Default for RocksOptions {
    fn default() -> Self {
        Self {
            path: PathBuf::from("state"),
            block_cache_bytes: 256 << 20,
            write_buffer_bytes: 64 << 20,
            background_threads: 2,
            flush_interval: Duration::from_secs(10),
            max_open_files: 512,
        }
    }
}

/// What a family is tuned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads of single keys: small blocks with a hash index, filters.
    Point,
    /// Appending and reading in order: large blocks, no filters.
    Sequential,
}

/// How blocks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// Fast.
    Lz4,
    /// Small.
    Zstd,
}

/// The smallest arena block: 64 families must not fill the budget with memory that holds nothing.
const ARENA_BLOCK_BYTES: usize = 64 << 10;
/// A memtable's filter, which spares most reads the walk through it.
const MEMTABLE_FILTER_BYTES: f64 = (64 << 10) as f64;

/// Small blocks: a read that misses the cache copies less, and what is hot takes along less that is not.
const POINT_BLOCK_BYTES: usize = 2 << 10;

/// What both kinds of database have in common.
pub(crate) fn database_options(background_threads: u32) -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_max_background_jobs(background_threads.max(2) as i32);
    options.set_max_open_files(512);
    options.set_bytes_per_sync(1 << 20);
    options.set_skip_stats_update_on_db_open(true);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(2);
    options.set_max_log_file_size(4 << 20);
    options
}

/// Options of the state database as a whole.
pub(crate) fn state_options(options: &RocksOptions, buffers: &WriteBufferManager) -> Options {
    let mut database = database_options(options.background_threads);
    database.set_write_buffer_manager(buffers);
    database.set_max_open_files(options.max_open_files);
    // Compactions take what reads and restores leave: nothing waits for them.
    if let Ok(mut environment) = Env::new() {
        environment.lower_thread_pool_cpu_priority();
        database.set_env(&environment);
    }
    database
}

/// Files at level 0 of a family above which a restore waits for compactions: every read looks into all of them.
pub(crate) const RESTORE_L0_FILES: u64 = 24;
/// And above which live writes, of all families, would be held up: far beyond what a restore leads to.
const STALL_L0_FILES: i32 = 400;

/// Options of each of its families.
pub(crate) fn state_family_options(options: &RocksOptions, cache: &Cache) -> Options {
    let mut family = family_options(Access::Point, Compression::Lz4, cache);
    let buffer = (options.write_buffer_bytes / 2).clamp(1 << 20, 64 << 20);
    family.set_write_buffer_size(buffer);
    family.set_max_write_buffer_number(4);
    family.set_memtable_whole_key_filtering(true);
    family.set_memtable_prefix_bloom_ratio(MEMTABLE_FILTER_BYTES / buffer as f64);
    // One family's restore must not hold up the writes of the others.
    family.set_level_zero_slowdown_writes_trigger(STALL_L0_FILES);
    family.set_level_zero_stop_writes_trigger(STALL_L0_FILES);
    family.set_soft_pending_compaction_bytes_limit(0);
    family.set_hard_pending_compaction_bytes_limit(0);
    family
}

/// Options of the files of a sorted run: not compressed, because a restore is bound by the processor and compaction
/// writes what it touches anew.
pub(crate) fn sorted_run_options(options: &RocksOptions, cache: &Cache) -> Options {
    let mut file = state_family_options(options, cache);
    file.set_compression_type(DBCompressionType::None);
    file
}

/// Options of a family of a durable database.
pub(crate) fn durable_family_options(
    options: &DurableFamilyOptions,
    write_buffer_bytes: usize,
    cache: &Cache,
) -> Options {
    let mut family = family_options(options.access, options.compression, cache);
    family.set_write_buffer_size(write_buffer_bytes);
    family
}

fn family_options(access: Access, compression: Compression, cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_block_based_table_factory(&table_options(access, cache));
    options.set_compression_type(match compression {
        Compression::None => DBCompressionType::None,
        Compression::Lz4 => DBCompressionType::Lz4,
        Compression::Zstd => DBCompressionType::Zstd,
    });
    options.set_arena_block_size(ARENA_BLOCK_BYTES);
    options.set_level_compaction_dynamic_level_bytes(true);
    options
}

fn table_options(access: Access, cache: &Cache) -> BlockBasedOptions {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_cache_index_and_filter_blocks(true);
    table.set_cache_index_and_filter_blocks_with_high_priority(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_optimize_filters_for_memory(true);
    // Charged to the cache like everything else, and found without looking there: two of a read's three look-ups less.
    table.set_unpartitioned_pinning_tier(BlockBasedTablePinningTier::All);
    match access {
        Access::Point => {
            table.set_block_size(POINT_BLOCK_BYTES);
            table.set_bloom_filter(10.0, false);
            table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
            table.set_data_block_hash_ratio(0.75);
        }
        Access::Sequential => table.set_block_size(32 << 10),
    }
    table
}
