//! Writing to topics.
use lentic_topology::spec::{Sink, SinkKey, Target};
use lentic_topology::{Payload, Record};
use lentic_types::TopicName;

use super::Processor;
use crate::stream::produced::{PartitionBy, ProducedRecord};
use crate::stream::{Context, TaskError, change};

pub(super) struct Writer {
    sink: Sink,
    topic: Option<TopicName>,
    key: Vec<u8>,
    value: Vec<u8>,
    new: Vec<u8>,
    old: Vec<u8>,
}

impl Writer {
    pub(super) fn new(sink: Sink, prefix: &str) -> Self {
        let topic = match &sink.target {
            Target::Topic(topic) => Some(topic.resolve(prefix)),
            Target::Dynamic(_) => None,
        };
        Self { sink, topic, key: Vec::new(), value: Vec::new(), new: Vec::new(), old: Vec::new() }
    }

    /// Encodes the record's value; `false`: null.
    fn encode_value(&mut self, record: &Record) -> Result<bool, TaskError> {
        self.value.clear();
        let codec = self.sink.value;
        let encode = |payload: Option<&Payload>, out: &mut Vec<u8>| match payload {
            Some(payload) => codec.encode(payload, out).map_err(TaskError::Unencodable),
            None => Ok(false),
        };
        if !self.sink.is_change {
            return encode(record.value.as_ref(), &mut self.value);
        }
        self.new.clear();
        self.old.clear();
        let new = encode(record.value.as_ref(), &mut self.new)?.then_some(&*self.new);
        let old = encode(record.old.as_ref(), &mut self.old)?.then_some(&*self.old);
        Ok(change::write(new, old, &mut self.value))
    }
}

impl Processor for Writer {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        self.key.clear();
        let has_key = match &record.key {
            Some(key) => self.sink.key.encode(key, &mut self.key).map_err(TaskError::Unencodable)?,
            None => false,
        };
        if !has_key && self.sink.needs_key {
            context.drop_record();
            return Ok(());
        }
        let has_value = self.encode_value(&record)?;
        let dynamic;
        let topic = match (&self.topic, &self.sink.target) {
            (Some(topic), _) => topic,
            (None, Target::Dynamic(by)) => {
                dynamic = by(record.key.as_ref(), record.value.as_ref());
                &dynamic
            }
            (None, Target::Topic(_)) => return Ok(()),
        };
        let by = match self.sink.partition {
            SinkKey::Hash(partitioner) => {
                let suffix = self.sink.key.windowed.map_or(0, lentic_topology::WindowedKey::suffix_len);
                PartitionBy::Hash(partitioner, self.key.len().saturating_sub(suffix) as u32)
            }
            SinkKey::Answer => match answer_partition(&self.value) {
                Some(partition) => {
                    self.value.drain(..4);
                    PartitionBy::Number(partition)
                }
                None => PartitionBy::Any,
            },
        };
        let record = ProducedRecord {
            topic,
            by,
            key: has_key.then_some(&*self.key),
            value: has_value.then_some(&*self.value),
            timestamp: record.timestamp,
            headers: &record.headers,
        };
        context.produced().push(record);
        Ok(())
    }
}

/// The partition that an answer of a foreign-key join goes to: carried in front of it by the operator that
/// makes it, and not written.
fn answer_partition(value: &[u8]) -> Option<u32> {
    value.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}
