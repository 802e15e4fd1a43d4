//! What all processes and clients share: the brokers, the network, time, chance, and the record of what happened.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_engine::TaskId;
use lentic_types::{Offset, PartitionId, ShardId, Timestamp, TopicName, TopicPartition};

use super::ServingRule;
use super::job::{Job, Said};
use super::network::Peer;
use crate::sim::Random;
use crate::sim::broker::Broker;
use crate::sim::log::{Isolation, Outgoing};

/// The name of the table, and of its topic.
pub(super) const TABLE: &str = "t";

pub(super) struct World {
    pub(super) broker: Broker,
    pub(super) random: Random,
    pub(super) now: Timestamp,
    pub(super) without: Vec<ServingRule>,
    pub(super) partitions: u32,
    pub(super) shards: u32,
    pub(super) replicas: usize,
    pub(super) trace: Vec<String>,
    /// The first rule that was seen broken.
    pub(super) broken: Option<String>,
    /// Starts of processes so far, those after a fence included.
    starts: u64,
    jobs: u64,
    values: u64,
    /// Pairs of nodes that don't reach each other, and until when.
    cuts: BTreeMap<(Arc<str>, Arc<str>), Timestamp>,
    /// By partition: where committed records ended since when.
    ends: BTreeMap<PartitionId, Vec<(Timestamp, Offset)>>,
    /// By start of a process: where they ended then.
    pub(super) at_start: BTreeMap<u64, Vec<Offset>>,
    /// By start: the processes that are there.
    pub(super) peers: BTreeMap<u64, Peer>,
    /// Requests that left one process and have not arrived at the other (by its start) yet.
    pub(super) sent: Vec<(u64, Job)>,
    /// What was said to requests, and not heard yet.
    pub(super) answers: BTreeMap<u64, Said>,
    /// There are no more accidents.
    pub(super) is_calm: bool,
}

impl World {
    pub(super) fn new(broker: Broker, random: Random, options: &super::ServingOptions) -> Self {
        Self {
            broker,
            random,
            now: Timestamp(1_000_000),
            without: options.without.clone(),
            partitions: options.partitions,
            shards: options.shards,
            replicas: options.replicas,
            trace: Vec::new(),
            broken: None,
            starts: 0,
            jobs: 0,
            values: 0,
            cuts: BTreeMap::new(),
            ends: BTreeMap::new(),
            at_start: BTreeMap::new(),
            peers: BTreeMap::new(),
            sent: Vec::new(),
            answers: BTreeMap::new(),
            is_calm: false,
        }
    }

    pub(super) fn note(&mut self, line: impl AsRef<str>) {
        self.trace.push(format!("{} {}", self.now, line.as_ref()));
    }

    pub(super) fn broken(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.note(format!("BROKEN: {text}"));
        self.broken.get_or_insert(text);
    }

    /// Whether the simulation keeps a rule.
    pub(super) fn keeps(&self, rule: ServingRule) -> bool {
        !self.without.contains(&rule)
    }

    pub(super) fn next_start(&mut self) -> u64 {
        self.starts += 1;
        self.starts
    }

    pub(super) fn next_job(&mut self) -> u64 {
        self.jobs += 1;
        self.jobs
    }

    /// A value that nobody has written before.
    pub(super) fn next_value(&mut self) -> u64 {
        self.values += 1;
        self.values
    }

    /// A clock that goes on while a process is stopped.
    pub(super) fn clock(&self) -> u64 {
        self.now.0 as u64
    }

    pub(super) fn all_partitions(&self) -> impl Iterator<Item = PartitionId> + use<> {
        (0..self.partitions).map(PartitionId)
    }

    pub(super) fn shard_of(&self, partition: PartitionId) -> ShardId {
        TaskId::of_table(TABLE, partition).shard(self.shards)
    }

    /// The partitions of a shard.
    pub(super) fn partitions_of(&self, shard: ShardId) -> Vec<PartitionId> {
        self.all_partitions().filter(|partition| self.shard_of(*partition) == shard).collect()
    }

    /// Two nodes don't reach each other for a while.
    pub(super) fn cut(&mut self, one: &Arc<str>, other: &Arc<str>, until: Timestamp) {
        self.cuts.insert(pair(one, other), until);
    }

    pub(super) fn is_cut(&self, one: &Arc<str>, other: &Arc<str>) -> bool {
        self.cuts.get(&pair(one, other)).is_some_and(|until| self.now < *until)
    }

    pub(super) fn heal(&mut self) {
        self.cuts.clear();
    }

    /// Where committed records end now.
    pub(super) fn end(&self, partition: PartitionId) -> Offset {
        self.broker.end_of(&source(partition), Isolation::Committed)
    }

    /// Notes where committed records end.
    pub(super) fn note_ends(&mut self) {
        for partition in self.all_partitions() {
            let end = self.end(partition);
            let ends = self.ends.entry(partition).or_default();
            if ends.last().is_none_or(|(_, known)| *known != end) {
                ends.push((self.now, end));
            }
        }
    }

    /// Where they ended at a time that is over.
    pub(super) fn end_at(&self, partition: PartitionId, at: Timestamp) -> Offset {
        let ends = self.ends.get(&partition).map_or(&[][..], Vec::as_slice);
        let before = ends.partition_point(|(since, _)| *since < at);
        before.checked_sub(1).map_or(Offset(0), |last| ends[last].1)
    }
}

fn pair(one: &Arc<str>, other: &Arc<str>) -> (Arc<str>, Arc<str>) {
    let (one, other) = if one < other { (one, other) } else { (other, one) };
    (Arc::clone(one), Arc::clone(other))
}

/// The table's partition of the topic.
pub(super) fn source(partition: PartitionId) -> TopicPartition {
    TopicPartition::new(topic(TABLE), partition)
}

/// A shard's partition of the topic of the shards.
pub(super) fn shard_partition(shard: ShardId) -> TopicPartition {
    TopicPartition::new(topic("s-shards"), PartitionId(shard.0))
}

/// The topic in which nodes tell about themselves.
pub(super) fn nodes_partition() -> TopicPartition {
    TopicPartition::new(topic("s-nodes"), PartitionId(0))
}

fn topic(name: &str) -> TopicName {
    TopicName::new(name).expect("a topic's name")
}

/// A record without headers.
pub(super) fn record(key: &[u8], value: Vec<u8>, timestamp: Timestamp) -> Outgoing {
    Outgoing { key: Some(key.to_vec()), value: Some(value), timestamp, headers: Vec::new() }
}
