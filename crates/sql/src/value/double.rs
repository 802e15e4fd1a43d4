//! DOUBLE as text, the way Java writes and reads it.

/// The text of Java's `Double.toString` up to version 18, on which ksqlDB runs: the shortest digits that read back as the same
/// number, or of large whole numbers all digits that mean something; at least one on each side of the point; an exponent below
/// 10^-3 and from 10^7 on.
pub fn double_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let size = number.abs();
    if size == 0.0 {
        return format!("{sign}0.0");
    }
    let (digits, exponent) = significant(size).unwrap_or_else(|| shortest(size));
    let (first, rest) = digits.split_at(1);
    if !(-3..7).contains(&exponent) {
        let rest = if rest.is_empty() { "0" } else { rest };
        return format!("{sign}{first}.{rest}E{exponent}");
    }
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        format!("{sign}{digits}{}.0", "0".repeat(whole - digits.len()))
    } else {
        let (whole, fraction) = digits.split_at(whole);
        format!("{sign}{whole}.{fraction}")
    }
}

/// The digits of a whole number of more than 53 and less than 64 bits, and the exponent of the first of them: those digits are
/// rounded off that the bits which a DOUBLE does not keep, but for one, have room for.
fn significant(size: f64) -> Option<(String, i32)> {
    if !(9_007_199_254_740_992.0..9_223_372_036_854_775_808.0).contains(&size) {
        return None;
    }
    let whole = size as u64;
    let lost = (whole.ilog2() - 53).saturating_sub(1);
    let unit = 10_u64.pow((1_u64 << lost).ilog10());
    let rounded = if unit == 1 { whole } else { (whole + unit / 2) / unit * unit };
    let text = rounded.to_string();
    let exponent = text.len() as i32 - 1;
    Some((text.trim_end_matches('0').to_owned(), exponent))
}

/// The digits and the exponent of the first of them.
fn shortest(size: f64) -> (String, i32) {
    let mut text = format!("{size:e}");
    // Java chooses among numbers of two digits where one would do: 4.9E-324, not 5.0E-324.
    if !text.contains('.') {
        let two = format!("{size:.1e}");
        if two.parse() == Ok(size) {
            text = two;
        }
    }
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let trimmed = digits.trim_end_matches('0');
    let digits = if trimmed.is_empty() { "0" } else { trimmed };
    (digits.to_owned(), exponent.parse().unwrap_or(0))
}

/// Reads what Java's `Double.parseDouble` reads: white space around it, `NaN` and `Infinity` in this case only, a suffix `d`
/// or `f`; hexadecimal numbers are left out.
pub fn parse_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    let size = match unsigned {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        _ => {
            let digits = unsigned.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(unsigned);
            // Rust reads names that Java does not.
            let plain =
                digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
            let starts = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
            digits.parse().ok().filter(|_| plain && starts)?
        }
    };
    Some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_java() {
        for (number, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (100.0, "100.0"),
            (1_234_567.0, "1234567.0"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (12_345_678.9, "1.23456789E7"),
            (0.001, "0.001"),
            (0.000_999, "9.99E-4"),
            (1e-5, "1.0E-5"),
            (1e21, "1.0E21"),
            (0.1 + 0.2, "0.30000000000000004"),
            (4.9e-324, "4.9E-324"),
            (2.225_073_858_507_201_4e-308, "2.2250738585072014E-308"),
            (f64::MAX, "1.7976931348623157E308"),
            (1e17, "1.0E17"),
            (2_f64.powi(53), "9.007199254740992E15"),
            (2_f64.powi(56), "7.2057594037927936E16"),
            (2_f64.powi(58), "2.8823037615171174E17"),
            (4.611_686_018_427_388e18, "4.6116860184273879E18"),
            (2_f64.powi(63), "9.223372036854776E18"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double_text(number), text);
            assert_eq!(parse_double(text).map(f64::to_bits), Some(number.to_bits()), "{text}");
        }
    }

    #[test]
    fn what_is_read() {
        for (text, number) in
            [(" 1.5 ", 1.5), ("1d", 1.0), ("+.5", 0.5), ("1e3", 1000.0), ("5.", 5.0), ("-1F", -1.0)]
        {
            assert_eq!(parse_double(text), Some(number), "{text}");
        }
        for text in ["", "abc", "inf", "nan", "infinity", "1 2", "--1", "+-1", "e5", "1dd"] {
            assert_eq!(parse_double(text), None, "{text}");
        }
    }
}
