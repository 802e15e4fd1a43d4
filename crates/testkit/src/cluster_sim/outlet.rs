//! What a stream thread writes: a queue, and the steps of a commit, between any two of which something may happen.
use std::collections::VecDeque;

use lentic_engine::stream::{ProducedRecord, Sealed};
use lentic_types::{Offset, PartitionId, Timestamp, TopicPartition};

use super::producer::Producer;
use super::world::World;
use crate::sim::log::Outgoing;

/// What the thread waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Nothing.
    Idle,
    /// All acknowledgements, and so many offsets.
    Flush(usize),
    /// The positions records are on their way.
    Seal,
    /// They are acknowledged; offset 0 of the shards is to be committed.
    Fence,
    /// The end of the transaction.
    End,
    /// The transaction is to be aborted.
    Abort(String),
}

pub(super) struct Outlet {
    pub(super) producer: Producer,
    pub(super) queue: VecDeque<(TopicPartition, Outgoing)>,
    /// Of what was acknowledged since the transaction began.
    pub(super) offsets: Vec<Offset>,
    pub(super) work: Work,
    any: u32,
    /// The commit has positions records, and with them shards to be fenced.
    pub(super) is_sealed: bool,
}

impl Outlet {
    pub(super) fn new(id: &str) -> Self {
        let (queue, offsets) = (VecDeque::new(), Vec::new());
        Self { producer: Producer::new(id), queue, offsets, work: Work::Idle, any: 0, is_sealed: false }
    }

    /// Queues a record.
    pub(super) fn send(&mut self, world: &World, record: &ProducedRecord<'_>) {
        self.any = self.any.wrapping_add(1);
        let partitions = world.broker.partitions_of(record.topic);
        let partition = PartitionId(record.partition(partitions, self.any));
        let own = |part: Option<&[u8]>| part.map(<[u8]>::to_vec);
        let outgoing = Outgoing {
            key: own(record.key),
            value: own(record.value),
            timestamp: record.timestamp,
            headers: record.headers.as_deref().unwrap_or_default().to_vec(),
        };
        self.queue.push_back((TopicPartition::new(record.topic.clone(), partition), outgoing));
    }

    /// Queues positions records.
    pub(super) fn seal(&mut self, world: &World, sealed: Vec<Sealed>) {
        let is_empty = sealed.is_empty();
        for Sealed { shard, key, value } in sealed {
            let (key, value) = (Some(key), Some(value));
            let record = Outgoing { key, value, timestamp: Timestamp::NONE, headers: Vec::new() };
            self.queue.push_back((world.application.shard_partition(shard), record));
        }
        self.work = Work::Seal;
        self.is_sealed = !is_empty;
    }

    /// Nothing is left of the transaction on this side.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.offsets.clear();
        self.work = Work::Idle;
    }
}
