//! Records that error policies let go: told, and written to the dead-letter topic if there is one.
//!
//! A dead letter is the record that was read, as it was read, with the cause in its headers. Where none is at hand (a
//! schedule made the result, or the record has waited for others of its row) it is the result that could not be written,
//! as far as it has bytes.
use std::sync::Arc;

use lentic_topology::Headers;
use lentic_topology::spec::Origin;
use lentic_types::{Header, Offset, Partitioner, RecordBatch, Timestamp, TopicName, TopicPartition};

use super::Core;
use crate::stream::input::Input;
use crate::stream::produced::{PartitionBy, ProducedRecord};
use crate::stream::{Destination, ProductionError, Skipped, TaskError, record_bytes};

/// An input record on its way through the operators.
#[derive(Clone)]
pub(in crate::stream) struct Reading {
    partition: TopicPartition,
    offset: Offset,
    /// As it was read, where it is at hand.
    raw: Option<(Arc<RecordBatch>, usize)>,
}

impl Reading {
    /// Of the record that an input shows.
    pub(super) fn of(input: &mut Input, offset: Offset) -> Self {
        Self { raw: input.peek(), partition: input.partition.clone(), offset }
    }

    /// Without the record: what waits keeps no batch in memory.
    pub(in crate::stream) fn without_raw(&self) -> Self {
        Self { partition: self.partition.clone(), offset: self.offset, raw: None }
    }

    /// Partition and offset.
    pub(in crate::stream) fn place(&self) -> (u32, i64) {
        (self.partition.partition.0, self.offset.0 as i64)
    }

    pub(super) fn origin(&self) -> Origin {
        let TopicPartition { topic, partition } = self.partition.clone();
        Origin { topic, partition: partition.0, offset: self.offset.0 }
    }
}

/// What a policy decides on.
pub(in crate::stream) struct Refused<'a> {
    pub(in crate::stream) error: TaskError,
    /// The topic that it was for.
    pub(in crate::stream) target: Option<&'a str>,
    pub(in crate::stream) key: Option<&'a [u8]>,
    pub(in crate::stream) value: Option<&'a [u8]>,
    pub(in crate::stream) timestamp: Timestamp,
    pub(in crate::stream) headers: &'a [Header],
}

impl Refused<'_> {
    /// No result, but the record being read.
    pub(super) fn of_processing(error: TaskError) -> Self {
        Self { error, target: None, key: None, value: None, timestamp: Timestamp::NONE, headers: &[] }
    }
}

impl Core {
    /// Lets go what is being processed.
    pub(in crate::stream) fn leave_out(&mut self, refused: Refused<'_>) -> Result<(), TaskError> {
        let current = self.current.take();
        let outcome = self.let_go(current.as_ref(), refused);
        self.current = current;
        outcome
    }

    /// Lets a record go. `Err`: the dead-letter topic does not take it, and without a trace nothing is dropped.
    pub(super) fn let_go(
        &mut self,
        reading: Option<&Reading>,
        refused: Refused<'_>,
    ) -> Result<(), TaskError> {
        let origin = reading.map(Reading::origin);
        if let Some(topic) = self.settings.dead_letters.clone() {
            let cause = cause(origin.as_ref(), &refused);
            let (key, value, timestamp, own) = match reading.and_then(|reading| reading.raw.as_ref()) {
                Some((batch, index)) => {
                    let raw = batch.get(*index);
                    (raw.key, raw.value, raw.timestamp, batch.headers(*index))
                }
                None => (refused.key, refused.value, refused.timestamp, refused.headers),
            };
            let headers = [own, &cause].concat();
            self.write_dead_letter(&topic, key, value, timestamp, headers)?;
        }
        let raw = reading.and_then(|reading| reading.raw.as_ref());
        let value = raw.and_then(|(batch, index)| batch.get(*index).value).map(<[u8]>::to_vec);
        self.skipped.push(Skipped { origin, value, error: refused.error });
        Ok(())
    }

    fn write_dead_letter(
        &mut self,
        topic: &TopicName,
        key: Option<&[u8]>,
        mut value: Option<&[u8]>,
        timestamp: Timestamp,
        mut headers: Vec<Header>,
    ) -> Result<(), TaskError> {
        let refused =
            |error| TaskError::Production { topic: format!("the dead-letter topic {topic}"), error };
        match self.destinations.find(topic) {
            Destination::Found(limits) => {
                let takes = |value, headers: &[Header]| limits.admit(key, record_bytes(key, value, headers));
                if let (Err(ProductionError::TooLarge { .. }), Some(whole)) = (takes(value, &headers), value)
                {
                    headers.push(header("value-left-out", format!("{} bytes", whole.len())));
                    value = None;
                }
                takes(value, &headers).map_err(refused)?;
            }
            Destination::Missing => return Err(refused(ProductionError::NoSuchTopic)),
            Destination::Unknown => {}
        }
        let by = PartitionBy::Hash(Partitioner::Murmur2, u32::MAX);
        let headers: Headers = Some(headers.into());
        self.produced.push(ProducedRecord { topic, by, key, value, timestamp, headers: &headers });
        Ok(())
    }
}

/// Why a record is a dead letter.
fn cause(origin: Option<&Origin>, refused: &Refused<'_>) -> Vec<Header> {
    let mut headers = Vec::new();
    if let Some(origin) = origin {
        headers.extend([
            header("topic", origin.topic.to_string()),
            header("partition", origin.partition.to_string()),
            header("offset", origin.offset.to_string()),
        ]);
    }
    headers.extend(refused.target.map(|target| header("target", target.to_owned())));
    headers.push(header("message", refused.error.to_string()));
    headers
}

fn header(name: &str, value: String) -> Header {
    Header { name: format!("__lentic.errors.{name}"), value: Some(value.into()) }
}
