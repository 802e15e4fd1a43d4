//! Arguments as what they are known to be. A value of another type is a mistake of the planner, told as an error and not as a
//! panic.
use std::sync::Arc;

use bigdecimal::BigDecimal;

use crate::error::{EvaluationError, Result};
use crate::value::{MapValue, Value};

fn get<'a, T>(
    arguments: &'a [Value],
    index: usize,
    wanted: &str,
    read: impl Fn(&'a Value) -> Option<T>,
) -> Result<T> {
    arguments
        .get(index)
        .and_then(read)
        .ok_or_else(|| EvaluationError::new(format!("argument {} is no {wanted}", index + 1)))
}

pub(super) fn boolean(arguments: &[Value], index: usize) -> Result<bool> {
    get(arguments, index, "BOOLEAN", Value::as_boolean)
}

pub(super) fn integer(arguments: &[Value], index: usize) -> Result<i32> {
    get(arguments, index, "INTEGER", Value::as_integer)
}

/// An INTEGER or a BIGINT.
pub(super) fn bigint(arguments: &[Value], index: usize) -> Result<i64> {
    get(arguments, index, "BIGINT", Value::as_bigint)
}

/// An INTEGER, a BIGINT or a DOUBLE.
pub(super) fn double(arguments: &[Value], index: usize) -> Result<f64> {
    get(arguments, index, "DOUBLE", Value::as_double)
}

pub(super) fn decimal(arguments: &[Value], index: usize) -> Result<&BigDecimal> {
    get(arguments, index, "DECIMAL", Value::as_decimal)
}

pub(super) fn text(arguments: &[Value], index: usize) -> Result<&str> {
    get(arguments, index, "STRING", Value::as_str)
}

pub(super) fn shared_text(arguments: &[Value], index: usize) -> Result<&Arc<str>> {
    get(arguments, index, "STRING", |value| if let Value::String(text) = value { Some(text) } else { None })
}

pub(super) fn bytes(arguments: &[Value], index: usize) -> Result<&[u8]> {
    get(arguments, index, "BYTES", Value::as_bytes)
}

pub(super) fn array(arguments: &[Value], index: usize) -> Result<&[Value]> {
    get(arguments, index, "ARRAY", Value::as_array)
}

pub(super) fn map(arguments: &[Value], index: usize) -> Result<&MapValue> {
    get(arguments, index, "MAP", Value::as_map)
}

pub(super) fn any(arguments: &[Value], index: usize) -> Result<&Value> {
    get(arguments, index, "argument", Some)
}

pub(super) fn date(arguments: &[Value], index: usize) -> Result<i32> {
    get(arguments, index, "DATE", |value| if let Value::Date(days) = value { Some(*days) } else { None })
}

pub(super) fn time(arguments: &[Value], index: usize) -> Result<i32> {
    get(arguments, index, "TIME", |value| if let Value::Time(ms) = value { Some(*ms) } else { None })
}

pub(super) fn timestamp(arguments: &[Value], index: usize) -> Result<i64> {
    get(
        arguments,
        index,
        "TIMESTAMP",
        |value| if let Value::Timestamp(ms) = value { Some(*ms) } else { None },
    )
}
