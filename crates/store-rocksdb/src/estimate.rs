//! How much lies in a range, without reading it.
use std::sync::Arc;

use lentic_store::{Cursor, Order, Result};
use rocksdb::{CStrLike, Range, ReadOptions, properties};

use crate::bounds::Bounds;
use crate::cursor::RocksCursor;
use crate::error::from_rocks;
use crate::pinned::Handle;

/// A range of at most this many entries is counted.
const COUNTED: u64 = 1_000;
/// Deleted entries that counting steps over before it gives up.
const SKIPPED: u64 = 20_000;

/// Estimates (entries, bytes): exact for a small range, else from the files' sizes and entries, with the range's share
/// of the memtables.
pub(crate) fn estimate(handle: &Arc<Handle>, bounds: &Bounds) -> Result<(u64, u64)> {
    if let Some(counted) = count(handle, bounds.clone()) {
        return Ok(counted);
    }
    let Some((start, end)) = bounds.finite(handle)? else { return Ok((0, 0)) };
    let files = handle.db().live_files().map_err(from_rocks)?;
    let (mut total, mut size, mut entries) = (0, 0, 0);
    for file in files.iter().filter(|file| file.column_family_name == handle.name()) {
        total += file.size as u64;
        let above = file.end_key.as_ref().is_none_or(|key| *key >= start);
        let below = file.start_key.as_ref().is_none_or(|key| *key < end);
        if above && below {
            size += file.size as u64;
            // A delete takes another entry with it.
            entries += file.num_entries.saturating_sub(2 * file.num_deletions);
        }
    }
    let bytes = handle
        .db()
        .get_approximate_sizes_cf(handle.family(), &[Range::new(&start, &end)])
        .first()
        .map_or(0, |&bytes| bytes.min(size));
    let mut memtable_entries = property(handle, properties::NUM_ENTRIES_ACTIVE_MEM_TABLE)?;
    memtable_entries += property(handle, properties::NUM_ENTRIES_IMM_MEM_TABLES)?;
    let memtable_bytes = property(handle, properties::CUR_SIZE_ALL_MEM_TABLES)?;
    let share = |whole: u64, part: u64, of: u64| {
        if of == 0 { whole } else { (u128::from(whole) * u128::from(part) / u128::from(of)) as u64 }
    };
    Ok((
        share(entries, bytes, size) + share(memtable_entries, bytes, total),
        bytes + share(memtable_bytes, bytes, total),
    ))
}

/// A number that RocksDB keeps of a family; one it does not know is 0.
pub(crate) fn property(handle: &Handle, name: impl CStrLike) -> Result<u64> {
    Ok(handle.db().property_int_value_cf(handle.family(), name).map_err(from_rocks)?.unwrap_or(0))
}

/// Counts a small range; `None` for a greater one, or if it is mostly deleted entries.
fn count(handle: &Arc<Handle>, bounds: Bounds) -> Option<(u64, u64)> {
    let mut options = ReadOptions::default();
    options.set_max_skippable_internal_keys(SKIPPED);
    let mut cursor = RocksCursor::new(handle, options, bounds, Order::Ascending);
    let (mut entries, mut bytes) = (0, 0);
    while entries <= COUNTED {
        let Some((key, value)) = cursor.next().ok()? else { return Some((entries, bytes)) };
        entries += 1;
        bytes += (key.len() + value.len()) as u64;
    }
    None
}
