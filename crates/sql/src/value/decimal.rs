//! DECIMAL: rounding to a scale, fitting into a precision, text.
use std::str::FromStr;

use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::num_traits::{FromPrimitive, ToPrimitive};
use bigdecimal::{BigDecimal, RoundingMode};

use super::double::double_text;
use crate::error::{EvaluationError, Result};
use crate::types::DecimalType;

/// The most digits that text may spell out by an exponent; more are no number but an attack on memory.
const MAX_EXPONENT: i64 = 10_000;

/// Rounds half away from zero to the scale of the type, as Java's `HALF_UP`; an error if the digits before the point do not
/// fit.
pub fn fit(number: &BigDecimal, kind: DecimalType) -> Result<BigDecimal> {
    let rounded = number.with_scale_round(i64::from(kind.scale()), RoundingMode::HalfUp);
    if digits(&rounded) > u64::from(kind.precision()) {
        return Err(EvaluationError::new(format!(
            "Numeric field overflow: A field with precision {} and scale {} must round to an absolute value less than 10^{}. \
             Got {}",
            kind.precision(),
            kind.scale(),
            kind.whole(),
            number.to_plain_string(),
        )));
    }
    Ok(rounded)
}

/// Significant digits: none for zero.
fn digits(number: &BigDecimal) -> u64 {
    if number.sign() == Sign::NoSign { 0 } else { number.digits() }
}

/// The number of this text, with as many digits behind the point as it shows. An exponent is allowed.
pub fn parse_decimal(text: &str) -> Option<BigDecimal> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if !plain || !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Some((_, exponent)) = text.split_once(['e', 'E'])
        && !exponent.parse::<i64>().is_ok_and(|exponent| exponent.abs() <= MAX_EXPONENT)
    {
        return None;
    }
    BigDecimal::from_str(text).ok()
}

/// What Java's `BigDecimal.valueOf(double)` is: the number of its text.
pub fn decimal_of_double(number: f64) -> Option<BigDecimal> {
    if number.is_finite() { parse_decimal(&double_text(number)) } else { None }
}

/// The nearest DOUBLE.
pub fn double_of_decimal(number: &BigDecimal) -> f64 {
    number.to_plain_string().parse().unwrap_or(f64::NAN)
}

/// Drops the digits behind the point, then all but the lowest 64 bits, as Java's `longValue`.
pub fn bigint_of_decimal(number: &BigDecimal) -> i64 {
    let (whole, _) = number.with_scale_round(0, RoundingMode::Down).into_bigint_and_exponent();
    let low: BigInt = &whole & BigInt::from(u64::MAX);
    low.to_u64().unwrap_or(0) as i64
}

/// A whole number as a decimal.
pub fn decimal_of_bigint(number: i64) -> BigDecimal {
    BigDecimal::from_i64(number).unwrap_or_default()
}

/// All digits, no exponent: `12.50`.
pub fn decimal_text(number: &BigDecimal) -> String {
    number.to_plain_string()
}

/// The quotient, rounded half up to `scale` digits behind the point; `None` for a division by zero.
pub fn divide(left: &BigDecimal, right: &BigDecimal, scale: u32) -> Option<BigDecimal> {
    let ((dividend, dividend_scale), (divisor, divisor_scale)) =
        (left.as_bigint_and_scale(), right.as_bigint_and_scale());
    if divisor.sign() == Sign::NoSign {
        return None;
    }
    // One digit more than asked for decides the rounding, if what remains is not forgotten.
    let shift = i64::from(scale) + 1 + divisor_scale - dividend_scale;
    let ten = |power: i64| BigInt::from(10).pow(power.unsigned_abs() as u32);
    let (dividend, divisor) = if shift >= 0 {
        (dividend.as_ref() * ten(shift), divisor.into_owned())
    } else {
        (dividend.into_owned(), divisor.as_ref() * ten(shift))
    };
    let quotient = dividend / divisor;
    let quotient = BigDecimal::new(quotient, i64::from(scale) + 1);
    Some(quotient.with_scale_round(i64::from(scale), RoundingMode::HalfUp))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> BigDecimal {
        parse_decimal(text).unwrap()
    }

    #[test]
    fn quotients() {
        for (left, right, scale, expected) in [
            ("10.10", "2.00", 7, "5.0500000"),
            ("1", "3", 6, "0.333333"),
            ("2", "3", 6, "0.666667"),
            ("-2", "3", 6, "-0.666667"),
            ("0.5", "1", 0, "1"),
            ("1", "1000", 2, "0.00"),
            ("1000000.000", "1", 0, "1000000"),
        ] {
            let quotient = divide(&decimal(left), &decimal(right), scale).unwrap();
            assert_eq!(decimal_text(&quotient), expected, "{left} / {right}");
        }
        assert_eq!(divide(&decimal("1"), &decimal("0.00"), 2), None);
    }

    #[test]
    fn fitting() {
        let kind = DecimalType::new(2, 1).unwrap();
        for (text, expected) in [("0.99", "1.0"), ("9.94", "9.9"), ("-0.05", "-0.1"), ("0", "0.0")] {
            assert_eq!(decimal_text(&fit(&decimal(text), kind).unwrap()), expected);
        }
        for text in ["9.95", "10", "-100"] {
            assert!(fit(&decimal(text), kind).is_err(), "{text}");
        }
        let error = fit(&decimal("10"), kind).unwrap_err();
        assert!(error.to_string().contains("less than 10^1. Got 10"), "{error}");
    }

    #[test]
    fn numbers_of_other_types() {
        assert_eq!(bigint_of_decimal(&decimal("-1.9")), -1);
        assert_eq!(bigint_of_decimal(&decimal("9223372036854775808")), i64::MIN);
        assert_eq!(decimal_text(&decimal_of_double(1e10).unwrap()), "10000000000");
        assert_eq!(double_of_decimal(&decimal("0.1")).to_string(), "0.1");
        assert_eq!(parse_decimal("1e999999999"), None);
        assert_eq!(parse_decimal("-"), None);
        assert_eq!(parse_decimal("1_0"), None);
    }
}
