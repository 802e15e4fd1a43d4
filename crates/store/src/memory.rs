//! A store in memory: for tests, and for programs that want their replica without a disk.
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use imbl::OrdMap;

use crate::{
    Cursor, Database, FamilyId, KeyRange, Order, ReadStore, Result, SortedRun, Store, Tier, WriteBatch,
};

type Map = OrdMap<Vec<u8>, Arc<[u8]>>;

/// A database in memory; gone when it is dropped.
#[derive(Default)]
pub struct MemoryDatabase {
    families: Mutex<BTreeMap<FamilyId, Arc<MemoryStore>>>,
}

impl Database for MemoryDatabase {
    fn family(&self, id: FamilyId) -> Result<Arc<dyn Store>> {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(families.entry(id).or_default()) as Arc<dyn Store>)
    }

    fn usage(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    fn close(&self) -> Result<()> {
        Ok(())
    }
}

/// One family: a persistent ordered map, so that a snapshot is a cheap clone.
#[derive(Default)]
struct MemoryStore {
    map: Arc<RwLock<Map>>,
}

impl MemoryStore {
    fn now(&self) -> Map {
        self.map.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ReadStore for MemoryStore {
    fn get_with(&self, key: &[u8], _tier: Tier, found: &mut dyn FnMut(Option<&[u8]>)) -> Result<bool> {
        let value = self.map.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        found(value.as_deref());
        Ok(true)
    }

    fn cursor(&self, range: KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>> {
        Ok(Box::new(MapCursor::new(self.now(), range, order)))
    }
}

impl Store for MemoryStore {
    fn apply(&self, batch: &WriteBatch) -> Result<()> {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in batch.iter() {
            match value {
                Some(value) => drop(map.insert(key.to_vec(), Arc::from(value))),
                None => drop(map.remove(key)),
            }
        }
        Ok(())
    }

    fn snapshot(&self) -> Arc<dyn ReadStore> {
        Arc::new(Snapshot(self.now()))
    }

    fn sorted_run(&self) -> Result<Box<dyn SortedRun>> {
        Ok(Box::new(Run { map: Arc::clone(&self.map), batch: WriteBatch::default() }))
    }

    fn delete_range(&self, range: KeyRange) -> Result<()> {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        let keys: Vec<_> = map.range((range.start, range.end)).map(|(key, _)| key.clone()).collect();
        for key in keys {
            map.remove(&key);
        }
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }

    fn is_dirty(&self) -> bool {
        false
    }

    fn estimate(&self, range: KeyRange) -> Result<(u64, u64)> {
        Ok(self
            .now()
            .range((range.start, range.end))
            .fold((0, 0), |(n, bytes), (key, value)| (n + 1, bytes + (key.len() + value.len()) as u64)))
    }
}

struct Snapshot(Map);

impl ReadStore for Snapshot {
    fn get_with(&self, key: &[u8], _tier: Tier, found: &mut dyn FnMut(Option<&[u8]>)) -> Result<bool> {
        found(self.0.get(key).map(|value| &**value));
        Ok(true)
    }

    fn cursor(&self, range: KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>> {
        Ok(Box::new(MapCursor::new(self.0.clone(), range, order)))
    }
}

/// Owns its map, so that it outlives the store's lock; each step seeks past the last key.
struct MapCursor {
    map: Map,
    range: KeyRange,
    order: Order,
    current: (Vec<u8>, Arc<[u8]>),
}

impl MapCursor {
    fn new(map: Map, range: KeyRange, order: Order) -> Self {
        Self { map, range, order, current: (Vec::new(), Arc::from([])) }
    }
}

impl Cursor for MapCursor {
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        let bounds = (self.range.start.as_ref(), self.range.end.as_ref());
        if is_empty(&bounds) {
            return Ok(None);
        }
        let mut entries = self.map.range::<_, Vec<u8>>(bounds);
        let found = match self.order {
            Order::Ascending => entries.next(),
            Order::Descending => entries.next_back(),
        };
        let Some((key, value)) = found else { return Ok(None) };
        self.current = (key.clone(), Arc::clone(value));
        let passed = Bound::Excluded(self.current.0.clone());
        match self.order {
            Order::Ascending => self.range.start = passed,
            Order::Descending => self.range.end = passed,
        }
        Ok(Some((&self.current.0, &self.current.1)))
    }
}

/// Ranges that `BTreeMap`-like maps would refuse with a panic.
fn is_empty((start, end): &(Bound<&Vec<u8>>, Bound<&Vec<u8>>)) -> bool {
    match (start, end) {
        (Bound::Included(start), Bound::Included(end)) => start > end,
        (Bound::Included(start) | Bound::Excluded(start), Bound::Excluded(end))
        | (Bound::Excluded(start), Bound::Included(end)) => start >= end,
        _ => false,
    }
}

struct Run {
    map: Arc<RwLock<Map>>,
    batch: WriteBatch,
}

impl SortedRun for Run {
    fn put(&mut self, key: &[&[u8]], value: &[&[u8]]) -> Result<()> {
        self.batch.put_parts(key, value);
        Ok(())
    }

    fn delete(&mut self, key: &[&[u8]]) -> Result<()> {
        self.batch.delete_parts(key);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        MemoryStore { map: self.map }.apply(&self.batch)
    }
}
