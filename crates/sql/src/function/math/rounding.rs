//! Numbers with fewer digits.
use bigdecimal::num_bigint::Sign;
use bigdecimal::{BigDecimal, RoundingMode};

use crate::error::Result;
use crate::function::CallError;
use crate::types::SqlType;
use crate::value::Value;
use crate::value::decimal::{decimal_of_double, double_of_decimal};

use super::operand::{any, decimal, double, integer};
use super::sign::same;
use super::{Body, Category, Function};

pub(super) fn functions() -> Vec<Function> {
    vec![
        whole(
            "ceil",
            "The smallest whole number that is not smaller.",
            |a| Ok(double(a, 0)?.ceil().into()),
            |a| Ok(to_whole(decimal(a, 0)?, RoundingMode::Ceiling).into()),
        ),
        whole(
            "floor",
            "The largest whole number that is not larger.",
            |a| Ok(double(a, 0)?.floor().into()),
            |a| Ok(to_whole(decimal(a, 0)?, RoundingMode::Floor).into()),
        ),
        shortened(
            "round",
            "Rounds to so many digits behind the point, none if nothing is said; halves go up, so -1.5 becomes -1.",
            [
                Body::Strict(|a| Ok(Value::Bigint(nearest(double(a, 0)?) as i64))),
                Body::Strict(|a| places(double(a, 0)?, integer(a, 1)?, half_up)),
                Body::Strict(|a| Ok(half_up(decimal(a, 0)?, 0).into())),
                Body::Strict(|a| Ok(keep_scale(decimal(a, 0)?, integer(a, 1)?, half_up).into())),
            ],
        ),
        shortened(
            "trunc",
            "Cuts the number off after so many digits behind the point, none if nothing is said.",
            [
                Body::Strict(|a| Ok(Value::Bigint(double(a, 0)? as i64))),
                Body::Strict(|a| places(double(a, 0)?, integer(a, 1)?, cut)),
                Body::Strict(|a| Ok(cut(decimal(a, 0)?, 0).into())),
                Body::Strict(|a| Ok(keep_scale(decimal(a, 0)?, integer(a, 1)?, cut).into())),
            ],
        ),
    ]
}

type Round = fn(&BigDecimal, i64) -> BigDecimal;

fn whole(
    name: &'static str,
    about: &'static str,
    of_double: fn(&[Value]) -> Result<Value>,
    of_decimal: fn(&[Value]) -> Result<Value>,
) -> Function {
    Function::new(name, Category::Math, about)
        .overload("value INTEGER", "INTEGER", "", Body::Strict(|a| any(a, 0).cloned()))
        .overload("value BIGINT", "BIGINT", "", Body::Strict(|a| any(a, 0).cloned()))
        .overload("value DOUBLE", "DOUBLE", "", Body::Strict(of_double))
        .computed("value DECIMAL", same, "", Body::Strict(of_decimal))
        .parameter("value", "The number.")
}

fn shortened(name: &'static str, about: &'static str, bodies: [Body; 4]) -> Function {
    let [of_double, of_double_to, of_decimal, of_decimal_to] = bodies;
    Function::new(name, Category::Math, about)
        .overload("value INTEGER", "INTEGER", "", Body::Strict(|a| any(a, 0).cloned()))
        .overload("value BIGINT", "BIGINT", "", Body::Strict(|a| any(a, 0).cloned()))
        .overload("value DOUBLE", "BIGINT", "", of_double)
        .overload("value DOUBLE, decimals INTEGER", "DOUBLE", "", of_double_to)
        .computed("value DECIMAL", without_scale, "", of_decimal)
        .computed("value DECIMAL, decimals INTEGER", same, "", of_decimal_to)
        .parameter("value", "The number.")
        .parameter("decimals", "How many digits behind the point remain; negative ones are before it.")
}

/// `DECIMAL(33, 16)` becomes `DECIMAL(17, 0)`.
fn without_scale(arguments: &[Option<SqlType>]) -> Result<SqlType, CallError> {
    match same(arguments)? {
        SqlType::Decimal(kind) => {
            Ok(SqlType::decimal(kind.whole().max(1), 0).unwrap_or(SqlType::Decimal(kind)))
        }
        other => Ok(other),
    }
}

/// Without digits other than zero behind the point.
fn to_whole(number: &BigDecimal, mode: RoundingMode) -> BigDecimal {
    number.with_scale_round(0, mode).with_scale(number.fractional_digit_count())
}

/// Adding a half and cutting off would be wrong where the sum is rounded itself.
fn nearest(number: f64) -> f64 {
    let floor = number.floor();
    if number - floor >= 0.5 { floor + 1.0 } else { floor }
}

/// Halves go towards positive infinity.
fn half_up(number: &BigDecimal, decimals: i64) -> BigDecimal {
    let mode = if number.sign() == Sign::Minus { RoundingMode::HalfDown } else { RoundingMode::HalfUp };
    number.with_scale_round(decimals, mode)
}

fn cut(number: &BigDecimal, decimals: i64) -> BigDecimal {
    number.with_scale_round(decimals, RoundingMode::Down)
}

/// Shortens the number of the double's text; NaN and the infinities stay what they are.
fn places(number: f64, decimals: i32, round: Round) -> Result<Value> {
    Ok(Value::Double(match decimal_of_double(number) {
        // Beyond these bounds nothing changes, or nothing is left.
        Some(decimal) => double_of_decimal(&round(&decimal, i64::from(decimals.clamp(-400, 1100)))),
        None => number,
    }))
}

fn keep_scale(number: &BigDecimal, decimals: i32, round: Round) -> BigDecimal {
    let scale = number.fractional_digit_count();
    if i64::from(decimals) >= scale {
        return number.clone();
    }
    let most = number.digits() as i64 + 1;
    round(number, i64::from(decimals).max(scale - most)).with_scale(scale)
}
