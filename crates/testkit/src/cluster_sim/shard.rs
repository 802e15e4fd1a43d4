//! A shard on a process: the steps of its ownership, and what was read for it.
use std::collections::BTreeMap;

use lentic_cluster::{HolderRecord, Holders, Ownership};
use lentic_engine::stream::PositionsRecord;
use lentic_types::{Offset, Timestamp, TopicPartition};

use super::rule::Rule;
use super::world::World;
use crate::sim::log::Isolation;

pub(super) struct Shard {
    pub(super) ownership: Ownership,
    /// By key, read to the offset.
    pub(super) positions: BTreeMap<Vec<u8>, PositionsRecord>,
    pub(super) read_to: Offset,
    /// Its tasks are in the worker's hands.
    pub(super) is_open: bool,
    /// It is given up before the lease of its predecessor is over.
    pub(super) waits: bool,
    /// The commit before its release was asked for.
    pub(super) commit_was_asked: bool,
    /// When it was assigned, or accidents ended; `None` once it runs.
    pub(super) waits_since: Option<Timestamp>,
}

impl Shard {
    pub(super) fn new(ownership: Ownership, now: Timestamp) -> Self {
        Self {
            ownership,
            positions: BTreeMap::new(),
            read_to: Offset(0),
            is_open: false,
            waits: false,
            commit_was_asked: false,
            waits_since: Some(now),
        }
    }

    /// Reads some of the shard's positions records. Returns the offset if everything committed below it was read.
    pub(super) fn read(&mut self, world: &mut World, partition: &TopicPartition) -> Option<Offset> {
        let (most, ignores) = (1 + world.random.below(30) as usize, world.keeps(Rule::Generations));
        let log = world.broker.log(partition)?;
        let mut count = 0;
        for (offset, record, _) in log.records(self.read_to, Isolation::Committed).take(most) {
            (self.read_to, count) = (offset.next(), count + 1);
            let (Some(key), Some(value)) = (&record.key, &record.value) else { continue };
            if !key.starts_with(b"task/") {
                continue;
            }
            let record = PositionsRecord::from_bytes(value).expect("written by the engine");
            let known = self.positions.get(key);
            if !ignores || known.is_none_or(|known| known.generation <= record.generation) {
                self.positions.insert(key.clone(), record);
            }
        }
        if count == most {
            return None;
        }
        self.read_to = self.read_to.max(log.stable_end());
        Some(self.read_to)
    }
}

/// The holder records of a shard: committed ones, and those above the last stable offset as such.
pub(super) fn holders(world: &World, partition: &TopicPartition) -> Holders {
    let mut holders = Holders::default();
    let Some(log) = world.broker.log(partition) else { return holders };
    let is_holder = |key: &Option<Vec<u8>>| key.as_deref() == Some(HolderRecord::KEY);
    let read = |value: &Option<Vec<u8>>| {
        HolderRecord::from_bytes(value.as_deref().unwrap_or_default()).expect("written by the simulation")
    };
    for (_, record, _) in log.records(Offset(0), Isolation::Committed) {
        if is_holder(&record.key) {
            holders.committed(read(&record.value));
        }
    }
    for (_, record, _) in log.records(log.stable_end(), Isolation::Uncommitted) {
        if is_holder(&record.key) {
            holders.open(read(&record.value));
        }
    }
    holders
}
