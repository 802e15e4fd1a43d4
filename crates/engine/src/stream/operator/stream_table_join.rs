//! A stream and a table.
use lentic_topology::spec::{JoinKind, StreamTableJoin};
use lentic_topology::{NodeId, Plan, Record};

use super::Processor;
use crate::stream::lookup::Lookup;
use crate::stream::{Context, TaskError};

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
}

impl Processor for Join {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let has_no_key = context.bytes(&self.spec.key, record.key.as_ref())?.is_none();
        if record.value.is_none() || (has_no_key && self.spec.kind == JoinKind::Inner) {
            context.drop_record();
            return Ok(());
        }
        self.join(context, record)
    }
}
