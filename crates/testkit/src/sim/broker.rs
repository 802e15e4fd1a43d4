//! The brokers: topics, the coordinator of transactions, and the coordinator of the group, as one.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lentic_types::{Offset, Timestamp, TopicName, TopicPartition};

use super::group::{Group, Membership};
use super::log::{Isolation, Outgoing, PartitionLog};
use crate::sim::Random;

/// `transaction.timeout.ms`.
pub(crate) const TRANSACTION_TIMEOUT_MS: u64 = 10_000;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The producer's epoch is not the newest (`INVALID_PRODUCER_EPOCH`): somebody else has the id, or it timed out.
    Fenced,
    /// The id's last transaction is still being ended (`CONCURRENT_TRANSACTIONS`): ask again.
    Busy,
    /// The group doesn't know this member and generation (`ILLEGAL_GENERATION`, `UNKNOWN_MEMBER_ID`).
    Stale,
}

/// A producer as the coordinator knows it from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProducerId {
    pub(crate) id: Arc<str>,
    pub(crate) epoch: u32,
}

/// What the coordinator keeps of a transactional id.
struct Transactional {
    epoch: u32,
    phase: Phase,
}

enum Phase {
    Empty,
    Ongoing {
        number: u64,
        since: Timestamp,
        partitions: BTreeSet<TopicPartition>,
    },
    /// Decided; some partitions have no marker yet.
    Ending {
        number: u64,
        commit: bool,
        left: Vec<TopicPartition>,
    },
}

pub(crate) struct Broker {
    partitions: BTreeMap<TopicPartition, PartitionLog>,
    /// Partitions of each topic.
    topics: BTreeMap<TopicName, u32>,
    ids: BTreeMap<Arc<str>, Transactional>,
    next_transaction: u64,
    pub(crate) group: Group,
    /// Ends of transactions that left a client and have not arrived: the client has given up waiting.
    late: Vec<(ProducerId, bool)>,
}

impl Broker {
    pub(crate) fn new(group: Group) -> Self {
        Self {
            partitions: BTreeMap::new(),
            topics: BTreeMap::new(),
            ids: BTreeMap::new(),
            next_transaction: 0,
            group,
            late: Vec::new(),
        }
    }

    pub(crate) fn create(&mut self, topic: TopicName, partitions: u32) {
        self.topics.entry(topic).or_insert(partitions);
    }

    /// Partitions of a topic; one that nobody has created has one.
    pub(crate) fn partitions_of(&self, topic: &TopicName) -> u32 {
        self.topics.get(topic).copied().unwrap_or(1)
    }

    pub(crate) fn topics(&self) -> impl Iterator<Item = (&TopicPartition, &PartitionLog)> {
        self.partitions.iter()
    }

    pub(crate) fn log(&self, partition: &TopicPartition) -> Option<&PartitionLog> {
        self.partitions.get(partition)
    }

    pub(crate) fn end_of(&self, partition: &TopicPartition, isolation: Isolation) -> Offset {
        self.log(partition).map_or(Offset(0), |log| log.end_for(isolation))
    }

    /// Without a transaction.
    pub(crate) fn append(&mut self, partition: &TopicPartition, record: Outgoing) -> Offset {
        self.partitions.entry(partition.clone()).or_default().append(record)
    }

    /// `init_transactions`: the id is the caller's from now on, and what others have under it is fenced. What was open
    /// is aborted; until that is done the answer is [`Refusal::Busy`].
    pub(crate) fn init(&mut self, id: &Arc<str>) -> Result<u32, Refusal> {
        let empty = || Transactional { epoch: 0, phase: Phase::Empty };
        let known = self.ids.entry(Arc::clone(id)).or_insert_with(empty);
        match known.phase {
            Phase::Empty => {
                known.epoch += 1;
                Ok(known.epoch)
            }
            Phase::Ongoing { .. } => {
                known.epoch += 1;
                known.decide(false);
                Err(Refusal::Busy)
            }
            Phase::Ending { .. } => Err(Refusal::Busy),
        }
    }

    /// Writes a record in the producer's transaction, which is begun by the first.
    pub(crate) fn produce(
        &mut self,
        producer: &ProducerId,
        now: Timestamp,
        partition: &TopicPartition,
        record: Outgoing,
    ) -> Result<Offset, Refusal> {
        let number = self.join(producer, now, Some(partition))?;
        let log = self.partitions.entry(partition.clone()).or_default();
        Ok(log.append_in(number, &producer.id, record))
    }

