//! Which values are the same, their hash, and one order over all of them.
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use bigdecimal::BigDecimal;

use super::{MapValue, Value};

/// Equal as a set of values has it: NULL equals NULL, NaN equals NaN, 0.0 is not -0.0 (as in Java), 1.0 equals 1.00 as
/// DECIMALs. Values of different types are never equal; SQL's `=` is [`crate::compare`].
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Map(a), Self::Map(b)) => a == b,
            _ => self.cmp(other).is_eq(),
        }
    }
}

impl Eq for Value {}

impl PartialEq for MapValue {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl Eq for MapValue {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Self::Null => {}
            Self::Boolean(truth) => truth.hash(state),
            Self::Integer(number) | Self::Date(number) | Self::Time(number) => number.hash(state),
            Self::Bigint(number) | Self::Timestamp(number) => number.hash(state),
            Self::Double(number) => {
                (if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() }).hash(state);
            }
            Self::Decimal(number) => number.normalized().hash(state),
            Self::String(text) => text.hash(state),
            Self::Bytes(bytes) => bytes.hash(state),
            Self::Array(values) | Self::Struct(values) => values.hash(state),
            // Equal maps may differ in the order within a bucket.
            Self::Map(map) => sorted(map).hash(state),
        }
    }
}

/// NULL first, then by type, then by value: numbers by size (NaN last, -0.0 before 0.0), texts by UTF-16 unit as Java has
/// it, bytes by unsigned byte, nested values element by element.
impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Integer(a), Self::Integer(b))
            | (Self::Date(a), Self::Date(b))
            | (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::Bigint(a), Self::Bigint(b)) | (Self::Timestamp(a), Self::Timestamp(b)) => a.cmp(b),
            (Self::Double(a), Self::Double(b)) => order_doubles(*a, *b),
            (Self::Decimal(a), Self::Decimal(b)) => order_decimals(a, b),
            (Self::String(a), Self::String(b)) => order_strings(a, b),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Array(a), Self::Array(b)) | (Self::Struct(a), Self::Struct(b)) => a.cmp(b),
            (Self::Map(a), Self::Map(b)) => sorted(a).cmp(&sorted(b)),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Value {
    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Boolean(_) => 1,
            Self::Integer(_) => 2,
            Self::Bigint(_) => 3,
            Self::Double(_) => 4,
            Self::Decimal(_) => 5,
            Self::String(_) => 6,
            Self::Bytes(_) => 7,
            Self::Date(_) => 8,
            Self::Time(_) => 9,
            Self::Timestamp(_) => 10,
            Self::Array(_) => 11,
            Self::Map(_) => 12,
            Self::Struct(_) => 13,
        }
    }
}

fn sorted(map: &MapValue) -> Vec<(&Value, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort();
    entries
}

/// As Java's `Double.compare`.
pub fn order_doubles(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.total_cmp(&b),
        (left, right) => left.cmp(&right),
    }
}

/// By size, whatever the scale.
pub fn order_decimals(a: &BigDecimal, b: &BigDecimal) -> Ordering {
    let ((left, left_scale), (right, right_scale)) = (a.as_bigint_and_scale(), b.as_bigint_and_scale());
    // Values of one column have one scale; their digits decide without a copy.
    if left_scale == right_scale { left.cmp(&right) } else { a.cmp(b) }
}

/// By UTF-16 unit, as Java's `String.compareTo`: it differs from the order of code points only above U+FFFF.
pub fn order_strings(a: &str, b: &str) -> Ordering {
    let (left, right) = (a.as_bytes(), b.as_bytes());
    match left.iter().zip(right).position(|(x, y)| x != y) {
        None => left.len().cmp(&right.len()),
        // Surrogates (leading bytes F0 to F4) sort below U+E000 to U+FFFF (EE and EF).
        Some(at) if left[at] >= 0xee && right[at] >= 0xee => weight(left[at]).cmp(&weight(right[at])),
        Some(at) => left[at].cmp(&right[at]),
    }
}

fn weight(leading: u8) -> (bool, u8) {
    (leading < 0xf0, leading)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_sort_as_in_java() {
        let texts = ["", "B2", "a", "a1", "\u{d7ff}", "\u{1f600}", "\u{e000}", "\u{ffff}"];
        for (i, a) in texts.iter().enumerate() {
            for (j, b) in texts.iter().enumerate() {
                assert_eq!(order_strings(a, b), i.cmp(&j), "{a:?} {b:?}");
                let units = a.encode_utf16().cmp(b.encode_utf16());
                assert_eq!(order_strings(a, b), units, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn doubles_sort_as_in_java() {
        let numbers = [f64::NEG_INFINITY, -1.0, -0.0, 0.0, 1.0, f64::INFINITY, f64::NAN];
        for (i, a) in numbers.iter().enumerate() {
            for (j, b) in numbers.iter().enumerate() {
                assert_eq!(order_doubles(*a, *b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(order_doubles(-f64::NAN, f64::NAN), Ordering::Equal);
    }

    #[test]
    fn maps_are_equal_whatever_came_first() {
        let a = Value::map([("Aa".into(), 1.into()), ("BB".into(), 2.into())]);
        let b = Value::map([("BB".into(), 2.into()), ("Aa".into(), 1.into())]);
        assert_eq!(a, b);
        assert_eq!(a.cmp(&b), Ordering::Equal);
    }
}
