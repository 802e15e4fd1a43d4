//! Topics of the log, for programs that make them, look at them and write to them.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lentic_engine::log::{self, Bounds, CleanupPolicy, Topic, TopicSettings};
use lentic_types::{
    Header, Offset, OutgoingRecord, PartitionId, Partitioner, Timestamp, TopicName, TopicPartition,
};

use super::{Node, Shared};
use crate::span;

/// The topics of a node's log; cheap to make. All calls block.
#[derive(Clone)]
pub struct Topics {
    shared: Arc<Shared>,
}

/// A record to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecord {
    /// Where to.
    pub topic: TopicName,
    /// `None`: where Kafka's Java producer puts it, murmur2 of the key; without a key in turn.
    pub partition: Option<PartitionId>,
    /// `None` is Kafka's null key.
    pub key: Option<Bytes>,
    /// `None` is a tombstone.
    pub value: Option<Bytes>,
    /// Milliseconds; [`Timestamp::NONE`] lets the log set it.
    pub timestamp: Timestamp,
    /// In order.
    pub headers: Vec<Header>,
}

/// Where a record was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Produced {
    /// The partition.
    pub partition: PartitionId,
    /// Its offset there.
    pub offset: Offset,
    /// Its timestamp as the log keeps it.
    pub timestamp: Timestamp,
}

/// Of records without a key: the partition of the next one.
static IN_TURN: AtomicU32 = AtomicU32::new(0);

impl Node {
    /// The topics of its log.
    pub fn topics(&self) -> Topics {
        Topics { shared: Arc::clone(&self.shared) }
    }
}

impl Topics {
    /// Names of all topics, sorted; without those of the log itself.
    pub fn names(&self) -> log::Result<Vec<TopicName>> {
        self.shared.log.topics()
    }

    /// A topic as it is; `None`: there is none.
    pub fn describe(&self, name: &TopicName) -> log::Result<Option<Topic>> {
        self.shared.log.topic(name)
    }

    /// Makes a topic. `settings` are Kafka's, by name; what is left out, and `replicas`, are the brokers' defaults. The embedded
    /// log has one replica, and Kafka's defaults.
    ///
    /// # Errors
    /// [`log::Error::TopicExists`], and [`log::Error::Refused`] for what the log doesn't take.
    pub fn create(
        &self,
        name: &TopicName,
        partitions: u32,
        replicas: Option<u16>,
        settings: &BTreeMap<String, String>,
    ) -> log::Result<Topic> {
        if let Some(kafka) = self.shared.cluster.kafka() {
            return kafka.create_topic_as(name, partitions, replicas, settings);
        }
        if let Some(replicas) = replicas.filter(|replicas| *replicas > 1) {
            let text = format!("the embedded log has one replica of each topic, not {replicas}");
            return Err(log::Error::Refused(text));
        }
        self.shared.log.create_topic(name, partitions, &known(settings)?)
    }

    /// Deletes a topic and its records; fine if there is none.
    pub fn delete(&self, name: &TopicName) -> log::Result<()> {
        self.shared.log.delete_topic(name)
    }

    /// Start and end of each partition.
    pub fn bounds(&self, name: &TopicName) -> log::Result<Vec<Bounds>> {
        let topic = self.describe(name)?.ok_or_else(|| log::Error::NoSuchTopic(name.clone()))?;
        let partitions = (0..topic.partitions).map(|id| TopicPartition::new(name.clone(), PartitionId(id)));
        self.shared.log.bounds(&partitions.collect::<Vec<_>>())?.into_iter().collect()
    }

    /// Which of these partitions have a record at or after the first offset and below the second, or may have one because a
    /// transaction is open there. In the others a reader that stands at the first has read all below the second. Takes up to
    /// `timeout`.
    pub fn holding_records(
        &self,
        name: &TopicName,
        spans: &BTreeMap<PartitionId, (Offset, Offset)>,
        timeout: Duration,
    ) -> log::Result<BTreeSet<PartitionId>> {
        let of =
            |(id, span): (&PartitionId, &(Offset, Offset))| (TopicPartition::new(name.clone(), *id), *span);
        let spans = spans.iter().map(of).collect();
        let holding = span::holding_records(&*self.shared.log, &spans, timeout)?;
        Ok(holding.into_iter().map(|found| found.partition).collect())
    }

