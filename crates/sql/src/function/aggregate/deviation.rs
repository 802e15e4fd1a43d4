//! STDDEV_SAMP and STDDEV_SAMPLE.
use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;

use super::operand::double;
use super::{Aggregate, AggregateFunction, number};

pub(super) fn functions() -> Vec<AggregateFunction> {
    let mut variance = AggregateFunction::new(
        "stddev_samp",
        "The sample variance, in spite of its name, which ksqlDB keeps. STDDEV_SAMPLE is the deviation.",
    );
    let mut deviation =
        AggregateFunction::new("stddev_sample", "The sample standard deviation; 0.0 for less than two rows.");
    for kind in ["INTEGER", "BIGINT", "DOUBLE"] {
        let parameters = format!("val {kind}");
        variance = variance.overload(&parameters, 0, "", |_| Ok(Box::new(Deviation { root: false })));
        deviation = deviation.overload(&parameters, 0, "", |_| Ok(Box::new(Deviation { root: true })));
    }
    [variance, deviation].map(|function| function.parameter("val", "The value; NULLs do not count.")).into()
}

/// The state is the sum, the number of rows, and the sum of the squares of the distances from the mean.
struct Deviation {
    root: bool,
}

impl Deviation {
    /// What the row that makes `count` rows adds to the squares (Youngs and Cramer's updating formula).
    fn square(sum: f64, count: f64, value: f64) -> f64 {
        let distance = count * value - sum;
        if count > 1.0 { distance * distance / (count * (count - 1.0)) } else { 0.0 }
    }
}

fn state(sum: f64, count: f64, squares: f64) -> Value {
    Value::structure([sum.into(), Value::Bigint(count as i64), squares.into()])
}

impl Aggregate for Deviation {
    fn state(&self) -> SqlType {
        SqlType::structure([("SUM", SqlType::Double), ("COUNT", SqlType::Bigint), ("M2", SqlType::Double)])
    }

    fn returns(&self) -> SqlType {
        SqlType::Double
    }

    fn initial(&self) -> Value {
        state(0.0, 0.0, 0.0)
    }

    fn add(&self, before: Value, arguments: &[Value], _: i64) -> Result<Value> {
        if arguments.iter().any(Value::is_null) {
            return Ok(before);
        }
        let value = double(arguments, 0)?;
        let (sum, count) = (number(&before, 0) + value, number(&before, 1) + 1.0);
        Ok(state(sum, count, number(&before, 2) + Self::square(sum, count, value)))
    }

    fn can_undo(&self) -> bool {
        true
    }

    fn undo(&self, before: Value, arguments: &[Value]) -> Result<Value> {
        let (sum, count) = (number(&before, 0), number(&before, 1));
        if arguments.iter().any(Value::is_null) || count == 0.0 {
            return Ok(before);
        }
        let value = double(arguments, 0)?;
        Ok(state(sum - value, count - 1.0, number(&before, 2) - Self::square(sum, count, value)))
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        let [sum, count, squares] = [0, 1, 2].map(|at| (number(&left, at), number(&right, at)));
        if count.0 == 0.0 || count.1 == 0.0 {
            return Ok(if count.0 == 0.0 { right } else { left });
        }
        let distance = count.1 * sum.0 / count.0 - sum.1;
        let between = count.0 / (count.1 * (count.0 + count.1)) * distance * distance;
        Ok(state(sum.0 + sum.1, count.0 + count.1, squares.0 + squares.1 + between))
    }

    fn result(&self, state: &Value) -> Result<Value> {
        let (count, squares) = (number(state, 1), number(state, 2));
        let variance = if count > 1.0 { squares / (count - 1.0) } else { 0.0 };
        Ok(Value::Double(if self.root { variance.sqrt() } else { variance }))
    }
}
