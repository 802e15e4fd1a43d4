//! Changes of tables that wait for later ones of their rows: Kafka Streams' record cache.
//!
//! The rows themselves are in the stores at once, where operators look them up; what waits is only their way on. A row's
//! changes become one, from the value before the first to the value of the last, and go on at a commit, or earlier where
//! more waits than may. They go on operator by operator in the order in which the topology was written, so that what
//! follows from one is merged at the next; those of one operator in the order of their rows' latest changes.
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use lentic_topology::Record;
use rustc_hash::FxHasher;

use super::task::Reading;

/// A row's change that waits.
pub(super) struct Update {
    /// Its value is the latest, its old value that of before the first change.
    pub(super) record: Record,
    /// Whether the row was there before the first change.
    pub(super) was_there: bool,
    /// Where the record was read that made the latest change.
    pub(super) reading: Option<Reading>,
    row: Row,
    bytes: usize,
}

type Row = Arc<[u8]>;

impl Update {
    /// A change of the row that goes by these bytes among its operator's. `bytes`: of its value.
    pub(super) fn new(row: &[u8], record: Record, was_there: bool, bytes: usize) -> Self {
        Self {
            record,
            was_there,
            reading: None,
            row: Row::from(row),
            bytes: UPDATE_BYTES + row.len() + bytes,
        }
    }

    /// Whether there is nothing to tell: a row that nobody knew of is gone.
    pub(super) fn is_void(&self) -> bool {
        self.record.value.is_none() && !self.was_there
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
            update.record.old = first.record.old;
            update.was_there = first.was_there;
        }
        self.bytes += update.bytes;
        updates.in_order.insert(updates.last, update);
        self.bytes > self.limit
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
