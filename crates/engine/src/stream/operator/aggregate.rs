//! Folding streams.
use lentic_topology::Record;
use lentic_topology::spec::{Aggregate, Windowing};

use super::Processor;
use crate::stream::{Context, TaskError};

mod close;
mod plain;
mod session;
mod sliding;
mod time;

pub(super) fn build(spec: Aggregate) -> Box<dyn Processor> {
    match spec.windows.clone() {
        Windowing::None => Box::new(plain::Fold(spec)),
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
