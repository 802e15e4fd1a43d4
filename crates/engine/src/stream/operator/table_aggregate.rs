//! Folding a table's groups.
use lentic_topology::spec::TableAggregate;
use lentic_topology::{Plan, Record};

use super::Processor;
use super::rows::{Kept, Put, Rows};
use crate::stream::{Context, TaskError};

pub(super) struct Fold {
    spec: TableAggregate,
    rows: Rows,
}

impl Fold {
    pub(super) fn new(plan: &Plan, spec: TableAggregate) -> Self {
        Self { rows: Rows::new(plan, spec.store), spec }
    }
}

impl Processor for Fold {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let Some(key) = self.rows.key(context, record.key.as_ref())? else {
            context.drop_record();
            return Ok(());
        };
        let row = self.rows.get(context, &key)?;
        let known = row.clone().filter(|_| context.merges());
        let (before, timestamp) = match row {
            Some((value, stored)) => (Some(value), stored.max(record.timestamp)),
            None => (None, record.timestamp),
        };
        let mut aggregate = before.clone();
        if record.old.is_some() && before.is_some() {
            aggregate = (self.spec.subtract)(record.key.as_ref(), record.old.as_ref(), aggregate)?;
        }
        if record.value.is_some() {
            aggregate = (self.spec.add)(record.key.as_ref(), record.value.as_ref(), aggregate)?;
        }
        let Kept { value, put, bytes } = self.rows.put(context, &key, aggregate, timestamp)?;
        if put == Put::TooOld {
            context.drop_record();
            return Ok(());
        }
        let old = before.filter(|_| context.sends_old());
        let record = Record { timestamp, is_latest: put == Put::Latest, ..record };
        context.forward_row(&key, record.with_change(value, old), known, bytes)
    }
}
