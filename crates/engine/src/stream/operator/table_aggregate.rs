//! Folding a table's groups.
use lentic_topology::Record;
use lentic_topology::spec::TableAggregate;

use super::Processor;
use crate::stream::{Context, TaskError};

pub(super) struct Fold(pub(super) TableAggregate);

impl Processor for Fold {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let spec = &self.0;
        let Some(key) = context.bytes(&spec.key, record.key.as_ref())? else {
            context.drop_record();
            return Ok(());
        };
        let stored = context.row(spec.store, &key, &spec.value)?;
        let (before, mut timestamp) = match stored {
            Some((value, stored)) => (Some(value), stored.max(record.timestamp)),
            None => (None, record.timestamp),
        };
        let mut aggregate = before.clone();
        if record.old.is_some() && before.is_some() {
            aggregate = (spec.subtract)(record.key.as_ref(), record.old.as_ref(), aggregate);
            timestamp = timestamp.max(record.timestamp);
        }
        if record.value.is_some() {
            aggregate = (spec.add)(record.key.as_ref(), record.value.as_ref(), aggregate);
        }
        let bytes = context.bytes(&spec.value, aggregate.as_ref())?;
        context.state().put(spec.store, &key, bytes.as_deref(), timestamp)?;
        let old = before.filter(|_| context.sends_old());
        context.forward(Record { timestamp, ..record }.with_change(aggregate, old))
    }
}
