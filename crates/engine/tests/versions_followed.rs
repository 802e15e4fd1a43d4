//! A store that keeps every version of its rows, followed through its changelog record by record and in bulk.
use std::sync::Arc;

use lentic_engine::load::{Load, Loader};
use lentic_engine::log::{Bounds, ReadFrom};
use lentic_engine::{Action, Assignment, Event, Facts, TaskId, Worker};
use lentic_format::{KeyKind, KeyLayout, KeyTime, read_version};
use lentic_store::layout::{Incarnation, RowPrefix, RowView, StoreId};
use lentic_store::{Database, FamilyId, MemoryDatabase, Order, Store};
use lentic_types::{
    FormatName, Offset, PartitionId, RecordBatch, Timestamp, TopicId, TopicName, TopicPartition,
};

const LAYOUT: KeyLayout = KeyLayout::new(FormatName::String, KeyKind::Version);

fn source() -> TopicPartition {
    TopicPartition::new(TopicName::new("changelog").expect("a name"), PartitionId(0))
}

fn batch() -> Arc<RecordBatch> {
    let mut batch = RecordBatch::default();
    let records: [(&str, i64, Option<&str>); 6] = [
        ("a", 5, Some("x")),
        ("b", 5, Some("u")),
        ("a", 9, Some("y")),
        ("a", 7, None),
        ("b", 5, Some("v")),
        ("ab", 5, Some("w")),
    ];
    for (offset, (key, at, value)) in (0..).zip(records) {
        batch.push(Offset(offset), Timestamp(at), Some(key.as_bytes()), value.map(str::as_bytes));
    }
    Arc::new(batch)
}

/// Key, since when, value, offset; the newest version of a key first.
const EXPECTED: [(&str, i64, Option<&str>, u64); 5] = [
    ("a", 9, Some("y"), 2),
    ("a", 7, None, 3),
    ("a", 5, Some("x"), 0),
    ("ab", 5, Some("w"), 5),
    ("b", 5, Some("v"), 4),
];

fn check(store: &dyn Store) {
    let prefix = RowPrefix::new(StoreId(1), PartitionId(0), Incarnation(0));
    let mut cursor = store.cursor(prefix.range(), Order::Ascending).expect("memory does not fail");
    let mut found = Vec::new();
    while let Some((key, value)) = cursor.next().expect("memory does not fail") {
        let (key, row) = (RowPrefix::strip(key), RowView::read(value).expect("a row"));
        let Some(KeyTime::Version { valid_from }) = LAYOUT.time(key) else { panic!("a version has a time") };
        let mut inner = Vec::new();
        LAYOUT.inner_of_stored(key, &mut inner).expect("a key");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let value = read_version(row.value).expect("a version").map(text);
        found.push((text(&inner), valid_from.0, value, row.offset.0));
    }
    let own = |(key, at, value, offset): (&str, i64, Option<&str>, u64)| {
        (key.to_owned(), at, value.map(str::to_owned), offset)
    };
    assert_eq!(found, EXPECTED.map(own));
}

fn family() -> Arc<dyn Store> {
    MemoryDatabase::default().family(FamilyId::Node).expect("memory does not fail")
}

fn load(store: &Arc<dyn Store>) -> Load {
    Load {
        task: TaskId::of_table("t", PartitionId(0)),
        store: Arc::clone(store),
        store_id: StoreId(1),
        incarnation: Incarnation(0),
        over_existing: false,
        seedable: false,
        key: LAYOUT,
        source: source(),
        partitions: 1,
        from: ReadFrom::Start,
        until: Offset(6),
        asked_at: Timestamp(0),
    }
}

#[test]
fn in_bulk() {
    for ends_runs in [false, true] {
        let store = family();
        let mut loader = Loader::new(load(&store), 0, Timestamp(0));
        let mut first = RecordBatch::default();
        for record in batch().iter().take(3) {
            first.push(record.offset, record.timestamp, record.key, record.value);
        }
        let mut rest = RecordBatch::default();
        for record in batch().iter().skip(3) {
            rest.push(record.offset, record.timestamp, record.key, record.value);
        }
        loader.push(Arc::new(first), 0).expect("memory does not fail");
        if ends_runs {
            loader.end_run().expect("memory does not fail");
        }
        loader.push(Arc::new(rest), 0).expect("memory does not fail");
        loader.finish(Offset(6)).expect("memory does not fail");
        check(&*store);
    }
}

#[test]
fn record_by_record() {
    let (store, mut worker, mut actions) = (family(), Worker::default(), Vec::new());
    let facts = Facts {
        topic: TopicId::default(),
        bounds: Bounds::default(),
        epoch_below: None,
        horizon_ms: None,
        asked_at: Timestamp(0),
    };
    let assignment = Assignment {
        task: TaskId::of_table("t", PartitionId(0)),
        store: Arc::clone(&store),
        store_id: StoreId(1),
        source: source(),
        partitions: 1,
        key: LAYOUT,
        retention_ms: None,
        facts: Some(facts),
    };
    worker.handle(Event::Assigned(Box::new(assignment)), Timestamp(0), &mut actions);
    let load = actions.drain(..).find_map(|action| match action {
        Action::Load(load) => Some(load),
        _ => None,
    });
    let load = load.expect("there is nothing yet");
    let loaded =
        Loader::new((*load).clone(), 0, Timestamp(0)).finish(Offset(0)).expect("memory does not fail");
    worker.handle(Event::Loaded(load, loaded), Timestamp(0), &mut actions);
    let records = Event::Records { partition: source(), batch: batch(), epoch: 0 };
    worker.handle(records, Timestamp(0), &mut actions);
    check(&*store);
}
