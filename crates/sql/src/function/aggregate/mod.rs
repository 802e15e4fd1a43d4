//! Aggregates: functions that fold many rows into one value.
mod attribute;
mod collect;
mod correlation;
mod count;
mod definition;
mod deviation;
mod distinct;
mod extreme;
mod histogram;
mod offset;
mod sum;
mod top;

pub use definition::{
    Aggregate, AggregateFunction, AggregateOverload, AggregateSite, ResolvedAggregate, Settings,
};

use crate::types::SqlType;
use crate::value::Value;

use super::{CallError, Parameter, operand, resolve, signature};

/// All aggregates.
pub(super) fn functions() -> Vec<AggregateFunction> {
    let families = [
        attribute::functions,
        collect::functions,
        correlation::functions,
        count::functions,
        deviation::functions,
        distinct::functions,
        extreme::functions,
        histogram::functions,
        offset::functions,
        sum::functions,
        top::functions,
    ];
    families.iter().flat_map(|family| family()).collect()
}

/// The fields of a state that is a STRUCT; none of one that is NULL.
fn fields(state: &Value) -> &[Value] {
    state.as_struct().unwrap_or_default()
}

/// A number in a state; 0 where there is none.
fn number(state: &Value, field: usize) -> f64 {
    fields(state).get(field).and_then(Value::as_double).unwrap_or_default()
}

/// A whole number in a state; 0 where there is none.
fn whole(state: &Value, field: usize) -> i64 {
    fields(state).get(field).and_then(Value::as_bigint).unwrap_or_default()
}

/// The type of an argument.
fn kind(site: &AggregateSite<'_>, index: usize) -> Result<SqlType, CallError> {
    site.kinds.get(index).cloned().flatten().ok_or_else(|| CallError::new(resolve::UNTYPED_NULL))
}
