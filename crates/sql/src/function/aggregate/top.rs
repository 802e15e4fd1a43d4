//! TOPK and TOPKDISTINCT.
use crate::error::Result;
use crate::function::CallError;
use crate::types::SqlType;
use crate::value::Value;

use super::extreme::ORDERED;
use super::operand::any;
use super::{Aggregate, AggregateFunction, AggregateSite, fields, kind};

pub(super) fn functions() -> Vec<AggregateFunction> {
    let mut top = AggregateFunction::new(
        "topk",
        "The k largest values, the largest first; with more columns, STRUCTs of them, named sort_col, col0, col1, ...",
    );
    for name in ["INTEGER", "BIGINT", "DOUBLE", "STRING"] {
        top =
            top.overload(&format!("val {name}, columns ANY..., k INTEGER"), 1, "", |site| make(site, false));
    }
    let mut distinct =
        AggregateFunction::new("topkdistinct", "The k largest different values, the largest first.");
    for name in ORDERED {
        distinct = distinct.overload(&format!("val {name}, k INTEGER"), 1, "", |site| make(site, true));
    }
    let described = |function: AggregateFunction| {
        function
            .parameter("val", "The value; NULLs do not count.")
            .parameter("columns", "What is kept beside the value.")
            .parameter("k", "How many values are kept.")
    };
    vec![described(top), described(distinct)]
}

fn make(site: &AggregateSite<'_>, distinct: bool) -> Result<Box<dyn Aggregate>, CallError> {
    let count =
        site.constants.first().and_then(Value::as_integer).and_then(|count| usize::try_from(count).ok());
    let count = count.filter(|count| *count > 0).ok_or_else(|| CallError::new("k must be 1 or greater"))?;
    let columns = site.kinds.len().saturating_sub(1);
    let kinds: Result<Vec<SqlType>, CallError> = (0..columns).map(|index| kind(site, index)).collect();
    Ok(Box::new(Top { kinds: kinds?, count, distinct }))
}

/// The state is the result.
struct Top {
    /// Of the value and what is kept beside it.
    kinds: Vec<SqlType>,
    count: usize,
    distinct: bool,
}

impl Top {
    fn is_struct(&self) -> bool {
        self.kinds.len() > 1
    }

    fn value<'a>(&self, entry: &'a Value) -> &'a Value {
        if self.is_struct() { fields(entry).first().unwrap_or(entry) } else { entry }
    }

    /// Behind those that are as large.
    fn insert(&self, entries: &mut Vec<Value>, entry: Value) {
        let value = self.value(&entry);
        let at = entries.partition_point(|known| self.value(known) >= value);
        let known = self.distinct && at > 0 && self.value(&entries[at - 1]) == value;
        if at < self.count && !known {
            entries.insert(at, entry);
            entries.truncate(self.count);
        }
    }
}

impl Aggregate for Top {
    fn state(&self) -> SqlType {
        self.returns()
    }

    fn returns(&self) -> SqlType {
        let names = std::iter::once("sort_col".to_owned()).chain((0..).map(|column| format!("col{column}")));
        let entry = match self.kinds.as_slice() {
            [only] => only.clone(),
            kinds => SqlType::structure(names.zip(kinds.iter().cloned())),
        };
        SqlType::array(entry)
    }

    fn initial(&self) -> Value {
        Value::array([])
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Result<Value> {
        if any(arguments, 0)?.is_null() {
            return Ok(state);
        }
        let entry = if self.is_struct() {
            Value::structure(arguments.iter().take(self.kinds.len()).cloned())
        } else {
            any(arguments, 0)?.clone()
        };
        self.merge(state, Value::array([entry]))
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        let mut entries = left.as_array().unwrap_or_default().to_vec();
        right
            .as_array()
            .unwrap_or_default()
            .iter()
            .for_each(|entry| self.insert(&mut entries, entry.clone()));
        Ok(Value::array(entries))
    }

    fn result(&self, state: &Value) -> Result<Value> {
        Ok(state.clone())
    }
}
