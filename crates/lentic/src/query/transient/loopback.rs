//! A transient query's repartition topics: in memory, kept until what reads them has committed.
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use lentic_engine::stream::ProducedRecord;
use lentic_types::{
    Header, Offset, PartitionId, RecordBatch, RecordView, Timestamp, TopicName, TopicPartition,
};

/// Bytes of one batch, about.
const BATCH_BYTES: usize = 1 << 20;

/// Topics that a query writes and reads itself.
pub(super) struct Loopback {
    /// With their numbers of partitions.
    topics: BTreeMap<TopicName, u32>,
    logs: BTreeMap<TopicPartition, Memory>,
    any: u32,
}

/// One partition.
#[derive(Default)]
struct Memory {
    /// The offset of the first record that is there.
    first: u64,
    records: VecDeque<Kept>,
    /// The next offset to be read; `None`: nobody reads at the moment.
    next: Option<u64>,
}

struct Kept {
    key: Option<Bytes>,
    value: Option<Bytes>,
    timestamp: Timestamp,
    headers: Vec<Header>,
}

impl Loopback {
    pub(super) fn new(topics: BTreeMap<TopicName, u32>) -> Self {
        Self { topics, logs: BTreeMap::new(), any: 0 }
    }

    /// All partitions.
    pub(super) fn partitions(&self) -> impl Iterator<Item = TopicPartition> {
        self.topics.iter().flat_map(|(topic, count)| {
            (0..*count).map(|id| TopicPartition::new(topic.clone(), PartitionId(id)))
        })
    }

    /// Whether a topic is one of them.
    pub(super) fn has(&self, topic: &TopicName) -> bool {
        self.topics.contains_key(topic)
    }

    pub(super) fn append(&mut self, record: &ProducedRecord<'_>) {
        let Some(count) = self.topics.get(record.topic) else { return };
        self.any = self.any.wrapping_add(1);
        let partition = PartitionId(record.partition(*count, self.any));
        let log = self.logs.entry(TopicPartition::new(record.topic.clone(), partition)).or_default();
        log.records.push_back(Kept {
            key: record.key.map(Bytes::copy_from_slice),
            value: record.value.map(Bytes::copy_from_slice),
            timestamp: record.timestamp,
            headers: record.headers.as_deref().unwrap_or_default().to_vec(),
        });
    }

    /// A partition is read from here on.
    pub(super) fn read(&mut self, partition: &TopicPartition, from: Offset) {
        self.logs.entry(partition.clone()).or_default().next = Some(from.0);
    }

    /// A partition is not read for now.
    pub(super) fn stop(&mut self, partition: &TopicPartition) {
        if let Some(log) = self.logs.get_mut(partition) {
            log.next = None;
        }
    }

    /// Records below this are not needed any more.
    pub(super) fn purge(&mut self, partition: &TopicPartition, below: Offset) {
        if let Some(log) = self.logs.get_mut(partition) {
            let count = below.0.saturating_sub(log.first).min(log.records.len() as u64);
            log.records.drain(..count as usize);
            log.first += count;
        }
    }

    /// Whether all that was written has been taken.
    pub(super) fn is_drained(&self) -> bool {
        self.logs.values().all(|log| log.records.is_empty() || log.next == Some(log.end()))
    }

    /// What is to be read next, of each partition a batch at most, with the offset behind it if that is the end.
    pub(super) fn take(&mut self) -> Vec<(TopicPartition, Arc<RecordBatch>, Option<Offset>)> {
        let mut batches = Vec::new();
        for (partition, log) in &mut self.logs {
            if let Some(batch) = log.take() {
                let is_end = log.next == Some(log.end());
                batches.push((partition.clone(), Arc::new(batch), is_end.then(|| Offset(log.end()))));
            }
        }
        batches
    }
}

impl Memory {
    fn end(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    fn take(&mut self) -> Option<RecordBatch> {
        let from = self.next.filter(|next| *next < self.end())?.max(self.first);
        let mut batch = RecordBatch::default();
        for (offset, record) in (from..).zip(self.records.range((from - self.first) as usize..)) {
            let view = RecordView {
                offset: Offset(offset),
                timestamp: record.timestamp,
                key: record.key.as_deref(),
                value: record.value.as_deref(),
            };
            batch.push_with_headers(view, record.headers.clone());
            self.next = Some(offset + 1);
            if batch.bytes() >= BATCH_BYTES {
                break;
            }
        }
        Some(batch)
    }
}
