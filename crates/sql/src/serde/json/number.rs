//! JSON numbers from their text, and as the text that Java has for them.
use std::borrow::Cow;

use crate::value::decimal::{bigint_of_decimal, parse_decimal};

/// The whole part, of which the lowest 64 bits are kept; `None` if the exponent is absurd.
pub(super) fn bigint(text: &str) -> Option<i64> {
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => parse_decimal(text).map(|number| bigint_of_decimal(&number)),
    }
}

/// What `BigDecimal.toString` makes of the number: plain as long as there is no exponent to speak of, so `1.50` stays, while
/// `1e2` becomes `1E+2`.
pub(super) fn decimal_text(text: &str) -> Cow<'_, str> {
    let plain = !text.starts_with("-0") && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    canonical(text).filter(|_| !plain).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn canonical(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let (whole, fraction) =
        mantissa.trim_start_matches('-').split_once('.').unwrap_or((&mantissa[sign.len()..], ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let (sign, digits) = if digits.is_empty() { ("", "0") } else { (sign, digits) };
    let scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    let first = i64::try_from(digits.len()).ok()? - 1;
    let adjusted = first.checked_sub(scale)?;
    if scale < 0 || adjusted < -6 {
        let (head, tail) = digits.split_at(1);
        let point = if tail.is_empty() { "" } else { "." };
        let plus = if adjusted < 0 { "" } else { "+" };
        let exponent = if adjusted == 0 { String::new() } else { format!("E{plus}{adjusted}") };
        return Some(format!("{sign}{head}{point}{tail}{exponent}"));
    }
    if scale == 0 {
        return Some(format!("{sign}{digits}"));
    }
    let scale = usize::try_from(scale).ok()?;
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    Some(format!("{sign}{whole}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_java() {
        for (json, java) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0.0"),
            ("12345678901234567890", "12345678901234567890"),
            ("1.50", "1.50"),
            ("-0.25", "-0.25"),
            ("1e2", "1E+2"),
            ("1.5E3", "1.5E+3"),
            ("1.50e1", "15.0"),
            ("0.0000001", "1E-7"),
            ("0.000001", "0.000001"),
            ("1e-7", "1E-7"),
            ("12e-8", "1.2E-7"),
            ("0e0", "0"),
        ] {
            assert_eq!(decimal_text(json), java, "{json}");
        }
    }

    #[test]
    fn numbers_narrow_as_in_java() {
        for (json, number) in [
            ("7", 7),
            ("-7.9", -7),
            ("1e3", 1000),
            ("9223372036854775808", i64::MIN),
            ("18446744073709551617", 1),
        ] {
            assert_eq!(bigint(json), Some(number), "{json}");
        }
        assert_eq!(bigint("1e99999999"), None);
    }
}
