//! EARLIEST_BY_OFFSET and LATEST_BY_OFFSET.
use crate::error::Result;
use crate::function::CallError;
use crate::types::SqlType;
use crate::value::Value;

use super::operand::any;
use super::{Aggregate, AggregateFunction, AggregateSite, fields, kind, whole};

pub(super) fn functions() -> Vec<AggregateFunction> {
    let mut earliest = AggregateFunction::new(
        "EARLIEST_BY_OFFSET",
        "The value of the earliest row, by the order of the log.",
    );
    let mut latest =
        AggregateFunction::new("LATEST_BY_OFFSET", "The value of the latest row, by the order of the log.");
    for (parameters, constants, about) in [
        ("val T", 0, ""),
        ("val T, ignoreNulls BOOLEAN", 1, ""),
        ("val T, n INTEGER", 1, "The values of so many rows."),
        ("val T, n INTEGER, ignoreNulls BOOLEAN", 2, "The values of so many rows."),
    ] {
        earliest = earliest.overload(parameters, constants, about, |site| make(site, false));
        latest = latest.overload(parameters, constants, about, |site| make(site, true));
    }
    let described = |function: AggregateFunction| {
        function
            .parameter("val", "The value.")
            .parameter("n", "How many values are kept.")
            .parameter("ignoreNulls", "Whether NULLs do not count, which they do not if nothing is said.")
    };
    vec![described(earliest), described(latest)]
}

fn make(site: &AggregateSite<'_>, latest: bool) -> Result<Box<dyn Aggregate>, CallError> {
    let count = site.constants.iter().find_map(Value::as_integer);
    let ignore_nulls = site.constants.iter().find_map(Value::as_boolean).unwrap_or(true);
    let count = match count.map(usize::try_from) {
        None => None,
        Some(Ok(count)) if count > 0 => Some(count),
        Some(_) => {
            let name = if latest { "latestN" } else { "earliestN" };
            return Err(CallError::new(format!("{name} must be 1 or greater")));
        }
    };
    Ok(Box::new(ByOffset { kind: kind(site, 0)?, latest, count, ignore_nulls }))
}

/// The state keeps the number of the row beside each value, so that merged sessions know which came first.
struct ByOffset {
    kind: SqlType,
    latest: bool,
    /// `None`: one value, which is no array.
    count: Option<usize>,
    ignore_nulls: bool,
}

impl ByOffset {
    fn entry(&self) -> SqlType {
        SqlType::structure([("SEQ", SqlType::Bigint), ("VAL", self.kind.clone())])
    }

    /// Keeps the wanted end of what is in the order of the rows.
    fn keep(&self, mut entries: Vec<Value>) -> Value {
        entries.sort_by_key(|entry| whole(entry, 0));
        let surplus = entries.len().saturating_sub(self.count.unwrap_or(1));
        if self.latest {
            entries.drain(..surplus);
        } else {
            entries.truncate(entries.len() - surplus);
        }
        if self.count.is_some() { Value::array(entries) } else { entries.pop().unwrap_or_default() }
    }

    fn entries(&self, state: &Value) -> Vec<Value> {
        match state {
            Value::Array(entries) => entries.to_vec(),
            Value::Struct(_) => vec![state.clone()],
            _ => Vec::new(),
        }
    }
}

impl Aggregate for ByOffset {
    fn uses_sequence(&self) -> bool {
        true
    }

    fn state(&self) -> SqlType {
        if self.count.is_some() { SqlType::array(self.entry()) } else { self.entry() }
    }

    fn returns(&self) -> SqlType {
        if self.count.is_some() { SqlType::array(self.kind.clone()) } else { self.kind.clone() }
    }

    fn initial(&self) -> Value {
        if self.count.is_some() { Value::array([]) } else { Value::Null }
    }

    fn add(&self, state: Value, arguments: &[Value], sequence: i64) -> Result<Value> {
        let value = any(arguments, 0)?;
        if value.is_null() && self.ignore_nulls {
            return Ok(state);
        }
        let mut entries = self.entries(&state);
        entries.push(Value::structure([Value::Bigint(sequence), value.clone()]));
        Ok(self.keep(entries))
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        let mut entries = self.entries(&left);
        entries.extend(self.entries(&right));
        Ok(self.keep(entries))
    }

    fn result(&self, state: &Value) -> Result<Value> {
        let value = |entry: &Value| fields(entry).get(1).cloned().unwrap_or_default();
        Ok(match state {
            Value::Array(entries) => Value::array(entries.iter().map(value)),
            other => value(other),
        })
    }
}
