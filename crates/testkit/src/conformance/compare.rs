//! Whether a value that was read is the one that a case expects: ksqlDB's own rules of comparison, which differ by the type that
//! the format gave the value.
use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Json;

/// A value as a format's generic reader gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Actual {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number of the format itself.
    Whole(i64),
    /// A binary floating point number of the format itself.
    Double(f64),
    /// A number by its digits, as JSON has them.
    Decimal(String),
    /// Text.
    String(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    Array(Vec<Actual>),
    /// Fields.
    Object(BTreeMap<String, Actual>),
}

/// As JSON, more or less: for people.
impl fmt::Display for Actual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(truth) => write!(f, "{truth}"),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Double(number) => write!(f, "{number}d"),
            Self::Decimal(text) => f.write_str(text),
            Self::String(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => write!(f, "bytes {:?}", STANDARD.encode(bytes)),
            Self::Array(elements) => {
                let elements: Vec<_> = elements.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", elements.join(","))
            }
            Self::Object(fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
                write!(f, "{{{}}}", fields.join(","))
            }
        }
    }
}

/// The first difference, with the path to it; `None`: they are the same to ksqlDB's test tool.
pub fn difference(expected: &Json, actual: &Actual) -> Option<String> {
    compare(expected, actual, "$")
}

fn compare(expected: &Json, actual: &Actual, path: &str) -> Option<String> {
    let differs = || Some(format!("{path}: {actual:?}, not {expected}"));
    let is_same = match (expected, actual) {
        (Json::Null, Actual::Null) => true,
        (Json::Boolean(expected), Actual::Boolean(actual)) => expected == actual,
        (Json::Number(expected), actual) => is_number(expected, actual),
        (Json::String(expected), Actual::String(actual)) => expected == actual,
        // A decimal may be expected by its text.
        (Json::String(expected), Actual::Decimal(actual)) => is_decimal(expected, actual),
        (Json::String(expected), Actual::Bytes(actual)) => *expected == STANDARD.encode(actual),
        (Json::Array(expected), Actual::Array(actual)) if expected.len() == actual.len() => {
            let mut pairs = expected.iter().zip(actual).enumerate();
            return pairs.find_map(|(index, (expected, actual))| {
                compare(expected, actual, &format!("{path}[{index}]"))
            });
        }
        (Json::Object(expected), Actual::Object(actual)) => return fields(expected, actual, path),
        _ => false,
    };
    if is_same { None } else { differs() }
}

/// As many fields, each looked for as it is written and then in upper case; an expected null may be missing.
fn fields(
    expected: &BTreeMap<String, Json>,
    actual: &BTreeMap<String, Actual>,
    path: &str,
) -> Option<String> {
    if expected.len() != actual.len() {
        let names: Vec<_> = actual.keys().collect();
        return Some(format!("{path}: the fields {names:?}, not {:?}", expected.keys().collect::<Vec<_>>()));
    }
    expected.iter().find_map(|(name, expected)| {
        let found = actual.get(name).or_else(|| actual.get(&name.to_uppercase()));
        compare(expected, found.unwrap_or(&Actual::Null), &format!("{path}.{name}"))
    })
}

fn is_number(expected: &str, actual: &Actual) -> bool {
    match actual {
        // What is behind the point of the expected number is cut off.
        Actual::Whole(actual) => expected.parse::<f64>().is_ok_and(|number| {
            expected.parse::<i64>().map_or(number.trunc() as i64, |whole| whole) == *actual
        }),
        Actual::Double(actual) => expected.parse::<f64>().is_ok_and(|number| (number - actual).abs() < 1e-6),
        Actual::Decimal(actual) => is_decimal(expected, actual),
        _ => false,
    }
}

/// The same digits and the same number of them behind the point: `1.0` is not `1.00`. A whole number has none in any notation.
fn is_decimal(expected: &str, actual: &str) -> bool {
    match (Digits::of(expected), Digits::of(actual)) {
        (Some(expected), Some(actual)) => expected == actual,
        _ => false,
    }
}

/// A decimal number: sign, digits without leading zeros, and how many of them are behind the point (negative: zeros follow).
#[derive(Debug, PartialEq, Eq)]
struct Digits {
    is_negative: bool,
    significant: String,
    scale: i64,
}

impl Digits {
    fn of(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut significant = all.trim_start_matches('0').to_owned();
        let mut scale = fraction.len() as i64 - exponent;
        // Without digits behind the point it does not matter how the zeros before it are written.
        if scale < 0 {
            if !significant.is_empty() {
                significant.extend(std::iter::repeat_n(
                    '0',
                    usize::try_from(-scale).ok().filter(|zeros| *zeros < 400)?,
                ));
            }
            scale = 0;
        }
        let is_negative = is_negative && !significant.is_empty();
        Some(Self { is_negative, significant, scale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Actual {
        Actual::Decimal(text.to_owned())
    }

    #[test]
    fn alike_and_different() {
        let text = |text: &str| Actual::String(text.to_owned());
        for (expected, actual, is_same) in [
            ("null", Actual::Null, true),
            ("null", Actual::Boolean(false), false),
            ("true", Actual::Boolean(true), true),
            ("1.9", Actual::Whole(1), true),
            ("9007199254740993", Actual::Whole(9_007_199_254_740_993), true),
            ("2", Actual::Whole(1), false),
            ("1.0000000001", Actual::Double(1.0), true),
            ("1.1", Actual::Double(1.0), false),
            ("1.0", decimal("1.0"), true),
            ("1.0", decimal("1.00"), false),
            ("10", decimal("1E1"), true),
            ("1E1", decimal("10"), true),
            ("10", decimal("10.0"), false),
            ("-0", decimal("0"), true),
            ("\"1.50\"", decimal("1.50"), true),
            ("\"a\"", text("a"), true),
            ("\"1\"", Actual::Whole(1), false),
            ("\"AQI=\"", Actual::Bytes(vec![1, 2]), true),
            ("\"AQIDBA==\"", Actual::Bytes(vec![1, 2, 3, 4]), true),
            ("[1,2]", Actual::Array(vec![Actual::Whole(1), Actual::Whole(2)]), true),
            ("[1]", Actual::Array(vec![Actual::Whole(1), Actual::Whole(2)]), false),
        ] {
            let expected = Json::parse(expected).expect(expected);
            assert_eq!(difference(&expected, &actual).is_none(), is_same, "{expected} and {actual:?}");
        }
    }

    #[test]
    fn fields_by_name() {
        let actual = BTreeMap::from([("A".to_owned(), Actual::Whole(1)), ("b".to_owned(), Actual::Null)]);
        let actual = Actual::Object(actual);
        let told = |expected: &str| difference(&Json::parse(expected).expect(expected), &actual);
        assert_eq!(told(r#"{"a":1,"b":null}"#), None);
        assert_eq!(told(r#"{"a":1,"c":null}"#), None, "what is expected to be null may be missing");
        assert_eq!(told(r#"{"a":2,"b":null}"#).as_deref(), Some("$.a: Whole(1), not 2"));
        assert!(told(r#"{"a":1}"#).is_some_and(|text| text.starts_with("$: the fields")));
    }
}
