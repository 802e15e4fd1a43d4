//! Numbers to numbers, as Java's `intValue`, `longValue` and `doubleValue`: digits that do not fit are cut off.
use crate::error::{EvaluationError, Result};
use crate::types::SqlType;
use crate::value::Value;
use crate::value::decimal::{
    bigint_of_decimal, decimal_of_bigint, decimal_of_double, double_of_decimal, fit,
};

/// The number as one of the type. Whole numbers wrap, DOUBLEs stop at the ends of the type, digits behind the point are
/// dropped; only a DECIMAL refuses what it cannot hold.
pub(super) fn convert(number: &Value, to: &SqlType) -> Result<Value> {
    Ok(match (number, to) {
        (Value::Integer(n), SqlType::Bigint) => Value::Bigint(i64::from(*n)),
        (Value::Integer(n), SqlType::Double) => Value::Double(f64::from(*n)),
        (Value::Integer(n), SqlType::Decimal(kind)) => fit(&decimal_of_bigint(i64::from(*n)), *kind)?.into(),
        (Value::Bigint(n), SqlType::Integer) => Value::Integer(*n as i32),
        (Value::Bigint(n), SqlType::Double) => Value::Double(*n as f64),
        (Value::Bigint(n), SqlType::Decimal(kind)) => fit(&decimal_of_bigint(*n), *kind)?.into(),
        (Value::Double(n), SqlType::Integer) => Value::Integer(*n as i32),
        (Value::Double(n), SqlType::Bigint) => Value::Bigint(*n as i64),
        (Value::Double(n), SqlType::Decimal(kind)) => {
            let decimal = decimal_of_double(*n).ok_or_else(|| {
                EvaluationError::new(format!("{n} has no digits that a DECIMAL could hold"))
            })?;
            fit(&decimal, *kind)?.into()
        }
        (Value::Decimal(n), SqlType::Integer) => Value::Integer(bigint_of_decimal(n) as i32),
        (Value::Decimal(n), SqlType::Bigint) => Value::Bigint(bigint_of_decimal(n)),
        (Value::Decimal(n), SqlType::Double) => Value::Double(double_of_decimal(n)),
        (Value::Decimal(n), SqlType::Decimal(kind)) => fit(n, *kind)?.into(),
        (value, to) => return Err(EvaluationError::new(format!("{value:?} cannot be cast to {to}"))),
    })
}
