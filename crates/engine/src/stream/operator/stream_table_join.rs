//! A stream and a table. With grace, records of the stream wait in a store by time, so that the table can come first.
use std::ops::Bound;

use lentic_topology::spec::{JoinKind, StoreIndex, StreamTableJoin};
use lentic_topology::{Codec, NodeId, Plan, Record};
use lentic_types::Timestamp;

use super::Processor;
use super::held::Held;
use crate::stream::lookup::Lookup;
use crate::stream::{Context, TaskError};

/// The slot of the number of the record that began to wait last.
const SEQUENCE: usize = 1;

pub(super) struct Join {
    spec: StreamTableJoin,
    table: Lookup,
}

impl Join {
    pub(super) fn new(plan: &Plan, id: NodeId, spec: StreamTableJoin) -> Self {
        let table = plan.node(id).looks_up.first();
        let table = table.map_or(Lookup::None, |input| Lookup::of(plan, input.node));
        Self { spec, table }
    }

    fn join(&self, context: &mut Context<'_>, mut record: Record) -> Result<(), TaskError> {
        let at = Some(record.timestamp);
        let row = match &record.key {
            Some(key) => self.table.get_at(context.state(), key, at)?.map(|(row, _)| row),
            None => None,
        };
        if row.is_none() && self.spec.kind == JoinKind::Inner {
            return Ok(());
        }
        let value = record.value.take();
        let value = (self.spec.join)(record.key.as_ref(), value, row);
        context.forward(record.with_value(value))
    }

    /// The record waits; those that have waited long enough are joined, oldest first.
    fn wait(
        &self,
        context: &mut Context<'_>,
        buffer: StoreIndex,
        grace_ms: i64,
        key: &[u8],
        record: Record,
    ) -> Result<(), TaskError> {
        let observed = context.observe(record.timestamp);
        let until = observed.saturating_sub(grace_ms);
        if record.timestamp.0 < until {
            // It comes too late to wait.
            return self.join(context, record);
        }
        let held = self.held(context, &record)?;
        let sequence = context.slot(SEQUENCE);
        *sequence = (*sequence).max(0) + 1;
        let place = place(record.timestamp.0, key, *sequence as u32);
        context.state().put(buffer, &place, Some(&held), record.timestamp)?;
        if until < 0 {
            return Ok(());
        }
        let mut due = Vec::new();
        context.state().scan(buffer, Bound::Unbounded, Bound::Unbounded, &mut |place, row| {
            let is_due = time_of(place).is_some_and(|time| time <= until);
            if is_due {
                due.push((place.to_vec(), row.value.to_vec(), row.timestamp));
            }
            is_due
        })?;
        for (place, held, timestamp) in due {
            context.state().put(buffer, &place, None, timestamp)?;
            let record = self.read(&place, &held)?;
            self.join(context, record)?;
        }
        Ok(())
    }

    fn held(&self, context: &Context<'_>, record: &Record) -> Result<Vec<u8>, TaskError> {
        let origin = context.origin();
        let held = Held {
            timestamp: record.timestamp.0,
            offset: origin.as_ref().map_or(-1, |origin| origin.offset as i64),
            topic: origin.as_ref().map_or_else(String::new, |origin| origin.topic.to_string()),
            partition: origin.as_ref().map_or(-1, |origin| origin.partition as i32),
            headers: record.headers.as_deref().unwrap_or_default().to_vec(),
            new: context.bytes(&self.spec.value, record.value.as_ref())?,
            ..Held::default()
        };
        Ok(held.to_bytes(0))
    }

    fn read(&self, place: &[u8], held: &[u8]) -> Result<Record, TaskError> {
        let held = Held::read(held)?;
        let key = place.get(KEY_START..place.len().saturating_sub(SEQUENCE_BYTES));
        let decode = |codec: &Codec, bytes| codec.decode(bytes).map_err(TaskError::Undecodable);
        let (key, value) = (decode(&self.spec.key, key)?, decode(&self.spec.value, held.new.as_deref())?);
        let headers = (!held.headers.is_empty()).then(|| held.headers.into());
        Ok(Record { headers, ..Record::new(key, value, Timestamp(held.timestamp)) })
    }
}

/// Where a record waits, by Kafka Streams' layout: 0, time (8 bytes), key, number (4 bytes).
fn place(time: i64, key: &[u8], sequence: u32) -> Vec<u8> {
    [&[0][..], &time.to_be_bytes(), key, &sequence.to_be_bytes()].concat()
}

const KEY_START: usize = 9;
const SEQUENCE_BYTES: usize = 4;

fn time_of(place: &[u8]) -> Option<i64> {
    place.get(1..KEY_START)?.try_into().ok().map(i64::from_be_bytes)
}

impl Processor for Join {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let has_key = context.has_bytes(&self.spec.key, record.key.as_ref())?;
        let has_value = context.has_bytes(&self.spec.value, record.value.as_ref())?;
        if !has_value || (!has_key && self.spec.kind == JoinKind::Inner) {
            context.drop_record();
            return Ok(());
        }
        if let (Some(grace_ms), Some(buffer)) = (self.spec.grace_ms, self.spec.buffer)
            && let Some(key) = context.bytes(&self.spec.key, record.key.as_ref())?
        {
            return self.wait(context, buffer, grace_ms, &key, record);
        }
        self.join(context, record)
    }
}

#[cfg(test)]
mod tests {
    use lentic_types::Header;

    use super::*;

    /// Bytes that Kafka Streams 4.3.1 wrote for `k = A` at 5, the first record of topic s, with the headers h and n.
    #[test]
    fn what_waits_is_in_kafka_streams_bytes() {
        assert_eq!(place(5, b"k", 1), [0, 0, 0, 0, 0, 0, 0, 0, 5, b'k', 0, 0, 0, 1]);
        assert_eq!(time_of(&place(5, b"k", 1)), Some(5));
        let header = |name: &str, value: Option<&'static [u8]>| Header {
            name: name.to_owned(),
            value: value.map(Into::into),
        };
        let held = Held {
            timestamp: 5,
            topic: "s".to_owned(),
            headers: vec![header("h", Some(&[1, 2])), header("n", None)],
            new: Some(b"A".to_vec()),
            ..Held::default()
        };
        let mut known = vec![0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, b's', 0, 0, 0, 0];
        known.extend([0, 0, 0, 2, 0, 0, 0, 1, b'h', 0, 0, 0, 2, 1, 2, 0, 0, 0, 1, b'n', 255, 255, 255, 255]);
        known.extend([255; 8]);
        known.extend([0, 0, 0, 1, b'A', 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(held.to_bytes(0), known);
    }
}
