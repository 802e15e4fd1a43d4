//! Writing to topics.
use lentic_topology::spec::{Sink, SinkKey, Target, Topic};
use lentic_topology::{Payload, Policy, Record};
use lentic_types::{Timestamp, TopicName};

use super::Processor;
use crate::stream::produced::{PartitionBy, ProducedRecord};
use crate::stream::task::Refused;
use crate::stream::{Context, Destination, ProductionError, TaskError, change, record_bytes};

pub(super) struct Writer {
    sink: Sink,
    topic: Option<TopicName>,
    errors: Policy,
    /// Of the topic that is always the same: what was known of it, and when that was.
    known: Option<(Destination, Timestamp)>,
    key: Vec<u8>,
    has_key: bool,
    value: Vec<u8>,
    has_value: bool,
    new: Vec<u8>,
    old: Vec<u8>,
}

/// After so long it is asked again what is known of a topic, by the wall clock.
const KNOWN_MS: u64 = 1_000;

/// Why a record can't be written, and the topic that it was for as far as that is known.
type Failed = (Option<TopicName>, ProductionError);

impl Writer {
    pub(super) fn new(sink: Sink, errors: Policy, prefix: &str) -> Self {
        let (topic, errors) = match &sink.target {
            // A record that is left out of a repartition topic would be missing from a table.
            Target::Topic(topic @ Topic::Repartition(_)) => (Some(topic.resolve(prefix)), Policy::Fail),
            Target::Topic(topic @ Topic::Named(_)) => (Some(topic.resolve(prefix)), errors),
            Target::Dynamic(_) => (None, errors),
        };
        Self {
            sink,
            topic,
            errors,
            known: None,
            key: Vec::new(),
            has_key: false,
            value: Vec::new(),
            has_value: false,
            new: Vec::new(),
            old: Vec::new(),
        }
    }

    fn write(&mut self, context: &mut Context<'_>, record: &Record) -> Result<(), Failed> {
        (self.has_key, self.has_value) = (false, false);
        self.has_key = self.encode_key(record).map_err(|error| (self.topic.clone(), error))?;
        if !self.has_key && self.sink.needs_key {
            context.drop_record();
            return Ok(());
        }
        self.has_value = self.encode_value(record).map_err(|error| (self.topic.clone(), error))?;
        let dynamic;
        let topic = match (&self.topic, &self.sink.target) {
            (Some(topic), _) => topic,
            (None, Target::Dynamic(by)) => {
                let chosen = by(record.key.as_ref(), record.value.as_ref());
                dynamic = chosen.map_err(|text| (None, ProductionError::InvalidTopic(text)))?;
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
        let produced = ProducedRecord {
            topic,
            by,
            key: self.has_key.then_some(&*self.key),
            value: self.has_value.then_some(&*self.value),
            timestamp: record.timestamp,
            headers: &record.headers,
        };
        let is_dynamic = self.topic.is_none();
        let found =
            if is_dynamic { context.destination(topic) } else { known(&mut self.known, context, topic) };
        admit(found, &produced).map_err(|error| (Some(topic.clone()), error))?;
        context.produced().push(produced);
        Ok(())
    }

    /// Encodes the record's key; `false`: null.
    fn encode_key(&mut self, record: &Record) -> Result<bool, ProductionError> {
        self.key.clear();
        match &record.key {
            Some(key) => self.sink.key.encode(key, &mut self.key).map_err(ProductionError::Unencodable),
            None => Ok(false),
        }
    }

    /// Encodes the record's value; `false`: null.
    fn encode_value(&mut self, record: &Record) -> Result<bool, ProductionError> {
        self.value.clear();
        let codec = &self.sink.value;
        let encode = |payload: Option<&Payload>, out: &mut Vec<u8>| match payload {
            Some(payload) => codec.encode(payload, out).map_err(ProductionError::Unencodable),
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
        let Err((topic, error)) = self.write(context, &record) else { return Ok(()) };
        let target = topic.as_ref().map(TopicName::as_str);
        let topic = target.unwrap_or("the topic that its record chose").to_owned();
        let refused = Refused {
            error: TaskError::Production { topic, error },
            target,
            key: self.has_key.then_some(&*self.key),
            value: self.has_value.then_some(&*self.value),
            timestamp: record.timestamp,
            headers: record.headers.as_deref().unwrap_or_default(),
        };
        context.refuse(self.errors, refused)
    }
}

/// What is known of the topic that is always the same. Where it is missing that is no record's fault: the write tells it.
fn known(
    known: &mut Option<(Destination, Timestamp)>,
    context: &Context<'_>,
    topic: &TopicName,
) -> Destination {
    let now = context.now();
    if let Some((found, at)) = *known
        && now.millis_since(at) < KNOWN_MS
    {
        return found;
    }
    let found = match context.destination(topic) {
        Destination::Missing => Destination::Unknown,
        found => found,
    };
    *known = Some((found, now));
    found
}

/// Whether the topic takes the record.
fn admit(found: Destination, record: &ProducedRecord<'_>) -> Result<(), ProductionError> {
    match found {
        Destination::Found(limits) => {
            let headers = record.headers.as_deref().unwrap_or_default();
            limits.admit(record.key, record_bytes(record.key, record.value, headers))
        }
        Destination::Missing => Err(ProductionError::NoSuchTopic),
        Destination::Unknown => Ok(()),
    }
}

/// The partition that an answer of a foreign-key join goes to: carried in front of it by the operator that
/// makes it, and not written.
fn answer_partition(value: &[u8]) -> Option<u32> {
    value.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}
