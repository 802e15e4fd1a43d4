//! A disk that loses what was not flushed, but only from the end: what is left is a prefix of what was applied.
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use lentic_store::layout::{PositionRecord, StoreId, position_key};
use lentic_store::{
    Cursor, Database, FamilyId, KeyRange, MemoryDatabase, Order, ReadStore, Result, SortedRun, Store, Tier,
    WriteBatch,
};
use lentic_types::PartitionId;

use super::random::Random;

enum Op {
    Batch(WriteBatch),
    DeleteRange(KeyRange),
}

/// Of each family two images: as the node sees it, and as it would be after losing power.
#[derive(Default)]
pub(crate) struct Disk {
    families: Mutex<BTreeMap<FamilyId, Arc<Image>>>,
}

struct Image {
    now: Arc<dyn Store>,
    durable: Arc<dyn Store>,
    unflushed: Arc<Mutex<VecDeque<Op>>>,
}

impl Default for Image {
    fn default() -> Self {
        Self { now: memory(), durable: memory(), unflushed: Arc::default() }
    }
}

fn memory() -> Arc<dyn Store> {
    MemoryDatabase::default().family(FamilyId::Node).expect("memory does not fail")
}

impl Disk {
    /// A family, made if it is missing.
    pub(crate) fn family(&self, id: FamilyId) -> Arc<dyn Store> {
        let mut families = self.families.lock().expect("no panic holds it");
        Arc::clone(families.entry(id).or_default()) as Arc<dyn Store>
    }

    /// Makes all of some family durable; of families the one is flushed and the other not.
    pub(crate) fn flush(&self, random: &mut Random) {
        let families = self.families.lock().expect("no panic holds it");
        let number = random.below(families.len() as u64) as usize;
        if let Some(image) = families.values().nth(number) {
            image.flush().expect("memory does not fail");
        }
    }

    /// Of each family some of what was not flushed made it to the disk, the oldest first; the rest is gone.
    pub(crate) fn crash(&mut self, random: &mut Random) {
        let mut families = self.families.lock().expect("no panic holds it");
        for image in families.values_mut() {
            let kept = {
                let unflushed = image.unflushed.lock().expect("no panic holds it");
                random.below(unflushed.len() as u64 + 1)
            };
            image.make_durable(kept as usize);
            let (now, durable) = (memory(), memory());
            copy(&*image.durable, &*now);
            copy(&*image.durable, &*durable);
            *image = Arc::new(Image { now, durable, unflushed: Arc::default() });
        }
    }

    /// Where a store's partition stands.
    pub(crate) fn position(
        &self,
        family: FamilyId,
        store: StoreId,
        partition: PartitionId,
    ) -> Option<PositionRecord> {
        let found = self.family(family).get(&position_key(store, partition));
        let bytes = found.expect("memory does not fail")?;
        Some(PositionRecord::from_bytes(&bytes).expect("written by the engine"))
    }
}

fn copy(from: &dyn Store, to: &dyn Store) {
    let mut batch = WriteBatch::default();
    let mut cursor = from.cursor(KeyRange::prefix(&[]), Order::Ascending).expect("memory does not fail");
    while let Some((key, value)) = cursor.next().expect("memory does not fail") {
        batch.put(key, value);
    }
    to.apply(&batch).expect("memory does not fail");
}

impl Image {
    fn make_durable(&self, ops: usize) {
        make_durable(&self.unflushed, &*self.durable, ops);
    }
}

fn make_durable(unflushed: &Mutex<VecDeque<Op>>, durable: &dyn Store, ops: usize) {
    let mut unflushed = unflushed.lock().expect("no panic holds it");
    let ops = ops.min(unflushed.len());
    for op in unflushed.drain(..ops) {
        match op {
            Op::Batch(batch) => durable.apply(&batch).expect("memory does not fail"),
            Op::DeleteRange(range) => durable.delete_range(range).expect("memory does not fail"),
        }
    }
}

impl ReadStore for Image {
    fn get_with(&self, key: &[u8], tier: Tier, found: &mut dyn FnMut(Option<&[u8]>)) -> Result<bool> {
        self.now.get_with(key, tier, found)
    }

    fn cursor(&self, range: KeyRange, order: Order) -> Result<Box<dyn Cursor + '_>> {
        self.now.cursor(range, order)
    }
}

impl Store for Image {
    fn apply(&self, batch: &WriteBatch) -> Result<()> {
        self.unflushed.lock().expect("no panic holds it").push_back(Op::Batch(batch.clone()));
        self.now.apply(batch)
    }

    fn snapshot(&self) -> Arc<dyn ReadStore> {
        self.now.snapshot()
    }

    fn sorted_run(&self) -> Result<Box<dyn SortedRun>> {
        let (now, durable) = (Arc::clone(&self.now), Arc::clone(&self.durable));
        let unflushed = Arc::clone(&self.unflushed);
        Ok(Box::new(Run { now, durable, unflushed, batch: WriteBatch::default() }))
    }

    fn delete_range(&self, range: KeyRange) -> Result<()> {
        self.unflushed.lock().expect("no panic holds it").push_back(Op::DeleteRange(range.clone()));
        self.now.delete_range(range)
    }

    fn flush(&self) -> Result<()> {
        self.make_durable(usize::MAX);
        Ok(())
    }

    fn is_dirty(&self) -> bool {
        !self.unflushed.lock().expect("no panic holds it").is_empty()
    }

    fn estimate(&self, range: KeyRange) -> Result<(u64, u64)> {
        self.now.estimate(range)
    }
}

/// A file that is durable as soon as it is there, even if what was applied before it is not; but what lies in its own
/// range is made durable first (RocksDB flushes a memtable that overlaps an ingested file).
struct Run {
    unflushed: Arc<Mutex<VecDeque<Op>>>,
    now: Arc<dyn Store>,
    durable: Arc<dyn Store>,
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
        let overlaps = |op: &Op| matches!(op, Op::DeleteRange(_));
        if self.unflushed.lock().expect("no panic holds it").iter().any(overlaps) {
            make_durable(&self.unflushed, &*self.durable, usize::MAX);
        }
        self.durable.apply(&self.batch)?;
        self.now.apply(&self.batch)
    }
}
