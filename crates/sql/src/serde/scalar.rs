//! Text and numbers as values of simple types and back, for the formats that coerce.
use std::io::Write as _;

use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::{BigInt, Sign};
use bigdecimal::num_traits::ToPrimitive as _;

use super::{Result, SerdeError};
use crate::types::DecimalType;
use crate::value::calendar::DAY_MS;
use crate::value::decimal::{decimal_text, parse_decimal};
use crate::value::double::double_text;
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
    let zero = digits.sign() == Sign::NoSign;
    // The digits are counted before any are added, so that 1E+9999 costs nothing.
    let fits = zero || whole(number.digits(), shown) <= i64::from(kind.whole());
    if fits {
        let scaled = if shown == scale { number.clone() } else { number.with_scale(scale) };
        if shown <= scale || scaled == number {
            return Ok(Value::decimal(scaled));
        }
    }
    Err(SerdeError::new(format!(
        "Cannot fit decimal '{}' into {kind} without rounding. (Requires {},{shown})",
        decimal_text(&number),
        number.digits()
    )))
}

/// The decimal of a text by the same rule; `None` if the text is no number.
pub(super) fn decimal(text: &str, kind: DecimalType) -> Option<Result<Value>> {
    if let Some(number) = short_decimal(text, kind) {
        return Some(Ok(Value::decimal(number)));
    }
    Some(exact_decimal(parse_decimal(text)?, kind))
}

/// Digits that an `i64` always holds.
const SHORT: u32 = 18;

/// Most decimals, at the cost of the digits alone: plain text and type of few digits.
fn short_decimal(text: &str, kind: DecimalType) -> Option<BigDecimal> {
    let size = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
    let missing = kind.scale().checked_sub(u32::try_from(fraction.len()).ok()?)?;
    let few = whole.len() + kind.scale() as usize <= SHORT as usize;
    if whole.is_empty() || !few || (fraction.is_empty() && size.contains('.')) {
        return None;
    }
    let mut digits = 0_i64;
    for byte in whole.bytes().chain(fraction.bytes()) {
        digits = digits * 10 + i64::from(char::from(byte).to_digit(10)?);
    }
    digits *= 10_i64.pow(missing);
    let fits = kind.precision() >= SHORT || digits < 10_i64.pow(kind.precision());
    let sign = if size.len() < text.len() { -1 } else { 1 };
    fits.then(|| BigDecimal::new(BigInt::from(sign * digits), i64::from(kind.scale())))
}

/// Appends a decimal as plain text.
pub(super) fn push_decimal(number: &BigDecimal, out: &mut Vec<u8>) {
    let (digits, scale) = number.as_bigint_and_scale();
    let short = digits.to_i64().filter(|digits| *digits >= 0).zip(u32::try_from(scale).ok());
    match short.filter(|(_, scale)| *scale <= SHORT) {
        Some((digits, 0)) => push_display(digits, out),
        Some((digits, scale)) => {
            let unit = 10_i64.pow(scale);
            let (whole, fraction) = (digits / unit, digits % unit);
            push_display(format_args!("{whole}.{fraction:0width$}", width = scale as usize), out);
        }
        None => out.extend_from_slice(decimal_text(number).as_bytes()),
    }
}

/// Appends a DOUBLE as Java prints it. Between 0.001 and 10,000,000 Rust prints the same.
pub(super) fn push_double(number: f64, out: &mut Vec<u8>) {
    if (1e-3..1e7).contains(&number.abs()) {
        return push_display(format_args!("{number:?}"), out);
    }
    out.extend_from_slice(double_text(number).as_bytes());
}

/// Appends what prints itself.
pub(super) fn push_display(text: impl std::fmt::Display, out: &mut Vec<u8>) {
    write!(out, "{text}").expect("a Vec takes everything");
}

/// Text that is no value of a type.
pub(super) fn no_coercion(kind: &SqlType) -> SerdeError {
    SerdeError::new(format!("Can't coerce string to type. targetType: {}", kind.base_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_decimals_are_those_of_the_long_way() {
        let texts = [
            "0", "-0", "1", "-1.5", "12.3650", ".5", "5.", "-", "", "1e2", "00.10", "123456", "99.99999",
            "+1", "1.2.3",
        ];
        for (precision, scale) in [(1, 0), (1, 1), (6, 4), (18, 9), (19, 0), (38, 18), (38, 38)] {
            let kind = DecimalType::new(precision, scale).unwrap();
            for text in texts {
                let long = parse_decimal(text).map(|number| exact_decimal(number, kind));
                assert_eq!(decimal(text, kind), long, "{text} {kind}");
                if let Some(Ok(Value::Decimal(number))) = long {
                    let mut out = Vec::new();
                    push_decimal(&number, &mut out);
                    assert_eq!(String::from_utf8(out).unwrap(), decimal_text(&number));
                    assert_eq!(number.as_bigint_and_scale().1, i64::from(scale));
                }
            }
        }
    }

    #[test]
    fn doubles_print_as_in_java() {
        let mut number: f64 = 1e-5;
        while number < 1e9 {
            for number in
                [number, -number, (number * 1e3).round() / 1e3, f64::from(number as f32), number.trunc()]
            {
                let mut out = Vec::new();
                push_double(number, &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), double_text(number));
            }
            number *= 1.003_7;
        }
    }
}
