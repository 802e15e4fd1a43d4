//! MAX and MIN.
use std::cmp::Ordering;

use crate::error::Result;
use crate::types::SqlType;
use crate::value::Value;

use super::operand::any;
use super::{Aggregate, AggregateFunction, kind};

/// The types whose values have an order that these aggregates know.
pub(super) const ORDERED: [&str; 9] =
    ["INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "DATE", "TIME", "TIMESTAMP", "STRING", "BYTES"];

pub(super) fn functions() -> Vec<AggregateFunction> {
    let mut max = AggregateFunction::new("MAX", "The largest value; NULL if there is none.");
    let mut min = AggregateFunction::new("MIN", "The smallest value; NULL if there is none.");
    for name in ORDERED {
        let parameters = format!("val {name}");
        max = max.overload(&parameters, 0, "", |site| {
            Ok(Box::new(Extreme { kind: kind(site, 0)?, wanted: Ordering::Greater }))
        });
        min = min.overload(&parameters, 0, "", |site| {
            Ok(Box::new(Extreme { kind: kind(site, 0)?, wanted: Ordering::Less }))
        });
    }
    [max, min].map(|function| function.parameter("val", "The value; NULLs do not count.")).into()
}

struct Extreme {
    kind: SqlType,
    wanted: Ordering,
}

impl Aggregate for Extreme {
    fn state(&self) -> SqlType {
        self.kind.clone()
    }

    fn returns(&self) -> SqlType {
        self.kind.clone()
    }

    fn initial(&self) -> Value {
        Value::Null
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Result<Value> {
        self.merge(state, any(arguments, 0)?.clone())
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        let better = left.is_null() || (!right.is_null() && right.cmp(&left) == self.wanted);
        Ok(if better { right } else { left })
    }

    fn result(&self, state: &Value) -> Result<Value> {
        Ok(state.clone())
    }
}
