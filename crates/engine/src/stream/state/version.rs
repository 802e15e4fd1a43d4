//! Versioned stores: every value of a key with the time since when it holds.
use std::ops::Bound;

use lentic_format::{KeyTime, read_version};
use lentic_store::layout::{RowPrefix, RowView};
use lentic_store::{KeyRange, Order, Result, WriteBatch};
use lentic_topology::spec::StoreIndex;
use lentic_types::Timestamp;

use super::State;
use super::store::{TaskStore, versioned};

/// A version of a row, copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// Since when it holds.
    pub valid_from: i64,
    /// The value; `None`: the row was deleted then.
    pub value: Option<Vec<u8>>,
}

impl State {
    /// The version of a key in force at a time; `None` also where that is further back than the store remembers, which
    /// it does of the latest version at any time.
    pub fn version_at(&mut self, index: StoreIndex, key: &[u8], at: i64) -> Result<Option<Versioned>> {
        let store = self.at(index);
        let found = store.find_version(key, at)?;
        let Some(found) = found else { return Ok(None) };
        if at >= store.history_start() {
            return Ok(Some(found));
        }
        let latest = store.find_version(key, i64::MAX)?;
        Ok(latest.filter(|latest| latest.valid_from == found.valid_from))
    }

    /// The latest version of a key.
    pub fn latest_version(&mut self, index: StoreIndex, key: &[u8]) -> Result<Option<Versioned>> {
        self.at(index).find_version(key, i64::MAX)
    }

    /// Adds a version. `None`: it is older than the store remembers, and dropped; else whether it is the latest.
    pub fn put_version(
        &mut self,
        index: StoreIndex,
        key: &[u8],
        value: Option<&[u8]>,
        valid_from: i64,
    ) -> Result<Option<bool>> {
        let store = self.at(index);
        if valid_from < store.history_start() {
            return Ok(None);
        }
        store.observed = store.observed.max(valid_from);
        let is_latest =
            store.find_version(key, i64::MAX)?.is_none_or(|latest| latest.valid_from <= valid_from);
        let mut stored = Vec::with_capacity(key.len() + 12);
        store.layout.store_key(key, KeyTime::Version { valid_from: Timestamp(valid_from) }, &mut stored);
        store.put(&stored, Some((Timestamp(valid_from), &versioned(value))))?;
        Ok(Some(is_latest))
    }
}

impl TaskStore {
    /// The earliest time that can be read of keys that have changed since.
    fn history_start(&self) -> i64 {
        self.observed.saturating_sub(self.retention_ms().unwrap_or(i64::MAX))
    }

    /// Removes versions that were replaced before the history starts, and deletes with nothing before them.
    ///
    /// A version is listed by its own time, which is when the one before it was replaced: once that time has left the history,
    /// what lies before it goes, and the entry with it. The version itself goes by the entry of its successor, if it gets one.
    pub(super) fn expire_versions(&self, rows: usize) -> Result<()> {
        let Some(times) = &self.times else { return Ok(()) };
        let family = &*self.place.store;
        let mut replacing = Vec::new();
        // A version of just that time may still be put once more.
        times.scan(family, i64::MIN, self.history_start().saturating_sub(1), &mut |time, key| {
            replacing.push((time, key.to_vec()));
            replacing.len() < rows
        })?;
        let mut batch = WriteBatch::default();
        for (time, key) in replacing {
            batch.delete_parts(&[times.prefix().as_bytes(), &super::timed::sortable(time), &key]);
            let full = |key: &[u8]| [self.prefix().as_bytes(), key].concat();
            let Some(of_key) = key.len().checked_sub(size_of::<i64>()) else { continue };
            let oldest = [&key[..of_key], &[0xff; 9]].concat();
            let range = KeyRange { start: Bound::Included(full(&key)), end: Bound::Excluded(full(&oldest)) };
            let mut cursor = family.cursor(range, Order::Ascending)?;
            while let Some((found, value)) = cursor.next()? {
                let is_itself = RowPrefix::strip(found) == key;
                if !is_itself || read_version(RowView::read(value)?.value) == Some(None) {
                    batch.delete(found);
                }
            }
        }
        if batch.is_empty() { Ok(()) } else { family.apply(&batch) }
    }

    fn find_version(&mut self, key: &[u8], at: i64) -> Result<Option<Versioned>> {
        let (mut start, mut end) = (Vec::new(), Vec::new());
        self.layout.seek_key(key, Timestamp(at), &mut start);
        self.layout.prefix(key, &mut end);
        end.extend_from_slice(&[0xff; 9]);
        let (layout, mut found) = (self.layout, None);
        self.scan(Bound::Included(&start), Bound::Excluded(&end), Order::Ascending, &mut |stored, row| {
            let (time, value) = (layout.time(stored), read_version(row.value));
            if let (Some(KeyTime::Version { valid_from }), Some(value)) = (time, value) {
                found = Some(Versioned { valid_from: valid_from.0, value: value.map(<[u8]>::to_vec) });
            }
            false
        })?;
        Ok(found)
    }
}
