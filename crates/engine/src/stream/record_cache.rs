//! Changes of tables that wait for later ones of their rows: Kafka Streams' record cache.
//!
//! The rows themselves are in the stores at once; what waits is only their way on. A row's changes become one, from the value
//! before the first to the value of the last, and go on at a commit, or earlier where more waits than may. They go on
//! operator by operator in the order in which the topology was written, so that what follows from one is merged at the next;
//! those of one operator in the order of their rows' latest changes.
//!
//! Who takes a table's changes and looks its rows up, too (joins of tables), has to see the rows as far as it was told of
//! them: with the newer ones it would tell results that nothing takes back later.
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use lentic_topology::{Payload, Record};
use lentic_types::Timestamp;
use rustc_hash::FxHasher;

use super::task::Reading;

/// A row's change that waits.
pub(super) struct Update {
    /// With the latest value.
    record: Record,
    /// The row before the first change: as far as anybody was told.
    before: TableRow,
    /// Where the record was read that made the latest change.
    pub(super) reading: Option<Reading>,
    row: Row,
    bytes: usize,
}

type Row = Arc<[u8]>;

/// A table's row, or none.
pub(crate) type TableRow = Option<(Payload, Timestamp)>;

impl Update {
    /// A change of the row that goes by these bytes among its operator's. `bytes`: of its value.
    pub(super) fn new(row: &[u8], record: Record, before: TableRow, bytes: usize) -> Self {
        let bytes = UPDATE_BYTES + row.len() + bytes;
        Self { record, before, reading: None, row: Row::from(row), bytes }
    }

    /// What is to be told; `None`: a row that nobody was told of is gone.
    pub(super) fn into_record(self, sends_old: bool) -> Option<Record> {
        if self.record.value.is_none() && self.before.is_none() {
            return None;
        }
        let old = self.before.map(|(value, _)| value).filter(|_| sends_old);
        Some(Record { old, ..self.record })
    }
}

/// Bytes that an update takes beside its row's key and value, about.
const UPDATE_BYTES: usize = 160;

/// The changes that wait in a task.
#[derive(Default)]
pub(super) struct RecordCache {
    /// How much may wait; 0: nothing does.
    limit: usize,
    bytes: usize,
    /// By operator; none is empty.
    nodes: BTreeMap<usize, Updates>,
}

/// Those of one operator.
#[derive(Default)]
struct Updates {
    by_row: HashMap<Row, u64, BuildHasherDefault<FxHasher>>,
    /// By the number of the latest change.
    in_order: BTreeMap<u64, Update>,
    last: u64,
}

impl RecordCache {
    /// How many bytes may wait from now on.
    pub(super) fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    pub(super) fn is_on(&self) -> bool {
        self.limit > 0
    }

    /// Lets a change wait; returns whether more waits now than may.
    pub(super) fn put(&mut self, node: usize, mut update: Update) -> bool {
        let updates = self.nodes.entry(node).or_default();
        updates.last += 1;
        let before = updates.by_row.insert(Arc::clone(&update.row), updates.last);
        if let Some(first) = before.and_then(|number| updates.in_order.remove(&number)) {
            self.bytes -= first.bytes;
            update.before = first.before;
        }
        self.bytes += update.bytes;
        updates.in_order.insert(updates.last, update);
        self.bytes > self.limit
    }

    /// A row as far as those who follow its operator were told; `None`: nothing of it waits, they know it as it is.
    pub(super) fn told(&self, node: usize, row: &[u8]) -> Option<&TableRow> {
        let updates = self.nodes.get(&node)?;
        let number = updates.by_row.get(row)?;
        updates.in_order.get(number).map(|update| &update.before)
    }

    /// The operator whose changes go on next.
    pub(super) fn first(&self) -> Option<usize> {
        self.nodes.first_key_value().map(|(node, _)| *node)
    }

    /// All changes that wait at an operator, in order.
    pub(super) fn take(&mut self, node: usize) -> impl Iterator<Item = Update> + use<> {
        let updates = self.nodes.remove(&node).unwrap_or_default();
        self.bytes -= updates.in_order.values().map(|update| update.bytes).sum::<usize>();
        updates.in_order.into_values()
    }
}
