//! `=`, `<` and their kin.
use std::cmp::Ordering;
use std::fmt;

use crate::cast::cast;
use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;
use crate::value::decimal::{decimal_of_bigint, decimal_of_double};

/// A comparison of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`, `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `IS DISTINCT FROM`
    Distinct,
    /// `IS NOT DISTINCT FROM`
    NotDistinct,
}

/// By the name that ksqlDB's messages give it.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "EQUAL",
            Self::NotEqual => "NOT_EQUAL",
            Self::Less => "LESS_THAN",
            Self::LessOrEqual => "LESS_THAN_OR_EQUAL",
            Self::Greater => "GREATER_THAN",
            Self::GreaterOrEqual => "GREATER_THAN_OR_EQUAL",
            Self::Distinct => "IS_DISTINCT_FROM",
            Self::NotDistinct => "IS_NOT_DISTINCT_FROM",
        })
    }
}

impl Comparison {
    /// Whether the comparison exists between these types: numbers with numbers, texts with texts, DATE, TIME and TIMESTAMP
    /// with text too, DATE with TIMESTAMP; BOOLEANs and nested values only for equality.
    pub fn accepts(self, left: &SqlType, right: &SqlType) -> bool {
        use SqlType::{Bytes, Date, String, Time, Timestamp};
        let ordered = match (left, right) {
            (Bytes, Bytes) | (String, String) | (Time, Time) => true,
            (Date | Timestamp, Date | Timestamp) => true,
            (String, temporal) | (temporal, String) => temporal.is_temporal(),
            (left, right) => left.is_number() && right.is_number(),
        };
        ordered || (self.is_equality() && left == right)
    }

    /// Compares two values of types that it accepts. NULL equals nothing and is neither less nor greater, and the answer is
    /// false, never NULL; only the two DISTINCT comparisons take NULL for a value. Text that stands against a date has to be
    /// one, or there is an error.
    pub fn holds(self, left: &Value, right: &Value) -> Result<bool> {
        if left.is_null() || right.is_null() {
            return Ok(match self {
                Self::Distinct => left.is_null() != right.is_null(),
                Self::NotDistinct => left.is_null() && right.is_null(),
                _ => false,
            });
        }
        let order = order(left, right)?;
        Ok(match self {
            Self::Equal | Self::NotDistinct => order.is_eq(),
            Self::NotEqual | Self::Distinct => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        })
    }

    fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual | Self::Distinct | Self::NotDistinct)
    }
}

/// The order of two values that are not NULL, across the types that compare with each other.
pub fn order(left: &Value, right: &Value) -> Result<Ordering> {
    use Value::{Bigint, Date, Decimal, Double, Integer, String, Time, Timestamp};
    Ok(match (left, right) {
        (
            Integer(_) | Bigint(_) | Decimal(_) | Double(_),
            Integer(_) | Bigint(_) | Decimal(_) | Double(_),
        ) => order_numbers(left, right),
        (Date(_), Timestamp(_)) => cast(left, &SqlType::Date, &SqlType::Timestamp)?.cmp(right),
        (Timestamp(_), Date(_)) => left.cmp(&cast(right, &SqlType::Date, &SqlType::Timestamp)?),
        (String(_), Date(_) | Time(_) | Timestamp(_)) => read(left, right)?.cmp(right),
        (Date(_) | Time(_) | Timestamp(_), String(_)) => left.cmp(&read(right, left)?),
        // 0.0 equals -0.0 nowhere but in numbers; inside nested values Java's equality rules.
        _ => left.cmp(right),
    })
}

fn read(text: &Value, like: &Value) -> Result<Value> {
    let kind = match like {
        Value::Date(_) => SqlType::Date,
        Value::Time(_) => SqlType::Time,
        _ => SqlType::Timestamp,
    };
    cast(text, &SqlType::String, &kind)
}

fn order_numbers(left: &Value, right: &Value) -> Ordering {
    if let (Some(a), Some(b)) = (left.as_bigint(), right.as_bigint()) {
        return a.cmp(&b);
    }
    if let (Some(a), Some(b)) = (left.as_double(), right.as_double()) {
        return Value::Double(a).cmp(&Value::Double(b));
    }
    let decimal = |value: &Value| match value {
        Value::Decimal(_) => Some(value.clone()),
        Value::Double(number) => decimal_of_double(*number).map(Value::decimal),
        other => other.as_bigint().map(decimal_of_bigint).map(Value::decimal),
    };
    match (decimal(left), decimal(right)) {
        (Some(a), Some(b)) => a.cmp(&b),
        // NaN and the infinities against decimals: only the sign of the infinity matters, and NaN is the largest.
        (None, _) => {
            if left.as_double() == Some(f64::NEG_INFINITY) {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (_, None) => {
            if right.as_double() == Some(f64::NEG_INFINITY) {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::decimal::parse_decimal;

    #[test]
    fn across_types() {
        let decimal = |text: &str| Value::decimal(parse_decimal(text).unwrap());
        for (left, right, expected) in [
            (Value::Integer(1), Value::Bigint(2), Ordering::Less),
            (Value::Bigint(2), Value::Double(1.5), Ordering::Greater),
            (decimal("1.10"), Value::Double(1.1), Ordering::Equal),
            (decimal("1.10"), decimal("1.1"), Ordering::Equal),
            (decimal("1.10"), Value::Integer(2), Ordering::Less),
            (decimal("1"), Value::Double(f64::NAN), Ordering::Less),
            (Value::Double(f64::NEG_INFINITY), decimal("1"), Ordering::Less),
            (Value::Date(10), Value::Timestamp(864_000_000), Ordering::Equal),
            (Value::Timestamp(863_999_999), Value::Date(10), Ordering::Less),
            (Value::Date(10), "1970-01-11".into(), Ordering::Equal),
            ("00:00:00.010".into(), Value::Time(11), Ordering::Less),
            (Value::bytes("b"), Value::bytes("a"), Ordering::Greater),
        ] {
            assert_eq!(order(&left, &right).unwrap(), expected, "{left:?} {right:?}");
            assert_eq!(order(&right, &left).unwrap(), expected.reverse(), "{right:?} {left:?}");
        }
        assert!(order(&Value::Date(1), &"soon".into()).is_err());
    }

    #[test]
    fn null_compares_as_false() {
        let (one, null) = (Value::Integer(1), Value::Null);
        for comparison in
            [Comparison::Equal, Comparison::NotEqual, Comparison::Less, Comparison::GreaterOrEqual]
        {
            assert_eq!(comparison.holds(&one, &null), Ok(false));
            assert_eq!(comparison.holds(&null, &null), Ok(false));
        }
        assert_eq!(Comparison::Distinct.holds(&one, &null), Ok(true));
        assert_eq!(Comparison::Distinct.holds(&null, &null), Ok(false));
        assert_eq!(Comparison::NotDistinct.holds(&null, &null), Ok(true));
    }

    #[test]
    fn which_types_compare() {
        let array = SqlType::array(SqlType::Integer);
        for (left, right, equal, less) in [
            (SqlType::Integer, SqlType::Double, true, true),
            (SqlType::Integer, SqlType::String, false, false),
            (SqlType::Boolean, SqlType::Boolean, true, false),
            (SqlType::Date, SqlType::String, true, true),
            (SqlType::Date, SqlType::Time, false, false),
            (array.clone(), array, true, false),
        ] {
            assert_eq!(Comparison::Equal.accepts(&left, &right), equal, "{left} = {right}");
            assert_eq!(Comparison::Less.accepts(&left, &right), less, "{left} < {right}");
        }
    }
}
