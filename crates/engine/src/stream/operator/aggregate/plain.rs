//! Without windows.
use lentic_topology::spec::Aggregate;
use lentic_topology::{Plan, Record};

use super::{Processor, key_of};
use crate::stream::operator::rows::{Kept, Put, Rows};
use crate::stream::{Context, TaskError};

pub(super) struct Fold {
    spec: Aggregate,
    rows: Rows,
}

impl Fold {
    pub(super) fn new(plan: &Plan, spec: Aggregate) -> Self {
        Self { rows: Rows::new(plan, spec.store), spec }
    }
}

impl Processor for Fold {
    fn process(&mut self, context: &mut Context<'_>, port: usize, record: Record) -> Result<(), TaskError> {
        let Some(key) = key_of(&self.spec, context, &record)? else { return Ok(()) };
        let row = self.rows.get(context, &key)?;
        let known = row.clone().filter(|_| context.merges());
        let (before, timestamp) = match row {
            Some((value, stored)) => (Some(value), stored.max(record.timestamp)),
            None => (None, record.timestamp),
        };
        let old = before.clone().filter(|_| context.sends_old());
        let aggregate = (self.spec.inputs[port])(record.key.as_ref(), record.value.as_ref(), before)?;
        let Kept { value, put, bytes } = self.rows.put(context, &key, aggregate, timestamp)?;
        if put == Put::TooOld {
            context.drop_record();
            return Ok(());
        }
        let record = Record { timestamp, is_latest: put == Put::Latest, ..record };
        context.forward_row(&key, record.with_change(value, old), known, bytes)
    }
}
