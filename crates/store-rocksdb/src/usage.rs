//! What a database takes of memory and disk.
use rocksdb::{Cache, properties};

use crate::estimate::property;
use crate::pinned::Handle;

/// (name, bytes) pairs; a number that cannot be had is 0.
pub(crate) fn usage(families: &[&Handle], cache: &Cache) -> Vec<(&'static str, u64)> {
    let sum = |name| families.iter().map(|family| property(family, name).unwrap_or(0)).sum();
    vec![
        ("block_cache_bytes", cache.get_usage() as u64),
        ("block_cache_pinned_bytes", cache.get_pinned_usage() as u64),
        ("memtable_bytes", sum(properties::SIZE_ALL_MEM_TABLES)),
        ("table_reader_bytes", sum(properties::ESTIMATE_TABLE_READERS_MEM)),
        ("live_sst_bytes", sum(properties::LIVE_SST_FILES_SIZE)),
        ("pending_compaction_bytes", sum(properties::ESTIMATE_PENDING_COMPACTION_BYTES)),
    ]
}
