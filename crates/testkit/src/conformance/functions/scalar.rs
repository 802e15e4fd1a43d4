//! Scalar functions that tell which overload was called, that fail, or that must not be called.
use std::sync::atomic::{AtomicBool, Ordering};

use lentic_sql::function::{Body, Category, Function};
use lentic_sql::{EvaluationError, Value};

pub(super) fn functions() -> Vec<Function> {
    vec![test_udf(), bad_udf(), watched("WHENCONDITION", "BOOLEAN"), watched("WHENRESULT", "INTEGER")]
}

/// Each overload gives its own name.
fn test_udf() -> Function {
    macro_rules! named {
        ($name:literal) => {
            Body::Lenient(|_| Ok(Value::from($name)))
        };
    }
    Function::new("test_udf", Category::Other, "Tells which overload was called.")
        .overload("a BIGINT, b INTEGER, c STRING", "STRING", "", named!("doStuffLongIntString"))
        .overload("a BIGINT, b BIGINT, c STRING", "STRING", "", named!("doStuffLongLongString"))
        .overload("a INTEGER, b STRING", "STRING", "", named!("doStuffIntString"))
        .overload("a BIGINT, b STRING", "STRING", "", named!("doStuffLongString"))
        .overload(
            "a STRUCT<A STRING>",
            "STRING",
            "",
            Body::Strict(|a| {
                Ok(a[0].as_struct().and_then(|fields| fields.first()).cloned().unwrap_or_default())
            }),
        )
}

fn bad_udf() -> Function {
    Function::new("bad_udf", Category::Other, "Fails.")
        .overload(
            "a STRING",
            "STRING",
            "NULL at every other call, beginning with the first.",
            Body::Bound(|_| {
                let gives = AtomicBool::new(true);
                Ok(Box::new(move |a| {
                    Ok(if gives.fetch_not(Ordering::Relaxed) { Value::Null } else { a[0].clone() })
                }))
            }),
        )
        .overload(
            "a BOOLEAN",
            "INTEGER",
            "Fails if it is told to.",
            Body::Lenient(|a| match a[0].as_boolean() {
                Some(true) => Err(EvaluationError::new("boom!")),
                _ => Ok(Value::Integer(0)),
            }),
        )
        .overload(
            "a INTEGER",
            "INTEGER",
            "Always fails.",
            Body::Lenient(|_| Err(EvaluationError::new("boom!"))),
        )
}

/// Gives its first argument, and fails if the second says that it should not have been called.
fn watched(name: &'static str, kind: &str) -> Function {
    let body = Body::Lenient(|a| match a[1].as_boolean() {
        Some(true) => Ok(a[0].clone()),
        _ => Err(EvaluationError::new("this branch must not be evaluated")),
    });
    let parameters = format!("result {kind}, mayBeCalled BOOLEAN");
    Function::new(name, Category::Other, "Gives its first argument, if it may.").overload(
        &parameters,
        kind,
        "",
        body,
    )
}
