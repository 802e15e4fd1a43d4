//! CORRELATION.
use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;

use super::operand::double;
use super::{Aggregate, AggregateFunction, number};

pub(super) fn functions() -> Vec<AggregateFunction> {
    let about = "Pearson's correlation of two values; rows where one is NULL do not count. NaN where a value never changes.";
    let mut function = AggregateFunction::new("correlation", about);
    for kind in ["INTEGER", "BIGINT", "DOUBLE"] {
        function = function.overload(&format!("x {kind}, y {kind}"), 0, "", |_| Ok(Box::new(Correlation)));
    }
    vec![function.parameter("x", "A value.").parameter("y", "Another value.")]
}

/// The state is the number of rows and five sums.
struct Correlation;

const FIELDS: [&str; 6] = ["COUNT", "SUM_X", "SUM_Y", "SUM_XY", "SUM_XX", "SUM_YY"];

impl Correlation {
    fn change(state: &Value, arguments: &[Value], sign: f64) -> Result<Value> {
        if arguments.iter().any(Value::is_null) {
            return Ok(state.clone());
        }
        let (x, y) = (double(arguments, 0)?, double(arguments, 1)?);
        let row = [1.0, x, y, x * y, x * x, y * y];
        Ok(Value::structure(
            row.iter().enumerate().map(|(at, part)| Value::Double(number(state, at) + sign * part)),
        ))
    }
}

impl Aggregate for Correlation {
    fn state(&self) -> SqlType {
        SqlType::structure(FIELDS.map(|name| (name, SqlType::Double)))
    }

    fn returns(&self) -> SqlType {
        SqlType::Double
    }

    fn initial(&self) -> Value {
        Value::structure(FIELDS.map(|_| Value::Double(0.0)))
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Result<Value> {
        Self::change(&state, arguments, 1.0)
    }

    fn can_undo(&self) -> bool {
        true
    }

    fn undo(&self, state: Value, arguments: &[Value]) -> Result<Value> {
        Self::change(&state, arguments, -1.0)
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        let sums = (0..FIELDS.len()).map(|at| Value::Double(number(&left, at) + number(&right, at)));
        Ok(Value::structure(sums))
    }

    fn result(&self, state: &Value) -> Result<Value> {
        let [n, x, y, xy, xx, yy] = [0, 1, 2, 3, 4, 5].map(|at| number(state, at));
        let spread = ((n * xx - x * x) * (n * yy - y * y)).sqrt();
        Ok(Value::Double((n * xy - x * y) / spread))
    }
}
