//! Two tables by their keys.
use lentic_topology::spec::{JoinKind, TableJoin};
use lentic_topology::{NodeId, Payload, Plan, Record};

use super::Processor;
use super::table::Keeper;
use crate::stream::lookup::Lookup;
use crate::stream::{Context, TaskError};

pub(super) struct Join {
    spec: TableJoin,
    /// The way to each side's rows.
    sides: [Lookup; 2],
    keeper: Keeper,
}

impl Join {
    pub(super) fn new(plan: &Plan, id: NodeId, spec: TableJoin) -> Self {
        let side = |port: usize| {
            let input = plan.node(id).inputs.iter().find(|input| input.port == port);
            input.map_or(Lookup::None, |input| Lookup::of(plan, input.node))
        };
        let keeper = Keeper::new(plan, spec.store);
        Self { sides: [side(0), side(1)], keeper, spec }
    }

    fn join(
        &self,
        key: Option<&Payload>,
        port: usize,
        own: Option<Payload>,
        other: Option<Payload>,
    ) -> Option<Payload> {
        let (left, right) = if port == 0 { (own, other) } else { (other, own) };
        let has_enough = match self.spec.kind {
            JoinKind::Inner => left.is_some() && right.is_some(),
            JoinKind::Left => left.is_some(),
            JoinKind::Outer => left.is_some() || right.is_some(),
        };
        if has_enough { (self.spec.join)(key, left, right) } else { None }
    }
}

impl Processor for Join {
    fn process(&mut self, context: &mut Context<'_>, port: usize, record: Record) -> Result<(), TaskError> {
        let Some(key) = record.key.clone() else {
            context.drop_record();
            return Ok(());
        };
        if !record.is_latest {
            // Of a versioned table only the latest version is joined.
            return Ok(());
        }
        let other = context.told(&self.sides[1 - port], &key)?;
        let needs_other = match self.spec.kind {
            JoinKind::Inner => true,
            JoinKind::Left => port == 1,
            JoinKind::Outer => false,
        };
        if other.is_none() && (needs_other || (record.value.is_none() && record.old.is_none())) {
            return Ok(());
        }
        let (other, timestamp) = match other {
            Some((value, timestamp)) => (Some(value), timestamp.max(record.timestamp)),
            None => (None, record.timestamp),
        };
        let new = self.join(Some(&key), port, record.value.clone(), other.clone());
        let derive = || Ok(self.join(Some(&key), port, record.old.clone(), other));
        let old = self.keeper.old(context, &record, derive)?;
        self.keeper.keep(context, Record { timestamp, ..record }, new, old)
    }
}
