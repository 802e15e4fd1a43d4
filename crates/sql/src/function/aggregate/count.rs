//! COUNT.
use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;

use super::operand::any;
use super::{Aggregate, AggregateFunction};

pub(super) fn functions() -> Vec<AggregateFunction> {
    let count = AggregateFunction::new("COUNT", "How many rows have a value that is not NULL.")
        .overload("val T", 0, "", |_| Ok(Box::new(Count)))
        .parameter("val", "The value; `*` stands for any.");
    vec![count]
}

struct Count;

impl Count {
    fn change(state: &Value, arguments: &[Value], by: i64) -> Result<Value> {
        let by = if any(arguments, 0)?.is_null() { 0 } else { by };
        Ok(Value::Bigint(state.as_bigint().unwrap_or_default() + by))
    }
}

impl Aggregate for Count {
    fn state(&self) -> SqlType {
        SqlType::Bigint
    }

    fn returns(&self) -> SqlType {
        SqlType::Bigint
    }

    fn initial(&self) -> Value {
        Value::Bigint(0)
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Result<Value> {
        Self::change(&state, arguments, 1)
    }

    fn can_undo(&self) -> bool {
        true
    }

    fn undo(&self, state: Value, arguments: &[Value]) -> Result<Value> {
        Self::change(&state, arguments, -1)
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        Ok(Value::Bigint(left.as_bigint().unwrap_or_default() + right.as_bigint().unwrap_or_default()))
    }

    fn result(&self, state: &Value) -> Result<Value> {
        Ok(state.clone())
    }
}
