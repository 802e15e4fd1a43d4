//! Folding streams.
use lentic_topology::Record;
use lentic_topology::spec::{Aggregate, Windowing};

use super::Processor;
use crate::stream::{Context, TaskError};

mod plain;
mod time;

pub(super) fn build(spec: Aggregate) -> Box<dyn Processor> {
    match spec.windows.clone() {
        Windowing::None => Box::new(plain::Fold(spec)),
        Windowing::Time(windows, key) => Box::new(time::Fold { spec, windows, key }),
        Windowing::Sliding(..) | Windowing::Session(..) => unimplemented!("operator"),
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
