//! Folding streams.
use lentic_topology::spec::{Aggregate, Windowing};
use lentic_topology::{Plan, Record};

use super::Processor;
use crate::stream::record_cache::TableRow;
use crate::stream::{Context, TaskError};

mod close;
mod plain;
mod session;
mod sliding;
mod time;

pub(super) fn build(plan: &Plan, spec: Aggregate) -> Box<dyn Processor> {
    if spec.inputs.len() == 1 {
        return one(plan, spec);
    }
    Box::new(Inputs(spec.inputs.iter().map(|_| one(plan, spec.clone())).collect()))
}

/// Several inputs of one aggregate: each goes by its own stream time, as if it were alone.
struct Inputs(Vec<Box<dyn Processor>>);

impl Processor for Inputs {
    fn init(&mut self, context: &mut Context<'_>) -> Result<(), TaskError> {
        let mut inputs = self.0.iter_mut().enumerate();
        inputs.try_for_each(|(port, input)| input.init(&mut context.of_input(port)))
    }

    fn process(&mut self, context: &mut Context<'_>, port: usize, record: Record) -> Result<(), TaskError> {
        self.0[port].process(&mut context.of_input(port), port, record)
    }
}

fn one(plan: &Plan, spec: Aggregate) -> Box<dyn Processor> {
    match spec.windows.clone() {
        Windowing::None => Box::new(plain::Fold::new(plan, spec)),
        Windowing::Time(windows, key) => Box::new(time::Fold::new(spec, windows, key)),
        Windowing::Sliding(windows, key) => Box::new(sliding::Fold::new(spec, windows, key)),
        Windowing::Session(windows, merge, key) => Box::new(session::Fold::new(spec, windows, merge, key)),
    }
}

/// The key's bytes; `None`: the record can't be folded, and is dropped.
fn key_of(
    spec: &Aggregate,
    context: &mut Context<'_>,
    record: &Record,
) -> Result<Option<Vec<u8>>, TaskError> {
    let key = context.bytes(&spec.key, record.key.as_ref())?;
    let key = key.filter(|_| record.value.is_some() || !spec.needs_value);
    if key.is_none() {
        context.drop_record();
    }
    Ok(key)
}

/// A change of a window's aggregate.
struct Change {
    record: Record,
    /// The aggregate before, where changes are merged.
    before: TableRow,
    /// Of the aggregate.
    bytes: usize,
}

/// Passes on a change of a window, or lets it wait for those that follow. `times`: what stands behind the key in the bytes of
/// the windowed key, by which those look the row up who take the changes.
fn forward(context: &mut Context<'_>, key: &[u8], times: &[i64], change: Change) -> Result<(), TaskError> {
    let Change { record, before, bytes } = change;
    if !context.merges() {
        return context.forward(record);
    }
    let times = times.iter().flat_map(|time| time.to_be_bytes());
    let row: Vec<u8> = key.iter().copied().chain(times).collect();
    context.forward_row(&row, record, before, bytes)
}

fn len(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(0, <[u8]>::len)
}
