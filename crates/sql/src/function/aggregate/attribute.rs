//! ATTR.
use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;

use super::operand::any;
use super::{Aggregate, AggregateFunction, fields, kind};

pub(super) fn functions() -> Vec<AggregateFunction> {
    let attr = AggregateFunction::new("attr", "The value that all rows have in common; NULL if they differ.")
        .overload("colToFilter T", 0, "", |site| Ok(Box::new(Attribute(kind(site, 0)?))))
        .parameter("colToFilter", "The value.");
    vec![attr]
}

/// The state counts the rows of each different value, NULL included.
struct Attribute(SqlType);

impl Aggregate for Attribute {
    fn state(&self) -> SqlType {
        SqlType::array(SqlType::structure([("VALUE", self.0.clone()), ("COUNT", SqlType::Integer)]))
    }

    fn returns(&self) -> SqlType {
        self.0.clone()
    }

    fn initial(&self) -> Value {
        Value::array([])
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Result<Value> {
        Ok(change(&state, any(arguments, 0)?, 1))
    }

    fn can_undo(&self) -> bool {
        true
    }

    fn undo(&self, state: Value, arguments: &[Value]) -> Result<Value> {
        Ok(change(&state, any(arguments, 0)?, -1))
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        let entries =
            right.as_array().unwrap_or_default().iter().filter_map(|entry| fields(entry).split_first());
        Ok(entries.fold(left, |state, (value, count)| {
            change(&state, value, count.first().and_then(Value::as_integer).unwrap_or_default())
        }))
    }

    fn result(&self, state: &Value) -> Result<Value> {
        Ok(match state.as_array() {
            Some([only]) => fields(only).first().cloned().unwrap_or_default(),
            _ => Value::Null,
        })
    }
}

fn change(state: &Value, value: &Value, by: i32) -> Value {
    let mut entries: Vec<(Value, i32)> = Vec::new();
    for entry in state.as_array().unwrap_or_default() {
        if let [value, count] = fields(entry) {
            entries.push((value.clone(), count.as_integer().unwrap_or_default()));
        }
    }
    match entries.iter_mut().find(|(known, _)| known == value) {
        Some((_, count)) => *count += by,
        None => entries.push((value.clone(), by)),
    }
    let left = entries.into_iter().filter(|(_, count)| *count > 0);
    Value::array(left.map(|(value, count)| Value::structure([value, count.into()])))
}
