//! The operators, one file each.
mod aggregate;
mod foreign_key;
mod global_join;
mod held;
mod process;
mod rows;
mod sink;
mod stateless;
mod stream_join;
mod stream_table_join;
mod suppress;
mod table;
mod table_aggregate;
mod table_group;
mod table_join;

use lentic_topology::spec::Spec;
use lentic_topology::{NodeId, Plan, Record};
use lentic_types::Timestamp;

use super::{Context, TaskError};

pub(super) use held::Held;

/// An operator at work in one task.
pub trait Processor: Send {
    /// Before the first record: sets schedules.
    fn init(&mut self, _context: &mut Context<'_>) -> Result<(), TaskError> {
        Ok(())
    }

    /// Takes a record that came in at a port.
    fn process(&mut self, context: &mut Context<'_>, port: usize, record: Record) -> Result<(), TaskError>;

    /// Called by a schedule.
    fn punctuate(
        &mut self,
        _context: &mut Context<'_>,
        _number: u32,
        _at: Timestamp,
    ) -> Result<(), TaskError> {
        Ok(())
    }
}

/// The operator of a node. `prefix`: of the names of the query's own topics.
pub(super) fn build(plan: &Plan, id: NodeId, prefix: &str) -> Box<dyn Processor> {
    match plan.node(id).spec.clone() {
        Spec::Source(_) | Spec::Merge => Box::new(stateless::Pass),
        Spec::ToStream => Box::new(stateless::ToStream),
        Spec::Filter(keep) => Box::new(stateless::Filter(keep)),
        Spec::Map(map) => Box::new(stateless::Map(map)),
        Spec::MapValues(map) => Box::new(stateless::MapValues(map)),
        Spec::FlatMap(map) => Box::new(stateless::FlatMap(map)),
        Spec::Retime(time) => Box::new(stateless::Retime(time)),
        Spec::Peek(look) => Box::new(stateless::Peek(look)),
        Spec::Branch(choose) => Box::new(stateless::Branch(choose)),
        Spec::Sink(sink) => Box::new(sink::Writer::new(sink, plan.node(id).policies.production, prefix)),
        Spec::Table { store } => Box::new(table::Source::new(plan, store)),
        Spec::TableFilter { keep, store, needs_old: _ } => {
            Box::new(table::Filter::new(plan, id, keep, store))
        }
        Spec::TableMapValues { map, store } => Box::new(table::MapValues::new(plan, map, store)),
        Spec::TableRekey { to, from: _, store } => Box::new(table::Rekey::new(plan, to, store)),
        Spec::TableGroup { group, key } => Box::new(table_group::Group { group, key }),
        Spec::Aggregate(spec) => aggregate::build(plan, spec),
        Spec::TableAggregate(spec) => Box::new(table_aggregate::Fold::new(plan, spec)),
        Spec::StreamTableJoin(spec) => Box::new(stream_table_join::Join::new(plan, id, spec)),
        Spec::TableJoin(spec) => Box::new(table_join::Join::new(plan, id, spec)),
        Spec::StreamJoin(spec) => Box::new(stream_join::Join::new(spec)),
        Spec::GlobalJoin(spec) => Box::new(global_join::Join::new(plan, spec)),
        Spec::ForeignKeySubscription(spec) => Box::new(foreign_key::Subscribe(spec)),
        Spec::ForeignKeyJoin(spec) => Box::new(foreign_key::Answer::new(plan, id, spec)),
        Spec::ForeignKeyResponse(spec) => Box::new(foreign_key::Resolve::new(plan, id, spec)),
        Spec::Suppress(spec) => Box::new(suppress::Suppressor::new(spec)),
        Spec::Process(spec) => Box::new(process::Operator::new(plan, &spec)),
    }
}
