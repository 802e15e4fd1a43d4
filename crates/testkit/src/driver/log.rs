//! The driver's log: topics in memory, with transactions as one line drawn through all of them.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_engine::stream::ProducedRecord;
use lentic_types::{
    Header, Offset, PartitionId, Partitioner, RecordBatch, RecordView, Timestamp, TopicName, TopicPartition,
};

/// A record in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// Event time.
    pub timestamp: Timestamp,
    /// In order.
    pub headers: Vec<Header>,
    /// Whether a task wrote it, in a transaction.
    is_produced: bool,
}

impl Logged {
    /// A record as a consumer gets it.
    pub fn new(
        key: Option<Vec<u8>>,
        value: Option<Vec<u8>>,
        timestamp: Timestamp,
        headers: Vec<Header>,
    ) -> Self {
        Self { key, value, timestamp, headers, is_produced: true }
    }
}

/// Topics in memory.
#[derive(Default)]
pub struct TestLog {
    partitions: BTreeMap<TopicPartition, Vec<Logged>>,
    /// Where each partition's produced records begin that are not committed; inputs are committed at once.
    produced: Vec<(TopicPartition, usize)>,
    committed: usize,
    any: u32,
}

impl TestLog {
    pub(super) fn append_input(
        &mut self,
        topic: &TopicName,
        partitions: u32,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: Timestamp,
        headers: Vec<Header>,
    ) {
        let partition = key.map_or(PartitionId(0), |key| Partitioner::Murmur2.partition(key, partitions));
        let own = |part: Option<&[u8]>| part.map(<[u8]>::to_vec);
        let record = Logged { key: own(key), value: own(value), timestamp, headers, is_produced: false };
        self.partitions.entry(TopicPartition::new(topic.clone(), partition)).or_default().push(record);
    }

    pub(super) fn append_produced(&mut self, record: &ProducedRecord<'_>, partitions: u32) -> Offset {
        self.any = self.any.wrapping_add(1);
        let partition = PartitionId(record.partition(partitions, self.any));
        self.append(TopicPartition::new(record.topic.clone(), partition), record)
    }

    /// To this partition.
    pub(super) fn append(&mut self, partition: TopicPartition, record: &ProducedRecord<'_>) -> Offset {
        let own = |part: Option<&[u8]>| part.map(<[u8]>::to_vec);
        let logged = Logged {
            key: own(record.key),
            value: own(record.value),
            timestamp: record.timestamp,
            headers: record.headers.as_deref().unwrap_or_default().to_vec(),
            is_produced: true,
        };
        let log = self.partitions.entry(partition.clone()).or_default();
        log.push(logged);
        let offset = log.len() - 1;
        self.produced.push((partition, offset));
        Offset(offset as u64)
    }

    /// Everything produced stays.
    pub(super) fn commit(&mut self) {
        self.committed = self.produced.len();
    }

    /// What was produced since the last commit never was. Inputs that came since stay.
    pub(super) fn abort(&mut self) {
        for (partition, offset) in self.produced.drain(self.committed..).rev() {
            if let Some(log) = self.partitions.get_mut(&partition)
                && log.get(offset).is_some_and(|record| record.is_produced)
            {
                log.remove(offset);
            }
        }
    }

    /// Records from an offset on.
    pub(super) fn read(&self, partition: &TopicPartition, from: Offset) -> Option<Arc<RecordBatch>> {
        let log = self.partitions.get(partition)?;
        let records = log.get(from.0 as usize..).filter(|records| !records.is_empty())?;
        let mut batch = RecordBatch::default();
        for (number, record) in records.iter().enumerate() {
            let view = RecordView {
                offset: Offset(from.0 + number as u64),
                timestamp: record.timestamp,
                key: record.key.as_deref(),
                value: record.value.as_deref(),
            };
            batch.push_with_headers(view, record.headers.clone());
        }
        Some(Arc::new(batch))
    }

    /// All produced records of topics that the test may want to see, in the order in which they were produced.
    pub(super) fn produced(&self) -> impl Iterator<Item = (&TopicPartition, &Logged)> {
        self.produced.iter().filter_map(|(partition, offset)| {
            Some((partition, self.partitions.get(partition)?.get(*offset)?))
        })
    }

    /// The records of one partition.
    pub fn records(&self, partition: &TopicPartition) -> &[Logged] {
        self.partitions.get(partition).map_or(&[], Vec::as_slice)
    }
}
