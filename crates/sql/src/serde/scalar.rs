//! Text and numbers as values of simple types, for the formats that coerce.
use bigdecimal::BigDecimal;

use super::{Result, SerdeError};
use crate::types::DecimalType;
use crate::value::calendar::DAY_MS;
use crate::{SqlType, Value};

/// DATE, TIME or TIMESTAMP of the number that formats without types of their own write.
pub(super) fn temporal(number: i64, kind: &SqlType) -> Result<Value> {
    match kind {
        SqlType::Timestamp => Ok(Value::Timestamp(number)),
        SqlType::Date => i32::try_from(number).map(Value::Date).map_err(|_| {
            SerdeError::new(format!("Date values must use a number of days that fits in 32 bits: {number}"))
        }),
        SqlType::Time if (0..DAY_MS).contains(&number) => Ok(Value::Time(number as i32)),
        SqlType::Time => Err(SerdeError::new(
            "Time values must use number of milliseconds greater than 0 and less than 86400000.",
        )),
        other => Err(SerdeError::not_of_type(other)),
    }
}

/// The number that [`temporal`] reads.
pub(super) fn temporal_number(value: &Value) -> Option<i64> {
    match value {
        Value::Date(number) | Value::Time(number) => Some(i64::from(*number)),
        Value::Timestamp(number) => Some(*number),
        _ => None,
    }
}

/// A decimal of the type's scale. Data that does not fit is refused, not rounded: rounding is for expressions.
pub(super) fn exact_decimal(number: BigDecimal, kind: DecimalType) -> Result<Value> {
    let scale = i64::from(kind.scale());
    let (digits, shown) = number.as_bigint_and_scale();
    let whole = |digits: u64, behind: i64| i64::try_from(digits).unwrap_or(i64::MAX).saturating_sub(behind);
    let zero = digits.sign() == bigdecimal::num_bigint::Sign::NoSign;
    // The digits are counted before any are added, so that 1E+9999 costs nothing.
    let fits = zero || whole(number.digits(), shown) <= i64::from(kind.whole());
    if fits {
        let scaled = if shown == scale { number.clone() } else { number.with_scale(scale) };
        if shown <= scale || scaled == number {
            return Ok(Value::decimal(scaled));
        }
    }
    Err(SerdeError::new(format!(
        "Cannot fit decimal '{number}' into {kind} without rounding. (Requires {},{shown})",
        number.digits()
    )))
}

/// Text that is no value of a type.
pub(super) fn no_coercion(kind: &SqlType) -> SerdeError {
    SerdeError::new(format!("Can't coerce string to type. targetType: {}", kind.base_name()))
}
