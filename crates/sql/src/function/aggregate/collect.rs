//! COLLECT_LIST and COLLECT_SET.
use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;

use super::operand::any;
use super::{Aggregate, AggregateFunction, kind};

pub(super) fn functions() -> Vec<AggregateFunction> {
    vec![
        AggregateFunction::new(
            "collect_list",
            "The values of all rows, up to a limit; those beyond it are left out.",
        )
        .overload("val T", 0, "", |site| {
            let limit = site.settings.collect_list_limit;
            Ok(Box::new(Collect { element: kind(site, 0)?, limit, distinct: false }))
        })
        .parameter("val", "The value."),
        AggregateFunction::new(
            "collect_set",
            "The different values of all rows, up to a limit; those beyond it are left out.",
        )
        .overload("val T", 0, "", |site| {
            let limit = site.settings.collect_set_limit;
            Ok(Box::new(Collect { element: kind(site, 0)?, limit, distinct: true }))
        })
        .parameter("val", "The value."),
    ]
}

struct Collect {
    element: SqlType,
    limit: usize,
    distinct: bool,
}

impl Collect {
    fn extend(&self, state: &Value, more: &[Value]) -> Value {
        let mut values = state.as_array().unwrap_or_default().to_vec();
        for value in more {
            if values.len() < self.limit && !(self.distinct && values.contains(value)) {
                values.push(value.clone());
            }
        }
        Value::array(values)
    }
}

impl Aggregate for Collect {
    fn state(&self) -> SqlType {
        self.returns()
    }

    fn returns(&self) -> SqlType {
        SqlType::array(self.element.clone())
    }

    fn initial(&self) -> Value {
        Value::array([])
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Result<Value> {
        Ok(self.extend(&state, std::slice::from_ref(any(arguments, 0)?)))
    }

    fn can_undo(&self) -> bool {
        !self.distinct
    }

    /// Takes the last equal value away. There may be none: it was beyond the limit.
    fn undo(&self, state: Value, arguments: &[Value]) -> Result<Value> {
        let mut values = state.as_array().unwrap_or_default().to_vec();
        let value = any(arguments, 0)?;
        if let Some(at) = values.iter().rposition(|known| known == value) {
            values.remove(at);
        }
        Ok(Value::array(values))
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        Ok(self.extend(&left, right.as_array().unwrap_or_default()))
    }

    fn result(&self, state: &Value) -> Result<Value> {
        Ok(state.clone())
    }
}
