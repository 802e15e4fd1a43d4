//! `+`, `-`, `*`, `/`, `%`.
use std::fmt;

use bigdecimal::BigDecimal;

use crate::error::{EvaluationError, Result};
use crate::types::{DecimalType, SqlType};
use crate::value::Value;
use crate::value::decimal::{decimal_of_bigint, divide, double_of_decimal, fit};

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `+`, which also joins two texts.
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, whole for whole numbers.
    Divide,
    /// `%`
    Remainder,
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        })
    }
}

/// Types that no operator takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoArithmetic {
    /// Of the left operand.
    pub left: SqlType,
    /// Of the right operand.
    pub right: SqlType,
}

impl fmt::Display for NoArithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unsupported arithmetic types. {} {}", self.left.base_name(), self.right.base_name())
    }
}

impl std::error::Error for NoArithmetic {}

/// An operator between two types, decided once.
#[derive(Clone, Copy, Debug)]
pub struct Arithmetic {
    operator: Operator,
    domain: Domain,
}

/// Where the calculation takes place.
#[derive(Clone, Copy, Debug)]
enum Domain {
    Integer,
    Bigint,
    Double,
    Decimal(DecimalType),
    String,
}

impl Arithmetic {
    /// The operator for operands of these types: DOUBLE with whatever number, else DECIMAL, else BIGINT, else INTEGER.
    pub fn new(operator: Operator, left: &SqlType, right: &SqlType) -> Result<Self, NoArithmetic> {
        use SqlType::{Bigint, Double, Integer, String};
        let domain = match (left, right) {
            (String, String) if operator == Operator::Add => Domain::String,
            (Integer, Integer) => Domain::Integer,
            (Integer | Bigint, Integer | Bigint) => Domain::Bigint,
            (Double, number) | (number, Double) if number.is_number() => Domain::Double,
            _ => match (DecimalType::of(left), DecimalType::of(right)) {
                (Some(left), Some(right)) => Domain::Decimal(match operator {
                    Operator::Add | Operator::Subtract => left.sum(right),
                    Operator::Multiply => left.product(right),
                    Operator::Divide => left.quotient(right),
                    Operator::Remainder => left.remainder(right),
                }),
                _ => return Err(NoArithmetic { left: left.clone(), right: right.clone() }),
            },
        };
        Ok(Self { operator, domain })
    }

    /// The type of the result.
    pub fn result(&self) -> SqlType {
        match self.domain {
            Domain::Integer => SqlType::Integer,
            Domain::Bigint => SqlType::Bigint,
            Domain::Double => SqlType::Double,
            Domain::Decimal(kind) => SqlType::Decimal(kind),
            Domain::String => SqlType::String,
        }
    }

    /// Calculates; NULL if an operand is. Whole numbers wrap as in Java; dividing one, or a DECIMAL, by zero is an error, and
    /// so is a DECIMAL with more digits than the result's type.
    pub fn apply(&self, left: &Value, right: &Value) -> Result<Value> {
        if left.is_null() || right.is_null() {
            return Ok(Value::Null);
        }
        match self.domain {
            Domain::Integer => match (left, right) {
                (Value::Integer(a), Value::Integer(b)) => self.integer(*a, *b).map(Value::Integer),
                _ => Err(self.misfit(left, right)),
            },
            Domain::Bigint => match (left.as_bigint(), right.as_bigint()) {
                (Some(a), Some(b)) => self.bigint(a, b).map(Value::Bigint),
                _ => Err(self.misfit(left, right)),
            },
            Domain::Double => match (as_double(left), as_double(right)) {
                (Some(a), Some(b)) => Ok(Value::Double(self.double(a, b))),
                _ => Err(self.misfit(left, right)),
            },
            Domain::Decimal(kind) => match (as_decimal(left), as_decimal(right)) {
                (Some(a), Some(b)) => self.decimal(&a, &b, kind).map(Value::decimal),
                _ => Err(self.misfit(left, right)),
            },
            Domain::String => match (left.as_str(), right.as_str()) {
                (Some(a), Some(b)) => Ok(format!("{a}{b}").into()),
                _ => Err(self.misfit(left, right)),
            },
        }
    }

    fn integer(self, a: i32, b: i32) -> Result<i32> {
        Ok(match self.operator {
            Operator::Add => a.wrapping_add(b),
            Operator::Subtract => a.wrapping_sub(b),
            Operator::Multiply => a.wrapping_mul(b),
            Operator::Divide if b != 0 => a.wrapping_div(b),
            Operator::Remainder if b != 0 => a.wrapping_rem(b),
            Operator::Divide | Operator::Remainder => return Err(by_zero()),
        })
    }

    fn bigint(self, a: i64, b: i64) -> Result<i64> {
        Ok(match self.operator {
            Operator::Add => a.wrapping_add(b),
            Operator::Subtract => a.wrapping_sub(b),
            Operator::Multiply => a.wrapping_mul(b),
            Operator::Divide if b != 0 => a.wrapping_div(b),
            Operator::Remainder if b != 0 => a.wrapping_rem(b),
            Operator::Divide | Operator::Remainder => return Err(by_zero()),
        })
    }

    fn double(self, a: f64, b: f64) -> f64 {
        match self.operator {
            Operator::Add => a + b,
            Operator::Subtract => a - b,
            Operator::Multiply => a * b,
            Operator::Divide => a / b,
            Operator::Remainder => a % b,
        }
    }

    fn decimal(self, a: &BigDecimal, b: &BigDecimal, kind: DecimalType) -> Result<BigDecimal> {
        let result = match self.operator {
            Operator::Add => a + b,
            Operator::Subtract => a - b,
            Operator::Multiply => a * b,
            Operator::Divide => divide(a, b, kind.scale()).ok_or_else(by_zero)?,
            Operator::Remainder if *b == BigDecimal::default() => return Err(by_zero()),
            Operator::Remainder => a % b,
        };
        fit(&result, kind)
    }

    fn misfit(self, left: &Value, right: &Value) -> EvaluationError {
        EvaluationError::new(format!(
            "{left:?} {} {right:?} is not of the types it was planned for",
            self.operator
        ))
    }
}

/// `-value`; wraps as in Java.
pub fn negate(value: &Value) -> Result<Value> {
    Ok(match value {
        Value::Null => Value::Null,
        Value::Integer(number) => Value::Integer(number.wrapping_neg()),
        Value::Bigint(number) => Value::Bigint(number.wrapping_neg()),
        Value::Double(number) => Value::Double(-number),
        Value::Decimal(number) => Value::decimal(-number.as_ref()),
        other => return Err(EvaluationError::new(format!("{other:?} has no negative"))),
    })
}

fn by_zero() -> EvaluationError {
    EvaluationError::new("/ by zero")
}

fn as_double(value: &Value) -> Option<f64> {
    value.as_double().or_else(|| value.as_decimal().map(double_of_decimal))
}

fn as_decimal(value: &Value) -> Option<std::borrow::Cow<'_, BigDecimal>> {
    use std::borrow::Cow;
    match value {
        Value::Decimal(number) => Some(Cow::Borrowed(number)),
        other => other.as_bigint().map(|number| Cow::Owned(decimal_of_bigint(number))),
    }
}
