//! HISTOGRAM.
use crate::error::Result;
use crate::types::SqlType;
use crate::value::{MapValue, Value};

use super::operand::any;
use super::{Aggregate, AggregateFunction};

/// More different values are not counted.
const MAX_ENTRIES: usize = 1000;

pub(super) fn functions() -> Vec<AggregateFunction> {
    let about = "How many rows have each value, for the first 1000 different values.";
    let histogram = AggregateFunction::new("histogram", about)
        .overload("val STRING", 0, "", |_| Ok(Box::new(Histogram)))
        .parameter("val", "The value; NULLs do not count.");
    vec![histogram]
}

struct Histogram;

impl Histogram {
    fn change<'a>(state: &Value, changes: impl Iterator<Item = (&'a Value, i64)>) -> Value {
        let mut counts: MapValue = state.as_map().cloned().unwrap_or_default();
        for (value, by) in changes {
            let known = counts.get(value).and_then(Value::as_bigint);
            if value.is_null() || (known.is_none() && (counts.len() >= MAX_ENTRIES || by < 0)) {
                continue;
            }
            let count = known.unwrap_or_default() + by;
            let others = counts.iter().filter(|(key, _)| count > 0 || *key != value);
            let entries = others.map(|(key, count)| (key.clone(), count.clone()));
            let changed = (count > 0).then(|| (value.clone(), Value::Bigint(count)));
            counts = entries.chain(changed).collect();
        }
        Value::Map(counts.into())
    }
}

impl Aggregate for Histogram {
    fn state(&self) -> SqlType {
        SqlType::map(SqlType::String, SqlType::Bigint)
    }

    fn returns(&self) -> SqlType {
        self.state()
    }

    fn initial(&self) -> Value {
        Value::map([])
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Result<Value> {
        Ok(Self::change(&state, std::iter::once((any(arguments, 0)?, 1))))
    }

    fn can_undo(&self) -> bool {
        true
    }

    fn undo(&self, state: Value, arguments: &[Value]) -> Result<Value> {
        Ok(Self::change(&state, std::iter::once((any(arguments, 0)?, -1))))
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        let empty = MapValue::default();
        let counts = right.as_map().unwrap_or(&empty).iter();
        Ok(Self::change(&left, counts.map(|(value, count)| (value, count.as_bigint().unwrap_or_default()))))
    }

    fn result(&self, state: &Value) -> Result<Value> {
        Ok(state.clone())
    }
}
