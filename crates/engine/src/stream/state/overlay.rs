//! What a task has read and changed of one store since the last commit, and what it remembers of before.
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasherDefault;
use std::ops::Bound;
use std::sync::Arc;

use lentic_types::Timestamp;
use rustc_hash::FxHasher;

/// A row's key in its store, without the store's prefix.
pub type Key = Arc<[u8]>;

type Map = HashMap<Key, Entry, BuildHasherDefault<FxHasher>>;

/// A row, or that there is none.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `None`: no row.
    pub row: Option<(Timestamp, Box<[u8]>)>,
    dirty: bool,
}

/// Bytes that an entry takes beside its key and value, about.
const ENTRY_BYTES: usize = 96;

/// Changed rows, and as many unchanged ones as fit: what was not asked for between two commits in which the limit was
/// reached is forgotten.
#[derive(Default)]
pub struct Overlay {
    recent: Map,
    older: Map,
    /// Changed keys in the order of their first change: that of the changelog's records.
    dirty: Vec<Key>,
    /// The same sorted, once somebody has scanned.
    sorted: Option<BTreeSet<Key>>,
    bytes: usize,
    dirty_bytes: usize,
}

impl Overlay {
    /// What is known of a key.
    pub fn get(&mut self, key: &[u8]) -> Option<&Entry> {
        if !self.recent.contains_key(key) {
            let (key, entry) = self.older.remove_entry(key)?;
            self.bytes += size(&key, &entry);
            self.recent.insert(key, entry);
        }
        self.recent.get(key)
    }

    /// Remembers what the store holds.
    pub fn remember(&mut self, key: &[u8], row: Option<(Timestamp, Box<[u8]>)>) -> &Entry {
        let (key, entry) = (Key::from(key), Entry { row, dirty: false });
        self.bytes += size(&key, &entry);
        self.recent.entry(key).or_insert(entry)
    }

    /// Changes a row.
    pub fn put(&mut self, key: &[u8], row: Option<(Timestamp, Box<[u8]>)>) {
        self.older.remove(key);
        let len = row.as_ref().map_or(0, |(_, value)| value.len());
        if let Some(entry) = self.recent.get_mut(key) {
            let before = entry.row.as_ref().map_or(0, |(_, value)| value.len());
            self.bytes = self.bytes + len - before;
            entry.row = row;
            if std::mem::replace(&mut entry.dirty, true) {
                self.dirty_bytes = (self.dirty_bytes + len).saturating_sub(before);
                return;
            }
            let (key, _) = self.recent.get_key_value(key).expect("it was found a moment ago");
            let key = Arc::clone(key);
            self.mark(key, len);
            return;
        }
        let (key, entry) = (Key::from(key), Entry { row, dirty: true });
        self.bytes += size(&key, &entry);
        self.recent.insert(Arc::clone(&key), entry);
        self.mark(key, len);
    }

    fn mark(&mut self, key: Key, len: usize) {
        self.dirty_bytes += key.len() + len + ENTRY_BYTES;
        if let Some(sorted) = &mut self.sorted {
            sorted.insert(Arc::clone(&key));
        }
        self.dirty.push(key);
    }

    /// Changed rows of a range, in key order.
    pub fn changed(
        &mut self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> Vec<(Key, Option<(Timestamp, Box<[u8]>)>)> {
        if self.dirty.is_empty() {
            return Vec::new();
        }
        let sorted = self.sorted.get_or_insert_with(|| self.dirty.iter().cloned().collect());
        let keys = sorted.range::<[u8], _>((from, to));
        keys.filter_map(|key| Some((Arc::clone(key), self.recent.get(key)?.row.clone()))).collect()
    }

    /// Changed rows in the order of their first change.
    pub fn dirty(&self) -> impl ExactSizeIterator<Item = (&Key, &Entry)> {
        self.dirty.iter().map(|key| (key, self.recent.get(key).expect("changed rows are never forgotten")))
    }

    /// Bytes of all that is remembered.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes of what was changed.
    pub fn dirty_bytes(&self) -> usize {
        self.dirty_bytes
    }

    /// The changes are in the store. Remembers at most about `limit` bytes.
    pub fn committed(&mut self, limit: usize) {
        for key in std::mem::take(&mut self.dirty) {
            if let Some(entry) = self.recent.get_mut(&key) {
                entry.dirty = false;
            }
        }
        self.sorted = None;
        self.dirty_bytes = 0;
        if self.bytes > limit / 2 {
            self.older = std::mem::take(&mut self.recent);
            self.bytes = 0;
        }
    }
}

fn size(key: &Key, entry: &Entry) -> usize {
    ENTRY_BYTES + key.len() + entry.row.as_ref().map_or(0, |(_, value)| value.len())
}
