//! A task's stores: an overlay of changes over what was committed.
mod key_value;
mod overlay;
mod session;
mod store;
mod timed;
mod version;
mod window;

use std::sync::Arc;

use lentic_store::layout::{Incarnation, PositionRecord, StoreId};
use lentic_store::{Store, WriteBatch};
use lentic_topology::spec::{StoreIndex, StoreKind, StoreSpec};
use lentic_types::{Offset, PartitionId, Timestamp};

pub use session::SessionRow;
pub use store::{Changed, Row};
pub use version::Versioned;
pub use window::WindowRow;

use store::TaskStore;

/// Where the rows of one store of a task are.
#[derive(Clone)]
pub struct Place {
    /// Which of the plan's stores.
    pub index: StoreIndex,
    /// What keeps the rows.
    pub store: Arc<dyn Store>,
    /// The store's number there.
    pub id: StoreId,
    /// Which build of the rows.
    pub incarnation: Incarnation,
    /// How far they are in the changelog, as it is kept beside them; `None` without one.
    pub record: Option<PositionRecord>,
}

/// All stores of a task.
pub struct State {
    /// By the plan's index.
    stores: Vec<Option<TaskStore>>,
    partition: PartitionId,
}

impl Place {
    /// The next offset of the changelog; `None` without one.
    pub fn position(&self) -> Option<Offset> {
        self.record.map(|record| record.position.offset)
    }
}

impl State {
    /// Opens the stores where they are. Entries by time that are not in step with the rows are built anew.
    pub fn open(
        specs: &[StoreSpec],
        places: Vec<Place>,
        partition: PartitionId,
    ) -> lentic_store::Result<Self> {
        let mut stores: Vec<Option<TaskStore>> = specs.iter().map(|_| None).collect();
        for place in places {
            let index = place.index.0;
            stores[index] = Some(TaskStore::open(specs[index].clone(), place, partition)?);
        }
        Ok(Self { stores, partition })
    }

    /// The task's partition.
    pub fn partition(&self) -> PartitionId {
        self.partition
    }

    fn at(&mut self, index: StoreIndex) -> &mut TaskStore {
        self.stores[index.0].as_mut().expect("an operator uses stores of its own subtopology")
    }

    /// The greatest window start (session: end) put into a store so far, -1 before the first: what its reads go by.
    pub fn observed(&self, index: StoreIndex) -> i64 {
        self.stores[index.0].as_ref().map_or(-1, |store| store.observed)
    }

    /// Windows that start (sessions that end) before this are seen by no read; `None`: there are none of that age.
    pub fn oldest(&self, index: StoreIndex) -> Option<Timestamp> {
        let store = self.stores[index.0].as_ref()?;
        let has_windows = matches!(store.spec.kind, StoreKind::Window { .. } | StoreKind::Session { .. });
        (has_windows && store.observed != -1).then(|| Timestamp(store.first_visible()))
    }

    /// Restores what [`State::observed`] told.
    pub fn observe(&mut self, index: StoreIndex, observed: i64) {
        let store = self.at(index);
        store.observed = store.observed.max(observed);
    }

    /// Of a store that keeps duplicates: the number of the record added last.
    pub fn sequence(&self, index: StoreIndex) -> u32 {
        self.stores[index.0].as_ref().map_or(0, |store| store.sequence)
    }

    /// Restores what [`State::sequence`] told.
    pub fn set_sequence(&mut self, index: StoreIndex, sequence: u32) {
        self.at(index).sequence = sequence;
    }

    /// The stores there are.
    pub fn indexes(&self) -> impl Iterator<Item = StoreIndex> {
        self.stores
            .iter()
            .enumerate()
            .filter(|(_, store)| store.is_some())
            .map(|(index, _)| StoreIndex(index))
    }

    /// Bytes changed since the last commit.
    pub fn dirty_bytes(&self) -> usize {
        self.stores.iter().flatten().map(|store| store.overlay.dirty_bytes()).sum()
    }

    /// Bytes of all that is remembered in memory.
    pub fn bytes(&self) -> usize {
        self.stores.iter().flatten().map(|store| store.overlay.bytes()).sum()
    }

    /// Whether anything has changed since the last commit.
    pub fn is_dirty(&self) -> bool {
        self.stores.iter().flatten().any(TaskStore::is_dirty)
    }

    /// Changed rows of the logged stores as their changelogs take them: store by store, in the order of first change.
    pub fn changes(&mut self, each: &mut dyn FnMut(StoreIndex, Changed<'_>)) -> lentic_store::Result<()> {
        for (index, store) in self.stores.iter_mut().enumerate() {
            if let Some(store) = store.as_mut().filter(|store| store.spec.logged) {
                store.changes(&mut |changed| each(StoreIndex(index), changed))?;
            }
        }
        Ok(())
    }

    /// Writes the changes of one store into a batch of its family, with its new position, current at `now`. `offsets`: of
    /// its changelog's records, in the order of [`State::changes`]; empty without a changelog.
    pub fn write(&mut self, index: StoreIndex, offsets: &[Offset], now: Timestamp, batch: &mut WriteBatch) {
        self.at(index).write(offsets, now, batch);
    }

    /// What keeps the rows of a store.
    pub fn family(&self, index: StoreIndex) -> Option<&Arc<dyn Store>> {
        self.stores[index.0].as_ref().map(|store| &store.place.store)
    }

    /// Where a store is.
    pub fn place(&self, index: StoreIndex) -> Option<&Place> {
        self.stores[index.0].as_ref().map(|store| &store.place)
    }

    /// The written changes are in the stores; `position` of each changelog has moved.
    pub fn committed(&mut self, limit: usize) {
        for store in self.stores.iter_mut().flatten() {
            store.committed(limit);
        }
    }

    /// Windows and versions that no read can see any more are removed, a few at a time.
    pub fn expire(&mut self, rows: usize) -> lentic_store::Result<()> {
        for store in self.stores.iter_mut().flatten() {
            store.expire(rows)?;
        }
        Ok(())
    }

    /// Rows of stores with a time to live that are older than it, seen from `stream_time`, a few at a time: deleted, with
    /// tombstones in the changelog. Calls back with the key of each.
    pub fn outlived(&mut self, stream_time: Timestamp, rows: usize) -> lentic_store::Result<()> {
        for store in self.stores.iter_mut().flatten() {
            store.outlive(stream_time, rows)?;
        }
        Ok(())
    }
}