    /// Writes a record and waits until the log has it.
    ///
    /// # Errors
    /// [`log::Error::Unknown`] where that could not be learnt within `timeout`: it may be in the log.
    pub fn produce(&self, record: NewRecord, timeout: Duration) -> log::Result<Produced> {
        let outcome = self.produce_all(vec![record], timeout).pop();
        outcome.unwrap_or(Err(log::Error::Closed))
    }

    /// Writes records, all on their way at the same time; what became of each, in the order given. In a partition they stand in
    /// the order given.
    pub fn produce_all(&self, records: Vec<NewRecord>, timeout: Duration) -> Vec<log::Result<Produced>> {
        let deadline = Instant::now() + timeout;
        let mut counts = BTreeMap::new();
        let on_their_way: Vec<_> = records.into_iter().map(|record| self.send(record, &mut counts)).collect();
        let learn = |(partition, outcome): (PartitionId, mpsc::Receiver<log::Result<log::Ack>>)| {
            let left = deadline.saturating_duration_since(Instant::now());
            let ack = outcome.recv_timeout(left).map_err(|_| {
                log::Error::Unknown(format!("the log has not acknowledged it within {timeout:?}"))
            })??;
            Ok(Produced { partition, offset: ack.offset, timestamp: ack.timestamp })
        };
        on_their_way.into_iter().map(|sent| sent.and_then(learn)).collect()
    }

    fn send(
        &self,
        record: NewRecord,
        counts: &mut BTreeMap<TopicName, u32>,
    ) -> log::Result<(PartitionId, mpsc::Receiver<log::Result<log::Ack>>)> {
        let partitions = match counts.get(&record.topic) {
            Some(count) => *count,
            None => {
                let topic = self.describe(&record.topic)?;
                let topic = topic.ok_or_else(|| log::Error::NoSuchTopic(record.topic.clone()))?;
                counts.insert(record.topic.clone(), topic.partitions);
                topic.partitions
            }
        };
        let partition = match (record.partition, &record.key) {
            (Some(partition), _) if partition.0 >= partitions => {
                let text =
                    format!("{} has {partitions} partitions, from 0: there is no {partition}", record.topic);
                return Err(log::Error::Refused(text));
            }
            (Some(partition), _) => partition,
            (None, Some(key)) => Partitioner::Murmur2.partition(key, partitions),
            (None, None) => PartitionId(IN_TURN.fetch_add(1, Ordering::Relaxed) % partitions.max(1)),
        };
        let NewRecord { topic, key, value, timestamp, headers, .. } = record;
        let (acked, outcome) = mpsc::sync_channel(1);
        self.shared.log.append(
            OutgoingRecord { topic, partition, key, value, timestamp, headers },
            Box::new(move |ack| drop(acked.try_send(ack))),
        );
        Ok((partition, outcome))
    }
}

/// Kafka's settings as far as the embedded log has them.
fn known(settings: &BTreeMap<String, String>) -> log::Result<TopicSettings> {
    let mut known = TopicSettings::default();
    for (name, value) in settings {
        let bad = || log::Error::Refused(format!("{name} = {value:?} makes no sense"));
        let number = || value.parse::<i64>().map_err(|_| bad());
        match name.as_str() {
            "cleanup.policy" => {
                let policies: Vec<_> = value.split(',').map(str::trim).collect();
                if policies.iter().any(|policy| !["compact", "delete"].contains(policy)) {
                    return Err(bad());
                }
                let has = |policy| policies.contains(&policy);
                known.cleanup = CleanupPolicy { compact: has("compact"), delete: has("delete") };
            }
            "retention.ms" => known.retention_ms = number()?,
            "retention.bytes" => known.retention_bytes = number()?,
            "delete.retention.ms" => known.delete_retention_ms = number()?,
            "min.compaction.lag.ms" => known.min_compaction_lag_ms = number()?,
            "max.message.bytes" => known.max_message_bytes = value.parse().map_err(|_| bad())?,
            // They say how Kafka's brokers keep the records, and nothing about which.
            "segment.bytes"
            | "segment.ms"
            | "compression.type"
            | "min.insync.replicas"
            | "min.cleanable.dirty.ratio"
            | "flush.ms"
            | "flush.messages"
            | "index.interval.bytes" => {}
            _ => {
                return Err(log::Error::Refused(format!("the embedded log has no setting {name} of topics")));
            }
        }
    }
    Ok(known)
}
