//! Window stores.
use std::ops::Bound;

use lentic_format::KeyTime;
use lentic_store::{Order, Result, WriteBatch};
use lentic_topology::spec::{StoreIndex, StoreKind};
use lentic_types::Timestamp;

use super::State;
use super::store::{Row, TaskStore};

/// A row of a window store, copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowRow {
    /// The key proper.
    pub key: Vec<u8>,
    /// The window's start.
    pub start: i64,
    /// The row's time.
    pub timestamp: Timestamp,
    /// The value.
    pub value: Vec<u8>,
}

impl State {
    /// The row of a key's window; hidden if it has expired.
    pub fn window(&mut self, index: StoreIndex, key: &[u8], start: i64) -> Result<Option<Row<'_>>> {
        let store = self.at(index);
        if start < store.first_visible() {
            return Ok(None);
        }
        let key = store.window_key(key, start, 0);
        store.get(&key)
    }

    /// From which start on windows are seen once one of this start has been put.
    pub(crate) fn first_visible_at(&mut self, index: StoreIndex, start: i64) -> i64 {
        self.at(index).first_visible_at(start)
    }

    /// Sets the row of a key's window, or with `None` deletes it. One that has expired is dropped: `false`.
    pub fn put_window(
        &mut self,
        index: StoreIndex,
        key: &[u8],
        start: i64,
        value: Option<&[u8]>,
        timestamp: Timestamp,
    ) -> Result<bool> {
        let store = self.at(index);
        store.observed = store.observed.max(start);
        if start < store.first_kept() {
            return Ok(false);
        }
        let key = store.window_key(key, start, 0);
        store.put(&key, value.map(|value| (timestamp, value)))?;
        Ok(true)
    }

    /// Adds a row beside what the window holds: stores that keep duplicates.
    pub fn add_to_window(&mut self, index: StoreIndex, key: &[u8], start: i64, value: &[u8]) -> Result<bool> {
        let store = self.at(index);
        store.observed = store.observed.max(start);
        store.sequence = store.sequence.wrapping_add(1);
        if start < store.first_kept() {
            return Ok(false);
        }
        let key = store.window_key(key, start, store.sequence);
        store.put(&key, Some((Timestamp(start), value)))?;
        Ok(true)
    }

    /// The rows of a key whose windows start from one time to another (inclusive), oldest first.
    pub fn windows(
        &mut self,
        index: StoreIndex,
        key: &[u8],
        from: i64,
        to: i64,
        order: Order,
    ) -> Result<Vec<WindowRow>> {
        let store = self.at(index);
        let from = from.max(store.first_visible());
        if from > to {
            return Ok(Vec::new());
        }
        let (mut start, mut end) = (Vec::new(), Vec::new());
        store.layout.seek_key(key, Timestamp(from), &mut start);
        let upper = match to.checked_add(1) {
            Some(after) => {
                store.layout.seek_key(key, Timestamp(after), &mut end);
                Bound::Excluded(&*end)
            }
            None => {
                // The greatest start sorts before every other prefix.
                store.layout.seek_key(key, Timestamp(to), &mut end);
                end.extend_from_slice(&[0xff; 4]);
                Bound::Included(&*end)
            }
        };
        let (layout, mut rows) = (store.layout, Vec::new());
        store.scan(Bound::Included(&start), upper, order, &mut |stored, row| {
            if let Some(time) = layout.time(stored) {
                let (start, timestamp) = (time.start().0, row.timestamp);
                rows.push(WindowRow { key: key.to_vec(), start, timestamp, value: row.value.to_vec() });
            }
            true
        })?;
        Ok(rows)
    }

    /// The rows of all keys whose windows start from one time to another (inclusive), by start, then by key.
    pub fn windows_by_start(&mut self, index: StoreIndex, from: i64, to: i64) -> Result<Vec<WindowRow>> {
        let store = self.at(index);
        let keys = store.keys_by_time(from.max(store.first_visible()), to)?;
        let mut rows = Vec::with_capacity(keys.len());
        for stored in keys {
            let Some(time) = store.layout.time(&stored) else { continue };
            let mut key = Vec::new();
            if store.layout.inner_of_stored(&stored, &mut key).is_err() {
                continue;
            }
            if let Some(row) = store.get(&stored)? {
                let (start, timestamp) = (time.start().0, row.timestamp);
                rows.push(WindowRow { key, start, timestamp, value: row.value.to_vec() });
            }
        }
        Ok(rows)
    }
}

impl TaskStore {
    fn window_key(&self, key: &[u8], start: i64, sequence: u32) -> Vec<u8> {
        let mut stored = Vec::with_capacity(key.len() + 16);
        let time = KeyTime::Window { start: Timestamp(start), sequence: Some(sequence) };
        self.layout.store_key(key, time, &mut stored);
        stored
    }

    /// Stored keys by time, oldest first.
    pub(super) fn keys_by_time(&self, from: i64, to: i64) -> Result<Vec<Vec<u8>>> {
        let mut keys = Vec::new();
        if let Some(times) = &self.times {
            times.scan(&*self.place.store, from, to, &mut |_, key| {
                keys.push(key.to_vec());
                true
            })?;
        }
        Ok(keys)
    }

    /// Removes rows that no read can see any more, without a word to the changelog, whose retention does the same. Only what is
    /// committed: between commits the overlay knows better.
    pub(super) fn expire(&mut self, rows: usize) -> Result<()> {
        if self.is_dirty() {
            return Ok(());
        }
        match self.spec.kind {
            StoreKind::Versioned { .. } => self.expire_versions(rows),
            StoreKind::Window { .. } | StoreKind::Session { .. } => self.expire_windows(rows),
            StoreKind::KeyValue | StoreKind::Ordered => Ok(()),
        }
    }

    fn expire_windows(&self, rows: usize) -> Result<()> {
        let Some(times) = &self.times else { return Ok(()) };
        let (before, mut batch, mut count) = (self.first_kept().saturating_sub(1), WriteBatch::default(), 0);
        times.scan(&*self.place.store, i64::MIN, before, &mut |time, key| {
            batch.delete_parts(&[times.prefix().as_bytes(), &super::timed::sortable(time), key]);
            batch.delete_parts(&[self.prefix().as_bytes(), key]);
            count += 1;
            count < rows
        })?;
        if count > 0 {
            self.place.store.apply(&batch)?;
            // What is remembered of them is hidden from reads all the same.
        }
        Ok(())
    }
}
