//! ARRAY_JOIN.
use crate::function::CallError;
use crate::types::SqlType;
use crate::value::{Value, print};

use super::{Body, Category, Function};

pub(super) fn functions() -> Vec<Function> {
    let join = Function::new(
        "ARRAY_JOIN",
        Category::Array,
        "The texts of the elements, with a delimiter between them.",
    )
    .computed(
        "array ARRAY<T>",
        returns,
        "With commas.",
        Body::Bound(|site| {
            let kind = element(site.arguments.first().and_then(|argument| argument.kind.as_ref()));
            Ok(Box::new(move |a| Ok(join(a.first(), ",", &kind))))
        }),
    )
    .computed(
        "array ARRAY<T>, delimiter STRING",
        returns,
        "",
        Body::Bound(|site| {
            let kind = element(site.arguments.first().and_then(|argument| argument.kind.as_ref()));
            Ok(Box::new(move |a| {
                let delimiter = a.get(1).and_then(Value::as_str).unwrap_or_default();
                Ok(join(a.first(), delimiter, &kind))
            }))
        }),
    )
    .parameter("array", "An array of values that are not nested themselves; NULL in it becomes `null`.")
    .parameter("delimiter", "What is between the texts; nothing if it is NULL.");
    vec![join]
}

fn join(array: Option<&Value>, delimiter: &str, kind: &SqlType) -> Value {
    let Some(values) = array.and_then(Value::as_array) else { return Value::Null };
    let mut text = String::new();
    for (index, value) in values.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { delimiter });
        print(value, kind, &mut text);
    }
    text.into()
}

fn element(array: Option<&SqlType>) -> SqlType {
    if let Some(SqlType::Array(element)) = array { (**element).clone() } else { SqlType::String }
}

fn returns(arguments: &[Option<SqlType>]) -> Result<SqlType, CallError> {
    match element(arguments.first().and_then(Option::as_ref)) {
        nested if nested.is_nested() => {
            Err(CallError::new(format!("The specified type {nested} is not supported by ARRAY_JOIN.")))
        }
        _ => Ok(SqlType::String),
    }
}
