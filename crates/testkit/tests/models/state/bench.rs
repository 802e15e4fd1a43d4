//! One store of a task, with its changelog.
use std::sync::Arc;

use lentic_engine::stream::{Place, State};
use lentic_format::{KeyKind, KeyLayout};
use lentic_store::layout::{Incarnation, PositionRecord, RowPrefix, StoreId, row_header};
use lentic_store::{Database, FamilyId, MemoryDatabase, Order, Store, WriteBatch};
use lentic_topology::spec::{StoreIndex, StoreKind, StoreSpec};
use lentic_types::{Offset, PartitionId, Position, ShardId, Timestamp, TopicId};

pub const STORE: StoreIndex = StoreIndex(0);
const ID: StoreId = StoreId(1);
const BUILD: Incarnation = Incarnation(0);
const PARTITION: PartitionId = PartitionId(0);
/// Rows that go at once.
const MANY: usize = 1_000;

/// Key, value and timestamp of a record of the changelog.
type Logged = (Vec<u8>, Option<Vec<u8>>, Timestamp);

pub struct Bench {
    spec: StoreSpec,
    database: MemoryDatabase,
    pub state: State,
    changelog: Vec<Logged>,
    /// As of the last commit.
    observed: i64,
    sequence: u32,
}

impl Bench {
    pub fn new(spec: StoreSpec) -> Self {
        let database = MemoryDatabase::default();
        let state = open(&spec, &database, 0);
        Self { spec, database, state, changelog: Vec::new(), observed: -1, sequence: 0 }
    }

    /// Changes go to changelog and store, and what no read sees any more goes.
    pub fn commit(&mut self) {
        let (begin, log) = (self.changelog.len() as u64, &mut self.changelog);
        let mut offsets = Vec::new();
        let changes = self.state.changes(&mut |_, changed| {
            offsets.push(Offset(begin + offsets.len() as u64));
            log.push((changed.key.to_vec(), changed.value.map(<[u8]>::to_vec), changed.timestamp));
        });
        changes.expect("changes are told");
        let mut batch = WriteBatch::default();
        self.state.write(STORE, &offsets, Timestamp(0), &mut batch);
        self.family().apply(&batch).expect("changes are written");
        self.state.committed(512);
        self.state.expire(MANY).expect("what is old goes");
        (self.observed, self.sequence) = (self.state.observed(STORE), self.state.sequence(STORE));
    }

    pub fn restart(&mut self) {
        self.commit();
        self.crash();
    }

    /// Opens the store again, at the last commit.
    pub fn crash(&mut self) {
        self.state = open(&self.spec, &self.database, self.changelog.len() as u64);
        self.state.observe(STORE, self.observed);
        self.state.set_sequence(STORE, self.sequence);
    }

    /// Restarts with the rows lost, which come back from the changelog.
    pub fn lose_state(&mut self) {
        self.commit();
        self.database = MemoryDatabase::default();
        let (layout, prefix) = (layout(&self.spec), RowPrefix::new(ID, PARTITION, BUILD));
        let mut batch = WriteBatch::default();
        for (offset, (key, value, timestamp)) in self.changelog.iter().enumerate() {
            let mut stored = Vec::new();
            layout.to_store(key, *timestamp, &mut stored);
            let header = row_header(Offset(offset as u64), *timestamp);
            let full: [&[u8]; 2] = [prefix.as_bytes(), &stored];
            match (layout.kind, value.as_deref()) {
                (KeyKind::Version, value) => {
                    let (flag, value) = lentic_format::version(value);
                    batch.put_parts(&full, &[&header, flag, value]);
                }
                (_, Some(value)) => batch.put_parts(&full, &[&header, value]),
                (_, None) => batch.delete_parts(&full),
            }
        }
        self.family().apply(&batch).expect("rows are written");
        self.crash();
    }

    /// Rows there are, whether reads see them or not.
    pub fn rows(&self) -> usize {
        let family = self.family();
        let range = RowPrefix::new(ID, PARTITION, BUILD).range();
        let mut cursor = family.cursor(range, Order::Ascending).expect("a cursor");
        std::iter::from_fn(|| cursor.next().expect("a row").map(drop)).count()
    }

    fn family(&self) -> Arc<dyn Store> {
        self.database.family(FamilyId::Shard(ShardId(0))).expect("a store")
    }
}

fn open(spec: &StoreSpec, database: &MemoryDatabase, end: u64) -> State {
    let record = PositionRecord {
        position: Position { topic: TopicId::default(), offset: Offset(end), epoch: -1 },
        read_to: Offset(end),
        incarnation: BUILD,
        current_at: Timestamp(0),
        log_start: Offset(0),
        partitioners: 1,
        null_keys: 0,
        observed: Timestamp::NONE,
    };
    let store = database.family(FamilyId::Shard(ShardId(0))).expect("a store");
    let place = Place { index: STORE, store, id: ID, incarnation: BUILD, record: Some(record) };
    State::open(std::slice::from_ref(spec), vec![place], PARTITION).expect("the store opens")
}

fn layout(spec: &StoreSpec) -> KeyLayout {
    let kind = match spec.kind {
        StoreKind::KeyValue | StoreKind::Ordered => KeyKind::Plain,
        StoreKind::Window { .. } => KeyKind::Window { sequence: true },
        StoreKind::Session { .. } => KeyKind::Session,
        StoreKind::Versioned { .. } => KeyKind::Version,
    };
    KeyLayout::new(spec.key.format, kind)
}

/// Whole segments of time go at once: what the rows of windows and sessions at or after this time are kept by.
pub fn first_kept(observed: i64, retention: i64) -> i64 {
    let segment = (retention / 2).max(60_000);
    (observed - retention).div_euclid(segment) * segment
}
