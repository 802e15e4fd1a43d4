//! Text to values.
use crate::error::{EvaluationError, Result};
use crate::types::SqlType;
use crate::value::Value;
use crate::value::decimal::{fit, parse_decimal};
use crate::value::double::parse_double;
use crate::value::temporal::{parse_date, parse_time, parse_timestamp};

/// Reads a value of this type. White space around numbers does not count; every text but `true` (in any case) is false.
pub(super) fn read(text: &str, to: &SqlType) -> Result<Value> {
    let number = text.trim();
    let value = match to {
        SqlType::Boolean => Some(Value::Boolean(text.eq_ignore_ascii_case("true"))),
        SqlType::Integer => number.parse().ok().map(Value::Integer),
        SqlType::Bigint => number.parse().ok().map(Value::Bigint),
        SqlType::Double => parse_double(number).map(Value::Double),
        SqlType::Decimal(kind) => match parse_decimal(number) {
            Some(decimal) => Some(fit(&decimal, *kind)?.into()),
            None => None,
        },
        SqlType::Date => parse_date(text).map(Value::Date),
        SqlType::Time => parse_time(text).map(Value::Time),
        SqlType::Timestamp => parse_timestamp(text).map(Value::Timestamp),
        _ => None,
    };
    value.ok_or_else(|| EvaluationError::new(format!("invalid input syntax for type {to}: \"{text}\"")))
}
