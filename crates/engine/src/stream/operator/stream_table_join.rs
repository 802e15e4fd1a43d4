//! A stream and a table. With grace, records of the stream wait in a store by time, so that the table can come first.
use std::ops::Bound;

use lentic_topology::spec::{JoinKind, StoreIndex, StreamTableJoin};
use lentic_topology::{NodeId, Payload, Plan, Record};

use super::Processor;
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

    fn join(&self, context: &mut Context<'_>, record: Record) -> Result<(), TaskError> {
        let at = Some(record.timestamp);
        let row = match &record.key {
            Some(key) => self.table.get_at(context.state(), key, at)?.map(|(row, _)| row),
            None => None,
        };
        if row.is_none() && self.spec.kind == JoinKind::Inner {
            return Ok(());
        }
        let value = (self.spec.join)(record.key.as_ref(), record.value.as_ref(), row.as_ref());
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
        let time = record.timestamp.0;
        let observed = context.observe(record.timestamp);
        if time <= observed.saturating_sub(grace_ms) && time < observed {
            // It comes too late to wait.
            self.join(context, record)?;
        } else {
            let value = context.bytes(&self.spec.value, record.value.as_ref())?.unwrap_or_default();
            let sequence = context.slot(SEQUENCE);
            *sequence += 1;
            let place = [&(time ^ i64::MIN).to_be_bytes()[..], key, &sequence.to_be_bytes()].concat();
            let waiting = [&(key.len() as u32).to_be_bytes()[..], key, &value].concat();
            context.state().put(buffer, &place, Some(&waiting), record.timestamp)?;
        }
        let until = observed.saturating_sub(grace_ms);
        let upper = until.checked_add(1).map(|after| (after ^ i64::MIN).to_be_bytes());
        let upper = upper.as_ref().map_or(Bound::Unbounded, |upper| Bound::Excluded(&upper[..]));
        let mut due = Vec::new();
        context.state().scan(buffer, Bound::Unbounded, upper, &mut |place, row| {
            due.push((place.to_vec(), row.value.to_vec(), row.timestamp));
            true
        })?;
        for (place, waiting, timestamp) in due {
            context.state().put(buffer, &place, None, timestamp)?;
            let (key, value) = self.read(&waiting)?;
            self.join(context, Record::new(key, value, timestamp))?;
        }
        Ok(())
    }

    fn read(&self, waiting: &[u8]) -> Result<(Option<Payload>, Option<Payload>), TaskError> {
        let parts = waiting
            .split_first_chunk::<4>()
            .and_then(|(len, rest)| rest.split_at_checked(u32::from_be_bytes(*len) as usize));
        let (key, value) = parts.ok_or_else(|| {
            TaskError::Store(lentic_store::Error::Corrupt("a record that waits to be joined".to_owned()))
        })?;
        let decode =
            |codec: &lentic_topology::Codec, bytes| codec.decode(Some(bytes)).map_err(TaskError::Undecodable);
        Ok((decode(&self.spec.key, key)?, decode(&self.spec.value, value)?))
    }
}

impl Processor for Join {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let key = context.bytes(&self.spec.key, record.key.as_ref())?;
        let has_value = context.bytes(&self.spec.value, record.value.as_ref())?.is_some();
        if !has_value || (key.is_none() && self.spec.kind == JoinKind::Inner) {
            context.drop_record();
            return Ok(());
        }
        match (self.spec.grace_ms, self.spec.buffer, key) {
            (Some(grace_ms), Some(buffer), Some(key)) => self.wait(context, buffer, grace_ms, &key, record),
            _ => self.join(context, record),
        }
    }
}
