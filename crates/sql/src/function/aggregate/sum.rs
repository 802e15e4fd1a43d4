//! SUM, SUM_LIST and AVG.
use crate::arithmetic::{Arithmetic, Operator};
use crate::cast::cast;
use crate::error::Result;
use crate::function::CallError;
use crate::types::SqlType;
use crate::value::Value;

use super::operand::any;
use super::{Aggregate, AggregateFunction, AggregateSite, fields, kind, number, whole};

pub(super) fn functions() -> Vec<AggregateFunction> {
    let mut sum =
        AggregateFunction::new("SUM", "The sum of all values; an error where a DECIMAL has too many digits.");
    let mut list = AggregateFunction::new("sum_list", "The sum of all elements of all arrays.");
    let mut average = AggregateFunction::new("avg", "The mean of all values; 0.0 if there is none.");
    for name in ["INTEGER", "BIGINT", "DOUBLE"] {
        sum = sum.overload(&format!("val {name}"), 0, "", |site| of_values(site));
        list = list.overload(&format!("list ARRAY<{name}>"), 0, "", |site| of_lists(site));
        average = average.overload(&format!("val {name}"), 0, "", |site| {
            Ok(Box::new(Average(Sum::new(kind(site, 0)?, false)?)))
        });
    }
    sum = sum.overload("val DECIMAL", 0, "", |site| of_values(site));
    vec![
        sum.parameter("val", "The value; NULLs do not count."),
        list.parameter("list", "The array; NULLs, and those in it, do not count."),
        average.parameter("val", "The value; NULLs do not count."),
    ]
}

fn of_values(site: &AggregateSite<'_>) -> Result<Box<dyn Aggregate>, CallError> {
    Ok(Box::new(Sum::new(kind(site, 0)?, false)?))
}

fn of_lists(site: &AggregateSite<'_>) -> Result<Box<dyn Aggregate>, CallError> {
    match kind(site, 0)? {
        SqlType::Array(element) => Ok(Box::new(Sum::new((*element).clone(), true)?)),
        other => Err(CallError::new(format!("{other} is no ARRAY"))),
    }
}

struct Sum {
    kind: SqlType,
    lists: bool,
    plus: Arithmetic,
    minus: Arithmetic,
    /// The result of an operator on DECIMALs is wider than the sum.
    is_wider: bool,
}

impl Sum {
    fn new(kind: SqlType, lists: bool) -> Result<Self, CallError> {
        let operator = |operator| {
            Arithmetic::new(operator, &kind, &kind).map_err(|error| CallError::new(error.to_string()))
        };
        let (plus, minus) = (operator(Operator::Add)?, operator(Operator::Subtract)?);
        Ok(Self { is_wider: plus.result() != kind, plus, minus, kind, lists })
    }

    fn change(&self, state: Value, arguments: &[Value], operator: &Arithmetic) -> Result<Value> {
        let argument = any(arguments, 0)?;
        let values =
            if self.lists { argument.as_array().unwrap_or_default() } else { std::slice::from_ref(argument) };
        values.iter().filter(|value| !value.is_null()).try_fold(state, |sum, value| {
            let sum = operator.apply(&sum, value)?;
            if self.is_wider { cast(&sum, &operator.result(), &self.kind) } else { Ok(sum) }
        })
    }
}

impl Aggregate for Sum {
    fn state(&self) -> SqlType {
        self.kind.clone()
    }

    fn returns(&self) -> SqlType {
        self.kind.clone()
    }

    fn initial(&self) -> Value {
        // Zero fits into every number.
        cast(&Value::Integer(0), &SqlType::Integer, &self.kind).unwrap_or_default()
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Result<Value> {
        self.change(state, arguments, &self.plus)
    }

    fn can_undo(&self) -> bool {
        true
    }

    fn undo(&self, state: Value, arguments: &[Value]) -> Result<Value> {
        self.change(state, arguments, &self.minus)
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        cast(&self.plus.apply(&left, &right)?, &self.plus.result(), &self.kind)
    }

    fn result(&self, state: &Value) -> Result<Value> {
        Ok(state.clone())
    }
}

/// The state is the sum and the number of rows.
struct Average(Sum);

impl Average {
    fn change(&self, state: &Value, arguments: &[Value], by: i64) -> Result<Value> {
        if any(arguments, 0)?.is_null() {
            return Ok(state.clone());
        }
        let sum = fields(state).first().cloned().unwrap_or_else(|| self.0.initial());
        let sum = if by > 0 { self.0.add(sum, arguments, 0)? } else { self.0.undo(sum, arguments)? };
        Ok(Value::structure([sum, Value::Bigint(whole(state, 1) + by)]))
    }
}

impl Aggregate for Average {
    fn state(&self) -> SqlType {
        SqlType::structure([("SUM", self.0.state()), ("COUNT", SqlType::Bigint)])
    }

    fn returns(&self) -> SqlType {
        SqlType::Double
    }

    fn initial(&self) -> Value {
        Value::structure([self.0.initial(), Value::Bigint(0)])
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Result<Value> {
        self.change(&state, arguments, 1)
    }

    fn can_undo(&self) -> bool {
        true
    }

    fn undo(&self, state: Value, arguments: &[Value]) -> Result<Value> {
        self.change(&state, arguments, -1)
    }

    fn merge(&self, left: Value, right: Value) -> Result<Value> {
        let sum = |state: &Value| fields(state).first().cloned().unwrap_or_else(|| self.0.initial());
        let both = self.0.merge(sum(&left), sum(&right))?;
        Ok(Value::structure([both, Value::Bigint(whole(&left, 1) + whole(&right, 1))]))
    }

    fn result(&self, state: &Value) -> Result<Value> {
        let count = whole(state, 1);
        Ok(Value::Double(if count == 0 { 0.0 } else { number(state, 0) / count as f64 }))
    }
}
