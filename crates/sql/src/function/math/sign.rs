//! Size and sign.
use crate::types::SqlType;
use crate::value::Value;

use super::operand::{bigint, decimal, double, integer};
use super::{Body, Category, Function};
use crate::function::CallError;
use crate::function::resolve::UNTYPED_NULL;

pub(super) fn functions() -> Vec<Function> {
    vec![abs(), sign()]
}

fn abs() -> Function {
    Function::new("abs", Category::Math, "The number without its sign.")
        .overload("value INTEGER", "INTEGER", "", Body::Strict(|a| Ok(integer(a, 0)?.wrapping_abs().into())))
        .overload("value BIGINT", "BIGINT", "", Body::Strict(|a| Ok(bigint(a, 0)?.wrapping_abs().into())))
        .overload("value DOUBLE", "DOUBLE", "", Body::Strict(|a| Ok(double(a, 0)?.abs().into())))
        .computed("value DECIMAL", same, "", Body::Strict(|a| Ok(decimal(a, 0)?.abs().into())))
        .parameter("value", "The number.")
}

fn sign() -> Function {
    let mut function = Function::new("sign", Category::Math, "-1, 0 or 1: the sign of the number.");
    for kind in ["INTEGER", "BIGINT", "DOUBLE"] {
        function = function.overload(
            &format!("value {kind}"),
            "INTEGER",
            "",
            Body::Strict(|a| {
                let number = double(a, 0)?;
                Ok(Value::Integer(i32::from(number > 0.0) - i32::from(number < 0.0)))
            }),
        );
    }
    function.parameter("value", "The number.")
}

/// The result has the type of the first argument.
pub(super) fn same(arguments: &[Option<SqlType>]) -> Result<SqlType, CallError> {
    arguments.first().cloned().flatten().ok_or_else(|| CallError::new(UNTYPED_NULL))
}