    /// Commits offsets under the group's metadata in the producer's transaction (`send_offsets_to_transaction`): refused
    /// if the group doesn't know the member and its generation any more.
    pub(crate) fn fence(
        &mut self,
        producer: &ProducerId,
        now: Timestamp,
        membership: &Membership,
    ) -> Result<(), Refusal> {
        self.join(producer, now, None)?;
        if self.group.knows(membership) { Ok(()) } else { Err(Refusal::Stale) }
    }

    /// The producer's transaction, begun if there is none.
    fn join(
        &mut self,
        producer: &ProducerId,
        now: Timestamp,
        partition: Option<&TopicPartition>,
    ) -> Result<u64, Refusal> {
        let known = self.ids.get_mut(&producer.id).ok_or(Refusal::Fenced)?;
        if known.epoch != producer.epoch {
            return Err(Refusal::Fenced);
        }
        if matches!(known.phase, Phase::Empty) {
            self.next_transaction += 1;
            let (number, partitions) = (self.next_transaction, BTreeSet::new());
            known.phase = Phase::Ongoing { number, since: now, partitions };
        }
        match &mut known.phase {
            Phase::Ongoing { number, partitions, .. } => {
                partitions.extend(partition.cloned());
                Ok(*number)
            }
            _ => Err(Refusal::Busy),
        }
    }

    /// Commits or aborts the producer's transaction: decided at once, visible partition by partition.
    pub(crate) fn end(&mut self, producer: &ProducerId, commit: bool) -> Result<(), Refusal> {
        let known = self.ids.get_mut(&producer.id).ok_or(Refusal::Fenced)?;
        if known.epoch != producer.epoch {
            return Err(Refusal::Fenced);
        }
        if matches!(known.phase, Phase::Ending { .. }) {
            return Err(Refusal::Busy);
        }
        known.decide(commit);
        Ok(())
    }

    /// The same for a request that arrives when nobody waits for its answer any more.
    pub(crate) fn end_later(&mut self, producer: ProducerId, commit: bool) {
        self.late.push((producer, commit));
    }

    /// One of the late requests arrives. Returns what it was.
    pub(crate) fn arrive(&mut self, random: &mut Random) -> Option<String> {
        if self.late.is_empty() {
            return None;
        }
        let (producer, commit) = self.late.swap_remove(random.below(self.late.len() as u64) as usize);
        let outcome = self.end(&producer, commit);
        Some(format!("a late end ({commit}) of {}: {outcome:?}", producer.id))
    }

    /// Writes the marker of a decided transaction into one of the partitions that lack it.
    pub(crate) fn write_marker(&mut self, random: &mut Random) -> Option<TopicPartition> {
        let ending = |(id, known): (&Arc<str>, &Transactional)| {
            matches!(known.phase, Phase::Ending { .. }).then(|| Arc::clone(id))
        };
        let ids: Vec<_> = self.ids.iter().filter_map(ending).collect();
        let id = random.of(&ids)?;
        let known = self.ids.get_mut(id)?;
        let Phase::Ending { number, commit, left } = &mut known.phase else { return None };
        let partition = left.swap_remove(random.below(left.len() as u64) as usize);
        let log = self.partitions.entry(partition.clone()).or_default();
        log.end_transaction(*number, id, *commit);
        if left.is_empty() {
            known.phase = Phase::Empty;
        }
        Some(partition)
    }

    /// Whether every transaction is at its end in every partition.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.late.is_empty() && self.ids.values().all(|known| matches!(known.phase, Phase::Empty))
    }

    /// Time has passed: transactions that are open for too long are aborted, and their producers fenced.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        for known in self.ids.values_mut() {
            if let Phase::Ongoing { since, .. } = known.phase
                && now.millis_since(since) > TRANSACTION_TIMEOUT_MS
            {
                known.epoch += 1;
                known.decide(false);
            }
        }
        self.group.expire(now);
    }
}

impl Transactional {
    fn decide(&mut self, commit: bool) {
        if let Phase::Ongoing { number, partitions, .. } = &self.phase {
            let left: Vec<_> = partitions.iter().cloned().collect();
            let ending = Phase::Ending { number: *number, commit, left };
            self.phase = if partitions.is_empty() { Phase::Empty } else { ending };
        }
    }
}
