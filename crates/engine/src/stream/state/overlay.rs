//! What a task has read and changed of one store since the last commit, and what it remembers of before.
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasherDefault;
use std::ops::Bound;
use std::sync::Arc;

use lentic_types::Timestamp;
use rustc_hash::FxHasher;

/// A row's key in its store, without the store's prefix.
pub type Key = Arc<[u8]>;

/// Timestamp and value; `None`: no row.
pub type StoredRow = Option<(Timestamp, Box<[u8]>)>;

type Map = HashMap<Key, u32, BuildHasherDefault<FxHasher>>;

/// A row, or that there is none.
#[derive(Clone, Debug)]
pub struct Entry {
    key: Key,
    /// `None`: no row.
    pub row: StoredRow,
    dirty: bool,
}

/// Bytes that an entry takes beside its key and value, about.
const ENTRY_BYTES: usize = 96;

/// Changed rows, and as many unchanged ones as fit: what was not asked for between two commits in which the limit was
/// reached is forgotten.
#[derive(Default)]
pub struct Overlay {
    recent: Generation,
    older: Generation,
    /// Places of the changed rows in the order of their first change: that of the changelog's records.
    dirty: Vec<u32>,
    /// Their keys sorted, once somebody has scanned.
    sorted: Option<BTreeSet<Key>>,
    dirty_bytes: usize,
}

/// Rows by key.
#[derive(Default)]
struct Generation {
    places: Map,
    entries: Vec<Entry>,
    bytes: usize,
}

impl Generation {
    fn find(&self, key: &[u8]) -> Option<u32> {
        self.places.get(key).copied()
    }

    fn add(&mut self, entry: Entry) -> u32 {
        let place = self.entries.len() as u32;
        self.bytes += size(&entry);
        self.places.insert(Arc::clone(&entry.key), place);
        self.entries.push(entry);
        place
    }
}

impl Overlay {
    /// What is known of a key.
    pub fn get(&mut self, key: &[u8]) -> Option<&Entry> {
        let place = self.find(key)?;
        self.recent.entries.get(place as usize)
    }

    /// The place of a key in the recent generation, to which it is moved from the older one.
    fn find(&mut self, key: &[u8]) -> Option<u32> {
        if let Some(place) = self.recent.find(key) {
            return Some(place);
        }
        let old = self.older.places.get(key).copied()?;
        let entry = self.older.entries[old as usize].clone();
        Some(self.recent.add(entry))
    }

    /// Remembers what the store holds.
    pub fn remember(&mut self, key: &[u8], row: StoredRow) -> &Entry {
        let place = self.recent.add(Entry { key: Key::from(key), row, dirty: false });
        &self.recent.entries[place as usize]
    }

    /// Changes a row.
    pub fn put(&mut self, key: &[u8], row: StoredRow) {
        let len = row.as_ref().map_or(0, |(_, value)| value.len());
        let Some(place) = self.recent.find(key) else {
            let place = self.recent.add(Entry { key: Key::from(key), row, dirty: true });
            return self.mark(place, len);
        };
        let entry = &mut self.recent.entries[place as usize];
        let before = entry.row.as_ref().map_or(0, |(_, value)| value.len());
        entry.row = row;
        self.recent.bytes = self.recent.bytes + len - before;
        if std::mem::replace(&mut entry.dirty, true) {
            self.dirty_bytes = (self.dirty_bytes + len).saturating_sub(before);
        } else {
            self.mark(place, len);
        }
    }

    fn mark(&mut self, place: u32, len: usize) {
        let key = &self.recent.entries[place as usize].key;
        self.dirty_bytes += key.len() + len + ENTRY_BYTES;
        if let Some(sorted) = &mut self.sorted {
            sorted.insert(Arc::clone(key));
        }
        self.dirty.push(place);
    }

    /// Changed rows of a range, in key order.
    pub fn changed(&mut self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Vec<(Key, StoredRow)> {
        if self.dirty.is_empty() {
            return Vec::new();
        }
        let recent = &self.recent;
        let all =
            || self.dirty.iter().map(|place| Arc::clone(&recent.entries[*place as usize].key)).collect();
        let sorted = self.sorted.get_or_insert_with(all);
        let keys = sorted.range::<[u8], _>((from, to));
        keys.filter_map(|key| {
            let place = recent.find(key)?;
            Some((Arc::clone(key), recent.entries[place as usize].row.clone()))
        })
        .collect()
    }

    /// Changed rows in the order of their first change.
    pub fn dirty(&self) -> impl ExactSizeIterator<Item = (&Key, &Entry)> {
        self.dirty.iter().map(|place| {
            let entry = &self.recent.entries[*place as usize];
            (&entry.key, entry)
        })
    }

    /// Bytes of all that is remembered.
    pub fn bytes(&self) -> usize {
        self.recent.bytes + self.older.bytes
    }

    /// Bytes of what was changed.
    pub fn dirty_bytes(&self) -> usize {
        self.dirty_bytes
    }

    /// The changes are in the store. Remembers at most about `limit` bytes.
    pub fn committed(&mut self, limit: usize) {
        for place in self.dirty.drain(..) {
            self.recent.entries[place as usize].dirty = false;
        }
        self.sorted = None;
        self.dirty_bytes = 0;
        if self.recent.bytes > limit / 2 {
            self.older = std::mem::take(&mut self.recent);
        }
    }
}

fn size(entry: &Entry) -> usize {
    ENTRY_BYTES + entry.key.len() + entry.row.as_ref().map_or(0, |(_, value)| value.len())
}
