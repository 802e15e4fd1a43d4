//! Session stores.
use std::ops::Bound;

use lentic_format::KeyTime;
use lentic_store::{Order, Result};
use lentic_topology::Window;
use lentic_topology::spec::StoreIndex;
use lentic_types::Timestamp;

use super::State;
use super::store::Row;

/// A row of a session store, copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The key proper.
    pub key: Vec<u8>,
    /// First and last time.
    pub window: Window,
    /// The value.
    pub value: Vec<u8>,
}

impl State {
    /// The sessions of a key that end at or after `earliest_end` and start at or before `latest_start`, by their ends.
    pub fn sessions(
        &mut self,
        index: StoreIndex,
        key: &[u8],
        earliest_end: i64,
        latest_start: i64,
    ) -> Result<Vec<SessionRow>> {
        let store = self.at(index);
        let from = earliest_end.max(store.first_visible());
        let mut start = Vec::new();
        store.layout.seek_key(key, Timestamp(from), &mut start);
        let mut end = Vec::new();
        store.layout.seek_key(key, Timestamp(i64::MAX), &mut end);
        end.extend_from_slice(&[0xff; 8]);
        let (layout, mut rows) = (store.layout, Vec::new());
        store.scan(
            Bound::Included(&start),
            Bound::Included(&end),
            Order::Ascending,
            &mut |stored, row| {
                let Some(KeyTime::Session { start, end }) = layout.time(stored) else { return true };
                if start.0 <= latest_start {
                    let window = Window { start: start.0, end: end.0 };
                    rows.push(SessionRow { key: key.to_vec(), window, value: row.value.to_vec() });
                }
                true
            },
        )?;
        Ok(rows)
    }

    /// The row of a key's session; hidden if it has expired.
    pub fn session(&mut self, index: StoreIndex, key: &[u8], window: Window) -> Result<Option<Row<'_>>> {
        let store = self.at(index);
        if window.end < store.first_visible() {
            return Ok(None);
        }
        let mut stored = Vec::with_capacity(key.len() + 20);
        let (start, end) = (Timestamp(window.start), Timestamp(window.end));
        store.layout.store_key(key, KeyTime::Session { start, end }, &mut stored);
        store.get(&stored)
    }

    /// From which end on sessions are kept once one of this end has been put.
    pub(crate) fn first_kept_at(&mut self, index: StoreIndex, end: i64) -> i64 {
        self.at(index).first_kept_at(end)
    }

    /// Sets the row of a key's session, or with `None` deletes it. One that has expired is dropped: `false`.
    pub fn put_session(
        &mut self,
        index: StoreIndex,
        key: &[u8],
        window: Window,
        value: Option<&[u8]>,
    ) -> Result<bool> {
        let store = self.at(index);
        store.observed = store.observed.max(window.end);
        if window.end < store.first_kept() {
            return Ok(false);
        }
        let mut stored = Vec::with_capacity(key.len() + 20);
        let (start, end) = (Timestamp(window.start), Timestamp(window.end));
        store.layout.store_key(key, KeyTime::Session { start, end }, &mut stored);
        store.put(&stored, value.map(|value| (end, value)))?;
        Ok(true)
    }

    /// The sessions of all keys that end from one time to another (inclusive), by end, start and key.
    pub fn sessions_by_end(&mut self, index: StoreIndex, from: i64, to: i64) -> Result<Vec<SessionRow>> {
        let from = from.max(self.at(index).first_visible());
        self.closing_sessions(index, from, to)
    }

    /// The same, and those too that other reads don't see any more, as long as they are kept: for results at the end of
    /// sessions.
    pub fn closing_sessions(&mut self, index: StoreIndex, from: i64, to: i64) -> Result<Vec<SessionRow>> {
        let store = self.at(index);
        let keys = store.keys_by_time(from.max(store.first_kept()), to)?;
        let mut rows = Vec::with_capacity(keys.len());
        for stored in keys {
            let Some(KeyTime::Session { start, end }) = store.layout.time(&stored) else { continue };
            let mut key = Vec::new();
            if store.layout.inner_of_stored(&stored, &mut key).is_err() {
                continue;
            }
            if let Some(row) = store.get(&stored)? {
                let window = Window { start: start.0, end: end.0 };
                rows.push(SessionRow { key, window, value: row.value.to_vec() });
            }
        }
        rows.sort_by(|one, other| {
            let place = |row: &SessionRow| (row.window.end, row.window.start);
            place(one).cmp(&place(other)).then_with(|| one.key.cmp(&other.key))
        });
        Ok(rows)
    }
}
