//! A comparison whose types are known.
use std::cmp::Ordering;

use crate::compare::Comparison;
use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;

/// A comparison between values of two types, with a short way for those that are frequent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparer {
    comparison: Comparison,
    domain: Domain,
}

/// How two values are ordered.
#[derive(Clone, Copy, Debug)]
enum Domain {
    /// INTEGER or BIGINT on both sides.
    Whole,
    /// DOUBLE on one side, a DOUBLE or whole number on the other.
    Double,
    /// DOUBLE on both sides, one of which was written as a DECIMAL, to which 0.0 and -0.0 are the same.
    Rounded,
    /// Values of one type that order themselves.
    Same,
    /// Whatever else compares.
    Mixed,
}

impl Comparer {
    /// Between values of types that the comparison accepts.
    pub fn new(comparison: Comparison, left: &SqlType, right: &SqlType) -> Self {
        use SqlType::{Bigint, Double, Integer};
        let domain = match (left, right) {
            (Integer | Bigint, Integer | Bigint) => Domain::Whole,
            (Double, Integer | Bigint | Double) | (Integer | Bigint, Double) => Domain::Double,
            (left, right) if left == right => Domain::Same,
            _ => Domain::Mixed,
        };
        Self { comparison, domain }
    }

    /// Between DOUBLEs, one of which is a constant that was written as a DECIMAL.
    pub fn rounded(comparison: Comparison) -> Self {
        Self { comparison, domain: Domain::Rounded }
    }

    /// Whether it holds. NULL makes it false, and is a value only for the two DISTINCT comparisons.
    pub fn holds(self, left: &Value, right: &Value) -> Result<bool> {
        let order = match self.domain {
            Domain::Whole => match (left.as_bigint(), right.as_bigint()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => None,
            },
            Domain::Double => match (left.as_double(), right.as_double()) {
                (Some(left), Some(right)) => Some(doubles(left, right)),
                _ => None,
            },
            Domain::Rounded => match (left.as_double(), right.as_double()) {
                (Some(left), Some(right)) => Some(doubles(left + 0.0, right + 0.0)),
                _ => None,
            },
            Domain::Same if !left.is_null() && !right.is_null() => return Ok(self.same(left, right)),
            Domain::Same | Domain::Mixed => None,
        };
        match order {
            Some(order) => Ok(self.takes(order)),
            // NULLs, and values of a type that was not expected.
            None => self.comparison.holds(left, right),
        }
    }

    fn same(self, left: &Value, right: &Value) -> bool {
        match (self.comparison, left, right) {
            // Equal texts are found faster than ordered ones.
            (Comparison::Equal | Comparison::NotDistinct, Value::String(a), Value::String(b)) => a == b,
            (Comparison::NotEqual | Comparison::Distinct, Value::String(a), Value::String(b)) => a != b,
            _ => self.takes(left.cmp(right)),
        }
    }

    fn takes(self, order: Ordering) -> bool {
        match self.comparison {
            Comparison::Equal | Comparison::NotDistinct => order.is_eq(),
            Comparison::NotEqual | Comparison::Distinct => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// As Java's `Double.compare`.
fn doubles(left: f64, right: f64) -> Ordering {
    Value::Double(left).cmp(&Value::Double(right))
}
