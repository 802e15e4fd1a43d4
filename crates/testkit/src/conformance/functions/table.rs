//! `TEST_UDTF`: a row of one value, or a row of text for each of seven.
use lentic_sql::function::TableFunction;
use lentic_sql::value::{decimal::decimal_text, double::double_text};
use lentic_sql::{SqlType, Value};

pub(super) fn function() -> TableFunction {
    const KINDS: [&str; 7] =
        ["INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "STRING", "DECIMAL", "STRUCT<A STRING>"];
    let mut function = TableFunction::new("test_udtf", "Values as rows.");
    for kind in KINDS {
        // Of a DECIMAL the function says itself how many digits it gives.
        let same: fn(&SqlType) -> Option<SqlType> = |kind| match kind {
            SqlType::Decimal(_) => SqlType::decimal(30, 10),
            other => Some(other.clone()),
        };
        function = function.overload(&format!("a {kind}"), "", same, |a| Ok(a.to_vec()));
    }
    let shapes: [fn(&str) -> String; 3] =
        [str::to_owned, |kind| format!("ARRAY<{kind}>"), |kind| format!("MAP<STRING, {kind}>")];
    for shape in shapes {
        let parameters: Vec<String> =
            KINDS.iter().zip('a'..).map(|(kind, name)| format!("{name} {}", shape(kind))).collect();
        function = function.overload(&parameters.join(", "), "", |_| Some(SqlType::String), |a| Ok(texts(a)));
    }
    function
}

/// The only element of each, as Java prints it.
fn texts(arguments: &[Value]) -> Vec<Value> {
    let text = |value: &Value| {
        let inner = match value {
            Value::Array(elements) => elements.first().cloned().unwrap_or_default(),
            Value::Map(map) => map.get(&Value::from("k")).cloned().unwrap_or_default(),
            other => other.clone(),
        };
        Value::from(match &inner {
            Value::Integer(number) => number.to_string(),
            Value::Bigint(number) => number.to_string(),
            Value::Double(number) => double_text(*number),
            Value::Boolean(truth) => truth.to_string(),
            Value::String(text) => text.to_string(),
            Value::Decimal(number) => decimal_text(number),
            Value::Struct(fields) => {
                format!("Struct{{A={}}}", fields.first().and_then(Value::as_str).unwrap_or("null"))
            }
            _ => "null".to_owned(),
        })
    };
    arguments.iter().map(text).collect()
}
