//! GREATEST and LEAST.
use std::cmp::Ordering;

use crate::error::Result;
use crate::function::CallError;
use crate::function::resolve::UNTYPED_NULL;
use crate::types::{DecimalType, SqlType};
use crate::value::Value;

use super::{Body, Category, Function};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("greatest", "The largest of its arguments; NULLs do not count.", |values| {
            pick(values, Ordering::Greater)
        }),
        function("least", "The smallest of its arguments; NULLs do not count.", |values| {
            pick(values, Ordering::Less)
        }),
    ]
}

fn function(name: &'static str, about: &'static str, body: fn(&[Value]) -> Result<Value>) -> Function {
    let mut function = Function::new(name, Category::Math, about);
    for kind in ["INTEGER", "BIGINT", "DOUBLE", "STRING", "BYTES", "DATE", "TIME", "TIMESTAMP"] {
        let parameters = format!("first {kind}, others {kind}...");
        function = function.overload(&parameters, kind, "", Body::Lenient(body));
    }
    // Whichever wins keeps its digits, though the type is that of the widest.
    function
        .computed("first DECIMAL, others DECIMAL...", widest, "", Body::Lenient(body))
        .parameter("first", "A value.")
        .parameter("others", "More values of the same type.")
}

fn pick(values: &[Value], wanted: Ordering) -> Result<Value> {
    let present = values.iter().filter(|value| !value.is_null());
    let best = present.reduce(|best, value| if value.cmp(best) == wanted { value } else { best });
    Ok(best.cloned().unwrap_or_default())
}

fn widest(arguments: &[Option<SqlType>]) -> Result<SqlType, CallError> {
    let decimals = arguments.iter().flatten().filter_map(DecimalType::of);
    let widest = decimals.reduce(DecimalType::widest).map(SqlType::Decimal);
    widest.ok_or_else(|| CallError::new(UNTYPED_NULL))
}
