//! Without windows.
use lentic_topology::Record;
use lentic_topology::spec::Aggregate;

use super::{Processor, key_of};
use crate::stream::{Context, TaskError};

pub(super) struct Fold(pub(super) Aggregate);

impl Processor for Fold {
    fn process(&mut self, context: &mut Context<'_>, port: usize, record: Record) -> Result<(), TaskError> {
        let spec = &self.0;
        let Some(key) = key_of(spec, context, &record)? else { return Ok(()) };
        let (before, timestamp) = match context.row(spec.store, &key, &spec.value)? {
            Some((value, stored)) => (Some(value), stored.max(record.timestamp)),
            None => (None, record.timestamp),
        };
        let old = before.clone().filter(|_| context.sends_old());
        let aggregate = (spec.inputs[port])(record.key.as_ref(), record.value.as_ref(), before);
        let bytes = context.bytes(&spec.value, aggregate.as_ref())?;
        context.state().put(spec.store, &key, bytes.as_deref(), timestamp)?;
        context.forward(Record { timestamp, ..record }.with_change(aggregate, old))
    }
}
