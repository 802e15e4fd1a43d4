//! ARRAY_MAX, ARRAY_MIN, ARRAY_SORT.
use crate::error::EvaluationError;
use crate::types::SqlType;
use crate::value::Value;

use super::operand::array;
use super::{Body, Category, Function};
use crate::function::CallError;
use crate::function::resolve::UNTYPED_NULL;

pub(super) fn functions() -> Vec<Function> {
    let about = "An array of values that have an order; NULLs in it do not count.";
    vec![
        Function::new("array_max", Category::Array, "The largest element.")
            .computed(
                "array ARRAY<T>",
                element,
                "",
                Body::Strict(|a| Ok(values(array(a, 0)?).max().cloned().unwrap_or_default())),
            )
            .parameter("array", about),
        Function::new("array_min", Category::Array, "The smallest element.")
            .computed(
                "array ARRAY<T>",
                element,
                "",
                Body::Strict(|a| Ok(values(array(a, 0)?).min().cloned().unwrap_or_default())),
            )
            .parameter("array", about),
        Function::new("array_sort", Category::Array, "The elements in order, NULLs last.")
            .computed("array ARRAY<T>", whole, "", Body::Strict(|a| Ok(sorted(array(a, 0)?, false))))
            .computed(
                "array ARRAY<T>, direction STRING",
                whole,
                "",
                Body::Strict(|a| {
                    let direction = super::operand::text(a, 1)?;
                    match direction.to_ascii_uppercase().as_str() {
                        "ASC" | "ASCENDING" => Ok(sorted(array(a, 0)?, false)),
                        "DESC" | "DESCENDING" => Ok(sorted(array(a, 0)?, true)),
                        _ => Err(EvaluationError::new(format!("no direction: '{direction}'; ASC or DESC"))),
                    }
                }),
            )
            .parameter("array", "An array of values that have an order.")
            .parameter("direction", "ASC or DESC, ASC if nothing is said."),
    ]
}

fn sorted(values: &[Value], down: bool) -> Value {
    let (nulls, mut present): (Vec<Value>, Vec<Value>) = values.iter().cloned().partition(Value::is_null);
    present.sort_by(|a, b| if down { b.cmp(a) } else { a.cmp(b) });
    Value::array(present.into_iter().chain(nulls))
}

/// Those that are not NULL.
fn values(array: &[Value]) -> impl Iterator<Item = &Value> {
    array.iter().filter(|value| !value.is_null())
}

/// The element's type, if it has an order.
fn element(arguments: &[Option<SqlType>]) -> Result<SqlType, CallError> {
    match whole(arguments)? {
        SqlType::Array(element) => Ok((*element).clone()),
        other => Ok(other),
    }
}

/// The array's own type.
fn whole(arguments: &[Option<SqlType>]) -> Result<SqlType, CallError> {
    match arguments.first().cloned().flatten() {
        Some(SqlType::Array(element)) if element.is_nested() => {
            Err(CallError::new(format!("Values of type {element} have no order.")))
        }
        Some(kind) => Ok(kind),
        None => Err(CallError::new(UNTYPED_NULL)),
    }
}
