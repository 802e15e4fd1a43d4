//! A stream and a global table.
use lentic_topology::spec::{GlobalJoin, JoinKind};
use lentic_topology::{Codec, Plan, Record};

use super::Processor;
use crate::stream::{Context, TaskError};

pub(super) struct Join {
    spec: GlobalJoin,
    key: Codec,
    value: Codec,
}

impl Join {
    pub(super) fn new(plan: &Plan, spec: GlobalJoin) -> Self {
        let table = &plan.globals()[spec.table.0];
        Self { key: table.key.clone(), value: table.value.clone(), spec }
    }
}

impl Processor for Join {
    fn process(
        &mut self,
        context: &mut Context<'_>,
        _port: usize,
        mut record: Record,
    ) -> Result<(), TaskError> {
        let mapped = (self.spec.lookup)(record.key.as_ref(), record.value.as_ref());
        let mapped = context.bytes(&self.key, mapped.as_ref())?;
        let has_value = context.has_bytes(&self.spec.value, record.value.as_ref())?;
        if !has_value || (mapped.is_none() && self.spec.kind == JoinKind::Inner) {
            context.drop_record();
            return Ok(());
        }
        let row = match mapped {
            Some(key) => context.globals().get(self.spec.table.0, &key)?,
            None => None,
        };
        let row = match row {
            Some((bytes, _)) => self.value.decode(Some(&bytes)).map_err(TaskError::Undecodable)?,
            None => None,
        };
        if row.is_none() && self.spec.kind == JoinKind::Inner {
            return Ok(());
        }
        let value = record.value.take();
        let value = (self.spec.join)(record.key.as_ref(), value, row);
        context.forward(record.with_value(value))
    }
}
