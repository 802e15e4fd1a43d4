//! GENERATE_SERIES.
use crate::error::{EvaluationError, Result};
use crate::value::Value;

use super::operand::{bigint, integer};
use super::{Body, Category, Function};

/// A longer series is an error: it would have to be held in memory.
const MAX_LEN: u64 = 10_000_000;

pub(super) fn functions() -> Vec<Function> {
    let about = "The whole numbers from one to another, both included, in steps of 1 or -1 or of any size.";
    let function = Function::new("generate_series", Category::Array, about)
        .overload("start INTEGER, end INTEGER", "ARRAY<INTEGER>", "", Body::Strict(|a| ints(a, None)))
        .overload(
            "start INTEGER, end INTEGER, step INTEGER",
            "ARRAY<INTEGER>",
            "",
            Body::Strict(|a| ints(a, Some(integer(a, 2)?))),
        )
        .overload("start BIGINT, end BIGINT", "ARRAY<BIGINT>", "", Body::Strict(|a| bigints(a, None)))
        .overload(
            "start BIGINT, end BIGINT, step INTEGER",
            "ARRAY<BIGINT>",
            "",
            Body::Strict(|a| bigints(a, Some(integer(a, 2)?))),
        )
        .parameter("start", "The first number.")
        .parameter("end", "The number that the series does not go beyond.")
        .parameter("step", "From one to the next; not 0, and towards the end.");
    vec![function]
}

fn ints(arguments: &[Value], step: Option<i32>) -> Result<Value> {
    series(bigint(arguments, 0)?, bigint(arguments, 1)?, step, |number| Value::Integer(number as i32))
}

fn bigints(arguments: &[Value], step: Option<i32>) -> Result<Value> {
    series(bigint(arguments, 0)?, bigint(arguments, 1)?, step, Value::Bigint)
}

fn series(start: i64, end: i64, step: Option<i32>, value: impl Fn(i64) -> Value) -> Result<Value> {
    let step = step.map_or(if end >= start { 1 } else { -1 }, i64::from);
    if step == 0 {
        return Err(EvaluationError::new("GENERATE_SERIES step cannot be zero"));
    }
    if start != end && (step > 0) != (end > start) {
        return Err(EvaluationError::new("GENERATE_SERIES step has wrong sign"));
    }
    let count = start.abs_diff(end) / step.unsigned_abs();
    if count >= MAX_LEN {
        return Err(EvaluationError::new(format!("a series of more than {MAX_LEN} numbers")));
    }
    Ok(Value::array((0..=count as i64).map(|index| value(start + index * step))))
}
