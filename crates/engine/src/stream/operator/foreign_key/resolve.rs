//! The left side's second half: joins answers that are still about its current rows.
use lentic_topology::spec::{ForeignKeyResponse, JoinKind};
use lentic_topology::{NodeId, Plan, Record};

use super::super::Processor;
use super::super::table::Keeper;
use super::hash::hash128;
use super::wire;
use crate::stream::lookup::Lookup;
use crate::stream::{Context, TaskError};

pub(in super::super) struct Resolve {
    spec: ForeignKeyResponse,
    left: Lookup,
    keeper: Keeper,
}

impl Resolve {
    pub(in super::super) fn new(plan: &Plan, id: NodeId, spec: ForeignKeyResponse) -> Self {
        let left = plan.node(id).looks_up.first();
        let left = left.map_or(Lookup::None, |input| Lookup::of(plan, input.node));
        Self { left, keeper: Keeper::new(plan, spec.store), spec }
    }
}

impl Processor for Resolve {
    fn process(&mut self, context: &mut Context<'_>, _port: usize, record: Record) -> Result<(), TaskError> {
        let (Some(key), Some(value)) = (&record.key, &record.value) else { return Ok(()) };
        let bytes: &Vec<u8> = value.get();
        let (asked, foreign) = wire::read_answer(bytes)?;
        let current = context.told(&self.left, key)?.map(|(value, _)| value);
        let hash = context.bytes(&self.spec.left, current.as_ref())?.map(|value| hash128(&value));
        if hash != asked {
            // The row has changed since; the answer to its newer question comes.
            return Ok(());
        }
        let foreign = match foreign {
            Some(bytes) => self.spec.right.decode(Some(bytes)).map_err(TaskError::Undecodable)?,
            None => None,
        };
        let is_joined = current.is_some() && (foreign.is_some() || self.spec.kind == JoinKind::Left);
        let joined = if is_joined { (self.spec.join)(Some(key), current, foreign) } else { None };
        let old = self.keeper.old(context, &record, || Ok(None))?;
        self.keeper.keep(context, record.clone(), joined, old)
    }
}
