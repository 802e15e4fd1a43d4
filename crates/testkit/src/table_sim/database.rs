//! A disk that loses what was not flushed, but only from the end: what is left is a prefix of what was applied.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use lentic_store::layout::{PositionRecord, StoreId, position_key};
use lentic_store::{
    Cursor, Database, KeyRange, MemoryDatabase, Order, ReadStore, Result, SortedRun, Store, Tier, WriteBatch,
};
use lentic_types::PartitionId;

use super::FAMILY;
use super::random::Random;

enum Op {
    Batch(WriteBatch),
    DeleteRange(KeyRange),
}

/// Two images of one family: as the node sees it, and as it would be after losing power.
pub(super) struct Disk {
    live: Arc<Image>,
}

struct Image {
    now: Arc<dyn Store>,
    durable: Arc<dyn Store>,
    unflushed: Arc<Mutex<VecDeque<Op>>>,
}

impl Default for Disk {
    fn default() -> Self {
        Self { live: Arc::new(Image { now: memory(), durable: memory(), unflushed: Arc::default() }) }
    }
}

fn memory() -> Arc<dyn Store> {
    MemoryDatabase::default().family(FAMILY).expect("memory does not fail")
}

impl Disk {
    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.live) as Arc<dyn Store>
    }

    pub(super) fn flush(&self) {
        self.live.flush().expect("memory does not fail");
    }

    /// Some of what was not flushed made it to the disk, the oldest first; the rest is gone.
    pub(super) fn crash(&mut self, random: &mut Random) {
        let kept = {
            let unflushed = self.live.unflushed.lock().expect("no panic holds it");
            random.below(unflushed.len() as u64 + 1)
        };
        self.live.make_durable(kept as usize);
        let image = memory();
        copy(&*self.live.durable, &*image);
        let durable = memory();
        copy(&*self.live.durable, &*durable);
        self.live = Arc::new(Image { now: image, durable, unflushed: Arc::default() });
    }

    pub(super) fn position(&self, store: StoreId) -> Option<PositionRecord> {
        let bytes = self.live.get(&position_key(store, PartitionId(0))).expect("memory does not fail")?;
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
