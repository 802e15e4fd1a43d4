//! Versions that no read can see any more leave the store.
use lentic_engine::stream::{Place, State};
use lentic_store::layout::{Incarnation, PositionRecord, RowPrefix, StoreId};
use lentic_store::{Database, FamilyId, MemoryDatabase, Order, WriteBatch};
use lentic_topology::Codec;
use lentic_topology::spec::{StoreIndex, StoreKind, StoreSpec};
use lentic_types::{Offset, PartitionId, Position, ShardId, TableName, Timestamp, TopicId};

const STORE: StoreIndex = StoreIndex(0);
const ID: StoreId = StoreId(1);
const BUILD: Incarnation = Incarnation(0);
const PARTITION: PartitionId = PartitionId(0);
/// Rows removed at a time.
const MANY: usize = 1_000;

/// A versioned store with a history of 10 ms.
struct Bench {
    database: MemoryDatabase,
    state: State,
    end: u64,
}

impl Bench {
    fn new() -> Self {
        let database = MemoryDatabase::default();
        let state = open(&database, 0);
        Self { database, state, end: 0 }
    }

    fn put(&mut self, at: i64, key: &str, value: Option<&str>) -> Option<bool> {
        self.state.put_version(STORE, key.as_bytes(), value.map(str::as_bytes), at).expect("a put")
    }

    /// Writes the changes to the store and lets what is too old go; the number of the changelog's records.
    fn commit(&mut self, at_most: usize) -> usize {
        let mut offsets = Vec::new();
        self.state.changes(&mut |_, _| offsets.push(Offset(0))).expect("changes");
        for (number, offset) in offsets.iter_mut().enumerate() {
            *offset = Offset(self.end + number as u64);
        }
        self.end += offsets.len() as u64;
        let mut batch = WriteBatch::default();
        self.state.write(STORE, &offsets, Timestamp(0), &mut batch);
        self.state.family(STORE).expect("a store").apply(&batch).expect("changes are written");
        self.state.committed(1 << 20);
        self.state.expire(at_most).expect("what is old goes");
        offsets.len()
    }

    fn restart(&mut self) {
        let observed = self.state.observed(STORE);
        self.state = open(&self.database, self.end);
        self.state.observe(STORE, observed);
    }

    fn at(&mut self, key: &str, at: i64) -> Option<String> {
        let found = self.state.version_at(STORE, key.as_bytes(), at).expect("a read")?;
        found.value.map(|value| String::from_utf8(value).expect("a text"))
    }

    /// Rows in the store, and how many are listed by time.
    fn rows(&self) -> (usize, usize) {
        let family = self.database.family(FamilyId::Shard(ShardId(0))).expect("a store");
        let count = |prefix: RowPrefix| {
            let mut cursor = family.cursor(prefix.range(), Order::Ascending).expect("a cursor");
            std::iter::from_fn(|| cursor.next().expect("a row").map(drop)).count()
        };
        (count(RowPrefix::new(ID, PARTITION, BUILD)), count(RowPrefix::by_time(ID, PARTITION, BUILD)))
    }
}

fn open(database: &MemoryDatabase, end: u64) -> State {
    let (name, codec) = (TableName::new("prices").expect("a name"), Codec::of::<String>());
    let spec = StoreSpec::new(name, StoreKind::Versioned { history_ms: 10 }, codec.clone(), codec);
    let position = Position { topic: TopicId::default(), offset: Offset(end), epoch: -1 };
    let record = PositionRecord {
        position,
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
    State::open(&[spec], vec![place], PARTITION).expect("the store opens")
}

#[test]
fn replaced_ones_stay_as_long_as_they_can_be_read() {
    let mut bench = Bench::new();
    for (at, value) in [(0, "one"), (5, "two"), (8, "three")] {
        bench.put(at, "a", Some(value));
    }
    bench.put(3, "b", Some("only"));
    assert_eq!(bench.commit(MANY), 4);
    assert_eq!(bench.rows().0, 4);
    // "one" was replaced at 5, and reads go back to 6; "two" was replaced later.
    bench.put(16, "c", Some("later"));
    assert_eq!(bench.commit(MANY), 1, "no tombstones in the changelog");
    assert_eq!(bench.rows().0, 4);
    assert_eq!(bench.at("a", 6), Some("two".to_owned()));
    assert_eq!(bench.at("a", 7), Some("two".to_owned()));
    // The latest version of a key stays for ever.
    bench.put(1_000, "c", Some("much later"));
    bench.commit(MANY);
    assert_eq!(bench.rows(), (4, 1));
    assert_eq!(bench.at("a", 8), Some("three".to_owned()));
    assert_eq!(bench.at("b", 3), Some("only".to_owned()));
    assert_eq!(bench.at("c", 990), Some("later".to_owned()));
}

#[test]
fn deletes_go_with_what_they_deleted() {
    let mut bench = Bench::new();
    for (at, value) in [(0, Some("one")), (2, None), (4, None), (30, Some("two")), (31, None)] {
        bench.put(at, "a", value);
    }
    bench.put(1, "gone", Some("one"));
    bench.put(2, "gone", None);
    bench.commit(MANY);
    assert_eq!(bench.rows().0, 2, "those of \"a\" that can be read");
    assert_eq!(bench.at("a", 30), Some("two".to_owned()));
    assert_eq!((bench.at("a", 29), bench.at("gone", 1), bench.at("gone", 31)), (None, None, None));
    assert_eq!(bench.put(21, "gone", Some("again")), Some(true));
    assert_eq!(bench.at("gone", 25), Some("again".to_owned()));
}

#[test]
fn a_few_at_a_time_and_after_a_restart() {
    let mut bench = Bench::new();
    for at in 0..100 {
        bench.put(at, if at % 2 == 0 { "even" } else { "odd" }, Some(&at.to_string()));
    }
    bench.commit(10);
    assert_eq!(bench.rows().0, 92, "two entries by time were of the first versions");
    bench.restart();
    for _ in 0..20 {
        bench.commit(10);
    }
    assert_eq!(bench.rows().0, 13, "those that were not replaced before 89");
    assert_eq!(bench.at("odd", 90), Some("89".to_owned()));
    assert_eq!(bench.at("even", 89), Some("88".to_owned()));
}

#[test]
fn what_is_put_again_at_the_edge_goes_as_well() {
    let mut bench = Bench::new();
    bench.put(10, "a", None);
    bench.put(20, "b", Some("one"));
    bench.commit(MANY);
    bench.put(10, "a", None);
    bench.commit(MANY);
    bench.put(21, "b", Some("two"));
    bench.commit(MANY);
    assert_eq!(bench.rows(), (2, 2), "those of \"b\"");
}
