//! What a topology's stores hold.
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

use lentic_engine::stream::{GlobalRow, Globals, Row, SessionRow, State, WindowRow};
use lentic_topology::spec::{StoreIndex, StoreKind};
use lentic_topology::{Data, Plan, Window};
use lentic_types::{Timestamp, TopicName};

use super::TestDriver;

/// A row of a key-value store: key, value, timestamp.
pub type StoreRow<K, V> = (K, V, i64);
/// A row of a window store: key, window, value, timestamp.
pub type WindowEntry<K, V> = (K, Window, V, i64);
/// A row of a session store: key, session, value.
pub type SessionEntry<K, V> = (K, Window, V);

impl TestDriver {
    /// All rows of a key-value store, in key order within each partition, uncommitted changes included.
    ///
    /// # Panics
    /// If there is no such store, or a row doesn't decode.
    pub fn rows<K: Data, V: Data>(&mut self, store: &str) -> Vec<StoreRow<K, V>> {
        let index = self.store(store);
        let mut rows = Vec::new();
        for task in self.tasks.values_mut() {
            if task.state().place(index).is_none() {
                continue;
            }
            let found = task.state().scan(index, Bound::Unbounded, Bound::Unbounded, &mut |key, row| {
                rows.push(typed(key, row));
                true
            });
            found.expect("rows are read");
        }
        rows
    }

    /// The row of a key in a key-value store.
    ///
    /// # Panics
    /// As [`TestDriver::rows`].
    pub fn row<K: Data + PartialEq, V: Data>(&mut self, store: &str, key: &K) -> Option<V> {
        self.rows::<K, V>(store).into_iter().find(|(found, ..)| found == key).map(|(_, value, _)| value)
    }

    /// The windows of a window store that can be read, by start.
    ///
    /// # Panics
    /// As [`TestDriver::rows`].
    pub fn windows<K: Data, V: Data>(&mut self, store: &str) -> Vec<WindowEntry<K, V>> {
        let index = self.store(store);
        let mut found = Vec::new();
        for task in self.tasks.values_mut() {
            if task.state().place(index).is_some() {
                found.extend(windows(&self.plan, task.state(), index));
            }
        }
        found
    }

    /// The sessions of a session store that can be read, by end.
    ///
    /// # Panics
    /// As [`TestDriver::rows`].
    pub fn sessions<K: Data, V: Data>(&mut self, store: &str) -> Vec<SessionEntry<K, V>> {
        let index = self.store(store);
        let mut found = Vec::new();
        for task in self.tasks.values_mut() {
            if task.state().place(index).is_some() {
                found.extend(sessions(task.state(), index));
            }
        }
        found
    }

    /// The value of a key at a time in a versioned store, and since when it held.
    ///
    /// # Panics
    /// As [`TestDriver::rows`].
    pub fn version_at<K: Data, V: Data>(&mut self, store: &str, key: &K, at: i64) -> Option<(V, i64)> {
        let index = self.store(store);
        let mut bytes = Vec::new();
        key.encode(&mut bytes).expect("a key has bytes");
        for task in self.tasks.values_mut() {
            if task.state().place(index).is_none() {
                continue;
            }
            let found = task.state().version_at(index, &bytes, at).expect("rows are read");
            if let Some(version) = found
                && let Some(value) = version.value
            {
                return Some((V::decode(&value).expect("a value"), version.valid_from));
            }
        }
        None
    }

    /// All rows of the global table of a topic, in key order.
    ///
    /// # Panics
    /// If no global table has this topic, or a row doesn't decode.
    pub fn global_rows<K: Data, V: Data>(&self, topic: &str) -> Vec<StoreRow<K, V>> {
        let number = self.plan.globals().iter().position(|global| global.topic.as_str() == topic);
        let tables = self.globals.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = &tables[number.unwrap_or_else(|| panic!("no global table is read from {topic}"))];
        let typed = |(key, (value, timestamp)): (&Vec<u8>, &GlobalRow)| {
            (K::decode(key).expect("a key"), V::decode(value).expect("a value"), timestamp.0)
        };
        rows.iter().map(typed).collect()
    }

    fn store(&self, name: &str) -> StoreIndex {
        let place = self.plan.stores().iter().position(|store| store.name.as_str() == name);
        StoreIndex(place.unwrap_or_else(|| panic!("the topology has no store {name}")))
    }

    pub(super) fn feed_globals(
        &self,
        topic: &TopicName,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: i64,
    ) {
        for (number, global) in self.plan.globals().iter().enumerate() {
            if global.topic == *topic
                && let Some(key) = key
            {
                self.globals.put(number, key, value, Timestamp(timestamp));
            }
        }
    }
}

/// A row of a key-value store, decoded.
pub(crate) fn typed<K: Data, V: Data>(key: &[u8], row: Row<'_>) -> StoreRow<K, V> {
    (K::decode(key).expect("a key"), V::decode(row.value).expect("a value"), row.timestamp.0)
}

/// The windows of one partition that can be read, by start.
pub(crate) fn windows<K: Data, V: Data>(
    plan: &Plan,
    state: &mut State,
    index: StoreIndex,
) -> Vec<WindowEntry<K, V>> {
    let StoreKind::Window { size_ms: size, .. } = plan.store(index).kind else {
        panic!("{} is no window store", plan.store(index).name);
    };
    let rows = state.windows_by_start(index, i64::MIN, i64::MAX).expect("rows are read");
    let entry = |row: WindowRow| {
        let window = Window { start: row.start, end: row.start.saturating_add(size) };
        let (key, value) = (K::decode(&row.key), V::decode(&row.value));
        (key.expect("a key"), window, value.expect("a value"), row.timestamp.0)
    };
    rows.into_iter().map(entry).collect()
}

/// The sessions of one partition that can be read, by end.
pub(crate) fn sessions<K: Data, V: Data>(state: &mut State, index: StoreIndex) -> Vec<SessionEntry<K, V>> {
    let rows = state.sessions_by_end(index, i64::MIN, i64::MAX).expect("rows are read");
    let entry = |row: SessionRow| {
        let (key, value) = (K::decode(&row.key), V::decode(&row.value));
        (key.expect("a key"), row.window, value.expect("a value"))
    };
    rows.into_iter().map(entry).collect()
}

type Rows = BTreeMap<Vec<u8>, GlobalRow>;

/// Global tables in memory.
pub(super) struct GlobalRows(Mutex<Vec<Rows>>);

impl GlobalRows {
    pub(super) fn new(count: usize) -> Self {
        Self(Mutex::new(vec![BTreeMap::new(); count]))
    }

    fn put(&self, table: usize, key: &[u8], value: Option<&[u8]>, timestamp: Timestamp) {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match value {
            Some(value) => drop(tables[table].insert(key.to_vec(), (value.to_vec(), timestamp))),
            None => drop(tables[table].remove(key)),
        }
    }
}

impl Globals for GlobalRows {
    fn get(&self, table: usize, key: &[u8]) -> Result<Option<GlobalRow>, lentic_store::Error> {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(tables.get(table).and_then(|rows| rows.get(key)).cloned())
    }
}
