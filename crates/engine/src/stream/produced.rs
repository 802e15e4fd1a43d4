//! Records on their way out, in one buffer: no allocation for each.
use lentic_topology::Headers;
use lentic_types::{Partitioner, Timestamp, TopicName};

/// What chooses a record's partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionBy {
    /// This one.
    Number(u32),
    /// The hash of the key's first bytes, this many.
    Hash(Partitioner, u32),
    /// Whichever.
    Any,
}

/// A record to be written, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct ProducedRecord<'a> {
    /// Where to.
    pub topic: &'a TopicName,
    /// Which partition.
    pub by: PartitionBy,
    /// `None` is Kafka's null.
    pub key: Option<&'a [u8]>,
    /// `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Event time.
    pub timestamp: Timestamp,
    /// As they came.
    pub headers: &'a Headers,
}

impl ProducedRecord<'_> {
    /// The partition, of a topic with `partitions`; `any` chooses where the record doesn't.
    pub fn partition(&self, partitions: u32, any: u32) -> u32 {
        match (self.by, self.key) {
            (PartitionBy::Number(number), _) => number,
            (PartitionBy::Hash(partitioner, len), Some(key)) => {
                partitioner.partition(&key[..(len as usize).min(key.len())], partitions).0
            }
            (PartitionBy::Any | PartitionBy::Hash(..), _) => any % partitions.max(1),
        }
    }
}

struct Span {
    topic: u32,
    start: usize,
    key_len: u32,
    value_len: u32,
    by: PartitionBy,
    timestamp: Timestamp,
    headers: Headers,
}

const NULL: u32 = u32::MAX;

/// Records in the order in which they were produced.
#[derive(Default)]
pub struct Produced {
    topics: Vec<TopicName>,
    buffer: Vec<u8>,
    spans: Vec<Span>,
}

impl Produced {
    /// Appends a record.
    pub fn push(&mut self, record: ProducedRecord<'_>) {
        let topic = match self.topics.iter().position(|topic| topic == record.topic) {
            Some(place) => place,
            None => {
                self.topics.push(record.topic.clone());
                self.topics.len() - 1
            }
        };
        let start = self.buffer.len();
        let len = |part: Option<&[u8]>| part.map_or(NULL, |bytes| bytes.len() as u32);
        self.buffer.extend_from_slice(record.key.unwrap_or_default());
        self.buffer.extend_from_slice(record.value.unwrap_or_default());
        self.spans.push(Span {
            topic: topic as u32,
            start,
            key_len: len(record.key),
            value_len: len(record.value),
            by: record.by,
            timestamp: record.timestamp,
            headers: record.headers.clone(),
        });
    }

    /// All records in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ProducedRecord<'_>> {
        self.spans.iter().map(|span| {
            let key_len = if span.key_len == NULL { 0 } else { span.key_len as usize };
            let (value_start, value_len) = (span.start + key_len, span.value_len);
            ProducedRecord {
                topic: &self.topics[span.topic as usize],
                by: span.by,
                key: (span.key_len != NULL).then(|| &self.buffer[span.start..value_start]),
                value: (value_len != NULL)
                    .then(|| &self.buffer[value_start..value_start + value_len as usize]),
                timestamp: span.timestamp,
                headers: &span.headers,
            }
        })
    }

    /// Takes over all records of another, which is empty then.
    pub fn append(&mut self, other: &mut Self) {
        if self.is_empty() {
            std::mem::swap(self, other);
        } else {
            other.iter().for_each(|record| self.push(record));
        }
        other.clear();
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Bytes of keys and values.
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.spans.clear();
    }
}
