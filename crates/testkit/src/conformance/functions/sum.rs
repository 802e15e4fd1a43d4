//! Aggregates that add numbers and the lengths of texts: what they show is which arguments arrive.
use lentic_sql::function::{Aggregate, AggregateFunction, AggregateSite};
use lentic_sql::{EvaluationError, SqlType, Value};

type Outcome = Result<Value, EvaluationError>;

pub(super) fn functions() -> Vec<AggregateFunction> {
    let sum = |name, parameters: &str, constants| {
        AggregateFunction::new(name, "Adds numbers and lengths.").overload(
            parameters,
            constants,
            "",
            |site| Ok(Box::new(Sum { start: site.constants.iter().map(size).sum() })),
        )
    };
    vec![
        test_udaf(),
        sum("VAR_ARG", "first BIGINT, more STRING...", 0),
        sum("MULTI_ARG", "first BIGINT, second STRING, start INTEGER, starts STRING...", 2),
        sum(
            "FOUR_ARG",
            "first BIGINT, second STRING, third STRING, fourth STRING, start INTEGER, starts STRING...",
            2,
        ),
        sum(
            "FIVE_ARG",
            "first BIGINT, second STRING, third STRING, fourth STRING, fifth INTEGER, start INTEGER, starts STRING...",
            2,
        ),
        sum("MID_VAR_ARG", "first BIGINT, more STRING..., start INTEGER, other INTEGER", 2),
    ]
}

fn test_udaf() -> AggregateFunction {
    let numbers = |_: &AggregateSite<'_>| Ok(Box::new(Sum { start: 0 }) as Box<dyn Aggregate>);
    AggregateFunction::new("test_udaf", "Adds numbers, lengths of texts, or the fields of structs.")
        .overload("val BIGINT", 0, "", numbers)
        .overload("val INTEGER", 0, "", numbers)
        .overload("val STRING", 0, "", numbers)
        .overload("val STRUCT<A INTEGER, B INTEGER>", 0, "", |_| Ok(Box::new(FieldSum)))
}

/// What a value counts.
fn size(value: &Value) -> i64 {
    value.as_bigint().or_else(|| value.as_str().map(|text| text.chars().count() as i64)).unwrap_or_default()
}

struct Sum {
    start: i64,
}

impl Sum {
    fn change(state: &Value, arguments: &[Value], sign: i64) -> Value {
        let change: i64 = arguments.iter().map(size).sum();
        Value::Bigint(size(state) + sign * change)
    }
}

impl Aggregate for Sum {
    fn state(&self) -> SqlType {
        SqlType::Bigint
    }

    fn returns(&self) -> SqlType {
        SqlType::Bigint
    }

    fn initial(&self) -> Value {
        Value::Bigint(self.start)
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Outcome {
        Ok(Self::change(&state, arguments, 1))
    }

    fn can_undo(&self) -> bool {
        true
    }

    fn undo(&self, state: Value, arguments: &[Value]) -> Outcome {
        Ok(Self::change(&state, arguments, -1))
    }

    fn merge(&self, left: Value, right: Value) -> Outcome {
        Ok(Value::Bigint(size(&left) + size(&right) - self.start))
    }

    fn result(&self, state: &Value) -> Outcome {
        Ok(state.clone())
    }
}

/// Adds field by field.
struct FieldSum;

impl FieldSum {
    fn added(left: &Value, right: &Value) -> Value {
        let field = |value: &Value, index: usize| {
            value
                .as_struct()
                .and_then(|fields| fields.get(index))
                .and_then(Value::as_integer)
                .unwrap_or_default()
        };
        Value::structure([0, 1].map(|index| Value::Integer(field(left, index) + field(right, index))))
    }
}

impl Aggregate for FieldSum {
    fn state(&self) -> SqlType {
        SqlType::structure([("A", SqlType::Integer), ("B", SqlType::Integer)])
    }

    fn returns(&self) -> SqlType {
        self.state()
    }

    fn initial(&self) -> Value {
        Value::structure([Value::Integer(0), Value::Integer(0)])
    }

    fn add(&self, state: Value, arguments: &[Value], _: i64) -> Outcome {
        Ok(arguments.first().map_or(state.clone(), |argument| Self::added(&state, argument)))
    }

    fn merge(&self, left: Value, right: Value) -> Outcome {
        Ok(Self::added(&left, &right))
    }

    fn result(&self, state: &Value) -> Outcome {
        Ok(state.clone())
    }
}
