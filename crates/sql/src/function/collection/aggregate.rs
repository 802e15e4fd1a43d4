//! ARRAY_LENGTH and SLICE.
use crate::value::Value;

use super::operand::{any, array};
use super::{Body, Category, Function};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("ARRAY_LENGTH", Category::Array, "How many elements an array has.")
            .overload(
                "array ARRAY<T>",
                "INTEGER",
                "",
                Body::Strict(|a| Ok(Value::Integer(array(a, 0)?.len() as i32))),
            )
            .parameter("array", "The array."),
        Function::new(
            "slice",
            Category::Array,
            "The elements of an array from one place to another, both included.",
        )
        .overload(
            "in ARRAY<T>, from INTEGER, to INTEGER",
            "ARRAY<T>",
            "",
            Body::Lenient(|a| {
                let Some(values) = any(a, 0)?.as_array() else { return Ok(Value::Null) };
                let len = values.len() as i64;
                // NULL leaves that end open.
                let from = (any(a, 1)?.as_bigint().unwrap_or(1) - 1).clamp(0, len);
                let to = any(a, 2)?.as_bigint().unwrap_or(len).clamp(0, len);
                Ok(if from > to {
                    Value::Null
                } else {
                    Value::array(values[from as usize..to as usize].iter().cloned())
                })
            }),
        )
        .parameter("in", "The array.")
        .parameter("from", "The first place, counted from 1; the start if NULL.")
        .parameter("to", "The last place; the end if NULL."),
    ]
}
