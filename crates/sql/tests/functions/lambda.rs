//! The lambdas that cases name with `@`.
use lentic_sql::arithmetic::{Arithmetic, Operator};
use lentic_sql::compare::Comparison;
use lentic_sql::{Result, SqlType, Value};

pub struct Named {
    pub result: SqlType,
    pub body: Box<dyn Fn(&[Value]) -> Result<Value>>,
}

pub fn named(name: &str, parameters: &[SqlType]) -> Named {
    let kind = parameters[parameters.len() - 1].clone();
    match name {
        // Adds up its parameters, from the first on.
        "sum" => {
            let plus = Arithmetic::new(Operator::Add, &parameters[0], &kind).unwrap();
            let body = move |values: &[Value]| {
                let (last, first) = (values.len() - 1, &values[0]);
                plus.apply(first, &values[last])
            };
            Named { result: plus.result(), body: Box::new(body) }
        }
        "positive" => {
            let body = |values: &[Value]| {
                Comparison::Greater.holds(&values[values.len() - 1], &Value::Integer(0)).map(Value::Boolean)
            };
            Named { result: SqlType::Boolean, body: Box::new(body) }
        }
        "first" => Named { result: parameters[0].clone(), body: Box::new(|values| Ok(values[0].clone())) },
        "last" => Named { result: kind, body: Box::new(|values| Ok(values[values.len() - 1].clone())) },
        "text" => {
            let body = move |values: &[Value]| {
                let mut text = String::new();
                lentic_sql::value::print(&values[values.len() - 1], &kind, &mut text);
                Ok(text.into())
            };
            Named { result: SqlType::String, body: Box::new(body) }
        }
        other => panic!("no lambda @{other}"),
    }
}
