//! Aggregates that collect their first argument from rows without any NULL.
use lentic_sql::function::{Aggregate, AggregateFunction, AggregateSite, CallError};
use lentic_sql::{EvaluationError, SqlType, Value};

type Outcome = Result<Value, EvaluationError>;

pub(super) fn functions() -> Vec<AggregateFunction> {
    let about = "The first arguments of rows without NULL.";
    vec![
        AggregateFunction::new("GENERIC_VAR_ARG", about).overload(
            "first T, second U, others V...",
            0,
            "",
            make,
        ),
        AggregateFunction::new("OBJ_COL_ARG", about).overload("first INTEGER, others ANY...", 0, "", make),
    ]
}

fn make(site: &AggregateSite<'_>) -> Result<Box<dyn Aggregate>, CallError> {
    let kind = site.kinds.first().cloned().flatten();
    let kind = kind.ok_or_else(|| CallError::new("the first argument has no type"))?;
    Ok(Box::new(Firsts(SqlType::array(kind))))
}

struct Firsts(SqlType);

impl Aggregate for Firsts {
    fn state(&self) -> SqlType {
        self.0.clone()
    }

    fn returns(&self) -> SqlType {
        self.0.clone()
    }

    fn initial(&self) -> Value {
        Value::array([])
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Outcome {
        let Some(first) = arguments.first().filter(|_| !arguments.iter().any(Value::is_null)) else {
            return Ok(state);
        };
        let so_far = state.as_array().unwrap_or_default();
        Ok(Value::array(so_far.iter().chain([first]).cloned()))
    }

    fn merge(&self, left: Value, right: Value) -> Outcome {
        let of = |value: &Value| value.as_array().unwrap_or_default().to_vec();
        Ok(Value::array(of(&left).into_iter().chain(of(&right))))
    }

    fn result(&self, state: &Value) -> Outcome {
        Ok(state.clone())
    }
}
