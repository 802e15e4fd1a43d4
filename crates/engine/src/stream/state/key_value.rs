//! Key-value stores, and stores whose keys are in an order of their maker's.
use std::ops::Bound;

use lentic_store::{Order, Result};
use lentic_topology::spec::StoreIndex;
use lentic_types::Timestamp;

use super::State;
use super::store::{Row, TaskStore};

impl State {
    /// The row of a key.
    pub fn get(&mut self, index: StoreIndex, key: &[u8]) -> Result<Option<Row<'_>>> {
        let store = self.at(index);
        if store.is_identity {
            return store.get(key);
        }
        let key = store.plain(key);
        store.get(&key)
    }

    /// Sets the row of a key, or with `None` deletes it.
    pub fn put(
        &mut self,
        index: StoreIndex,
        key: &[u8],
        value: Option<&[u8]>,
        timestamp: Timestamp,
    ) -> Result<()> {
        let store = self.at(index);
        let row = value.map(|value| (timestamp, value));
        if store.is_identity {
            return store.put(key, row);
        }
        let key = store.plain(key);
        store.put(&key, row)
    }

    /// The rows between two keys as the log has them, in the order of the store; `visit` returns whether to go on.
    pub fn scan(
        &mut self,
        index: StoreIndex,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        visit: &mut dyn FnMut(&[u8], Row<'_>) -> bool,
    ) -> Result<()> {
        let store = self.at(index);
        let (from, to) = (from.map(|key| store.plain(key)), to.map(|key| store.plain(key)));
        let layout = store.layout;
        let mut wire = Vec::new();
        store.scan(as_slice(&from), as_slice(&to), Order::Ascending, &mut |key, row| {
            wire.clear();
            layout.to_wire(key, &mut wire).is_err() || visit(&wire, row)
        })
    }

    /// Keys of a timed store by the time of their rows, oldest first, up to `to` (inclusive); `visit` gets time and key.
    pub fn by_time(
        &mut self,
        index: StoreIndex,
        from: i64,
        to: i64,
        visit: &mut dyn FnMut(i64, &[u8]) -> bool,
    ) -> Result<()> {
        let store = self.at(index);
        let Some(times) = &store.times else { return Ok(()) };
        let layout = store.layout;
        let mut wire = Vec::new();
        times.scan(&*store.place.store, from, to, &mut |time, key| {
            wire.clear();
            layout.to_wire(key, &mut wire).is_err() || visit(time, &wire)
        })
    }
}

impl TaskStore {
    /// A key's form in the store. Keys that sort as they are stay as they are.
    fn plain(&self, key: &[u8]) -> Vec<u8> {
        let mut ordered = Vec::with_capacity(key.len() + 1);
        self.layout.to_store(key, Timestamp::NONE, &mut ordered);
        ordered
    }

    /// Deletes rows that have outlived the store's time to live.
    pub(super) fn outlive(&mut self, stream_time: Timestamp, rows: usize) -> Result<()> {
        let Some(ttl) = self.spec.ttl else { return Ok(()) };
        let Some(times) = &self.times else { return Ok(()) };
        let mut old = Vec::new();
        let before = stream_time.0.saturating_sub(ttl.ttl_ms).saturating_sub(1);
        times.scan(&*self.place.store, i64::MIN, before, &mut |_, key| {
            old.push(key.to_vec());
            old.len() < rows
        })?;
        old.into_iter().try_for_each(|key| self.put(&key, None))
    }
}

fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}
