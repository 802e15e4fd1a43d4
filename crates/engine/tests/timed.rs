//! Entries by time beside the rows of window stores.
use std::sync::Arc;

use lentic_engine::stream::{Place, State};
use lentic_store::layout::{Incarnation, PositionRecord, RowPrefix, StoreId, row_header};
use lentic_store::{Database, FamilyId, MemoryDatabase, Store, WriteBatch};
use lentic_topology::spec::StoreIndex;
use lentic_topology::{Plan, TimeWindows, Topology};
use lentic_types::{Offset, PartitionId, Position, Timestamp, TopicId};

const PARTITION: PartitionId = PartitionId(0);

fn plan() -> Plan {
    let topology = Topology::new("q");
    let windows = TimeWindows::tumbling(std::time::Duration::from_millis(10));
    topology.stream::<String, i64>("in").group_by_key().windowed_by(windows).count("counts");
    topology.build().expect("a topology")
}

fn place(store: &Arc<dyn Store>, incarnation: u32) -> Place {
    let record = PositionRecord {
        position: Position { topic: TopicId::default(), offset: Offset(1), epoch: -1 },
        read_to: Offset(1),
        incarnation: Incarnation(incarnation),
        current_at: Timestamp(0),
        log_start: Offset(0),
        partitioners: 1,
        null_keys: 0,
        observed: Timestamp::NONE,
    };
    let store = Arc::clone(store);
    let incarnation = Incarnation(incarnation);
    Place { index: StoreIndex(0), store, id: StoreId(1), incarnation, record: Some(record) }
}

/// A store that was rebuilt to the very offset at which it stood has rows of another incarnation.
#[test]
fn of_another_incarnation_are_built_anew() {
    let (plan, database) = (plan(), MemoryDatabase::default());
    let store = database.family(FamilyId::Node).expect("memory does not fail");
    let layout = lentic_format::KeyLayout::new(
        lentic_types::FormatName::String,
        lentic_format::KeyKind::Window { sequence: true },
    );
    for (incarnation, start) in [(0, 30), (1, 50)] {
        let mut key = RowPrefix::new(StoreId(1), PARTITION, Incarnation(incarnation)).as_bytes().to_vec();
        let time = lentic_format::KeyTime::Window { start: Timestamp(start), sequence: Some(0) };
        layout.store_key(b"k", time, &mut key);
        let mut batch = WriteBatch::default();
        batch.put(&key, &[&row_header(Offset(0), Timestamp(start))[..], &1i64.to_be_bytes()].concat());
        store.apply(&batch).expect("memory does not fail");
        let places = vec![place(&store, incarnation)];
        let mut state = State::open(plan.stores(), places, PARTITION).expect("memory does not fail");
        let rows = state.windows_by_start(StoreIndex(0), 0, i64::MAX).expect("memory does not fail");
        assert_eq!(rows.iter().map(|row| row.start).collect::<Vec<_>>(), [start], "{incarnation}");
    }
}
