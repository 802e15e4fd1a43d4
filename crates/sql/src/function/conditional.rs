//! COALESCE, IFNULL, NULLIF.
use crate::value::Value;

use super::operand::any;
use super::{Body, Category, Function};

/// All functions of this family.
pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("COALESCE", Category::Conditional, "The first of its arguments that is not NULL.")
            .overload(
                "first T, others T...",
                "T",
                "",
                Body::Lenient(|a| Ok(a.iter().find(|value| !value.is_null()).cloned().unwrap_or_default())),
            )
            .parameter("first", "A value.")
            .parameter("others", "More values of the same type."),
        Function::new("IFNULL", Category::Conditional, "A value, or another one if it is NULL.")
            .overload(
                "expression T, altValue T",
                "T",
                "",
                Body::Lenient(|a| {
                    let first = any(a, 0)?;
                    Ok(if first.is_null() { any(a, 1)?.clone() } else { first.clone() })
                }),
            )
            .parameter("expression", "The value.")
            .parameter("altValue", "What stands in for NULL."),
        Function::new("NULLIF", Category::Conditional, "A value, or NULL if it equals another.")
            .overload(
                "expression1 T, expression2 T",
                "T",
                "",
                Body::Lenient(|a| {
                    let first = any(a, 0)?;
                    Ok(if first == any(a, 1)? { Value::Null } else { first.clone() })
                }),
            )
            .parameter("expression1", "The value.")
            .parameter("expression2", "What it must not equal."),
    ]
}
