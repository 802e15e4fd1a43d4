//! No function panics, whatever comes: every overload with the ends of its types, and every result of the type that it says.
use std::sync::Arc;

use lentic_sql::function::{Argument, ArgumentType, IntervalUnit, Lambda, Registry, Shape, World};
use lentic_sql::value::decimal::parse_decimal;
use lentic_sql::{DecimalType, SqlType, Value};

use crate::Still;
use crate::aggregates::fits;

/// Calls of one overload.
const CALLS: usize = 64;

#[test]
fn no_function_panics() {
    let registry = Registry::standard();
    let world: Arc<dyn World> = Arc::new(Still);
    let mut seed = 1;
    for function in registry.scalars() {
        for overload in function.overloads() {
            for call in 0..CALLS {
                let generic = generics()[call % generics().len()].clone();
                let mut types = Vec::new();
                let (mut values, mut arguments) = (Vec::new(), Vec::new());
                for parameter in overload.parameters() {
                    for _ in 0..if parameter.is_variadic() { call % 3 } else { 1 } {
                        let (kind, unit) = argument(parameter.shape(), &generic);
                        if let ArgumentType::Value(kind) = &kind {
                            values.push(sample(kind, &mut seed));
                        }
                        if unit.is_some() {
                            values.push(Value::Null);
                        }
                        if !matches!(kind, ArgumentType::Lambda(_)) {
                            let constant =
                                (call % 2 == 0 && unit.is_none()).then(|| values[values.len() - 1].clone());
                            arguments.push(Argument { kind: None, constant, unit });
                        }
                        types.push(kind);
                    }
                }
                // A type may have no order, say.
                let Ok(mut resolved) = function.resolve(&types) else { continue };
                let lambdas =
                    types.iter().enumerate().filter(|(_, kind)| matches!(kind, ArgumentType::Lambda(_)));
                let results: Result<Vec<SqlType>, _> = lambdas
                    .map(|(index, _)| {
                        let parameters = resolved.lambda_parameters(index)?;
                        let result = if function.name() == "filter" {
                            SqlType::Boolean
                        } else {
                            parameters[0].clone()
                        };
                        resolved.set_lambda_result(index, &result)?;
                        Ok::<_, lentic_sql::function::CallError>(result)
                    })
                    .collect();
                let Ok(bound) = resolved.bind(&arguments, &world) else { continue };
                let filter = function.name() == "filter";
                let body = |given: &[Value]| {
                    Ok(if filter { Value::Boolean(given[0].is_null()) } else { given[0].clone() })
                };
                let lambda: &Lambda<'_> = &body;
                let lambdas = vec![lambda; results.unwrap_or_default().len()];
                if let Ok(result) = bound.evaluate_with(&values, &lambdas) {
                    let kind = bound.returns();
                    assert!(fits(&result, kind), "{}{values:?} gives {result:?}, no {kind}", function.name());
                }
            }
        }
    }
}

fn generics() -> Vec<SqlType> {
    let decimal = SqlType::Decimal(DecimalType::new(30, 10).unwrap());
    vec![
        SqlType::Integer,
        SqlType::String,
        decimal,
        SqlType::Double,
        SqlType::Timestamp,
        SqlType::array(SqlType::Bigint),
        SqlType::map(SqlType::String, SqlType::Bytes),
        SqlType::structure([("A", SqlType::Date), ("B", SqlType::Time)]),
    ]
}

fn argument(shape: &Shape, generic: &SqlType) -> (ArgumentType, Option<IntervalUnit>) {
    match shape {
        Shape::Lambda(parameters, _) => (ArgumentType::Lambda(parameters.len()), None),
        Shape::Interval => (ArgumentType::Interval, Some(IntervalUnit::Days)),
        shape => (ArgumentType::Value(kind(shape, generic)), None),
    }
}

fn kind(shape: &Shape, generic: &SqlType) -> SqlType {
    match shape {
        Shape::Plain(kind) => kind.clone(),
        Shape::Decimal => SqlType::decimal(30, 10).unwrap(),
        Shape::Array(element) => SqlType::array(kind(element, generic)),
        Shape::Map(key, value) => SqlType::map(kind(key, generic), kind(value, generic)),
        Shape::Struct(fields) => {
            SqlType::structure(fields.iter().map(|(name, shape)| (name.clone(), kind(shape, generic))))
        }
        Shape::Generic(_) | Shape::Any | Shape::Lambda(..) | Shape::Interval => generic.clone(),
    }
}

fn sample(kind: &SqlType, seed: &mut u64) -> Value {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let draw = (*seed >> 33) as usize;
    let pick = |values: &[i64]| values[draw % values.len()];
    let texts = [
        "",
        "a",
        "0",
        "-1.5",
        "1e400",
        "NaN",
        "é\u{1f600}\u{0}",
        "[",
        "[1, {\"a\": \"\\ud800\"}]",
        "{\"a\": 1}",
        "$.a[0]",
        "(a+)+$",
        "yyyy-MM-dd HH:mm:ssX",
        "2020-01-01",
        "UTC",
        "+99:99",
        "hex",
        "base64",
        "desc",
        "\\u00e9",
        "http://a:b@[::1]:99999/%zz?#",
        "%",
        "x'1",
        "0x1",
        "$1",
        "(?<é>.)",
        "\\Q",
        "e",
        "EEEEE",
        "SSSSSSSSS",
        "ppppH",
    ];
    let list =
        |seed: &mut u64, element: &SqlType| (0..draw % 4).map(|_| sample(element, seed)).collect::<Vec<_>>();
    if draw.is_multiple_of(11) {
        return Value::Null;
    }
    match kind {
        SqlType::Boolean => Value::Boolean(draw.is_multiple_of(2)),
        SqlType::Integer => {
            Value::Integer(pick(&[0, 1, -1, 2, 7, 40, i64::from(i32::MAX), i64::from(i32::MIN)]) as i32)
        }
        SqlType::Bigint => Value::Bigint(pick(&[0, 1, -1, 5, i64::MAX, i64::MIN, 1_589_234_313_000])),
        SqlType::Double => {
            let doubles = [
                0.0,
                -0.0,
                1.5,
                -89.9,
                f64::MAX,
                f64::MIN_POSITIVE,
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
            ];
            Value::Double(doubles[draw % doubles.len()])
        }
        SqlType::Decimal(kind) => {
            let texts =
                ["0.0000000000", "99999999999999999999.9999999999", "-12345.6789000000", "0.5000000000"];
            assert_eq!(kind.scale(), 10);
            parse_decimal(texts[draw % texts.len()]).unwrap().into()
        }
        SqlType::String => texts[draw % texts.len()].into(),
        SqlType::Bytes => Value::bytes([&b""[..], b"\0", b"\xff\xfe\x00\x01", &[7; 8], &[255; 16]][draw % 5]),
        SqlType::Date => Value::Date(pick(&[0, -1, 18_000, i64::from(i32::MAX), i64::from(i32::MIN)]) as i32),
        SqlType::Time => Value::Time(pick(&[0, 1, 86_399_999]) as i32),
        SqlType::Timestamp => Value::Timestamp(pick(&[0, -1, 1_589_234_313_000, i64::MAX, i64::MIN])),
        SqlType::Array(element) => Value::array(list(seed, element)),
        SqlType::Map(key, value) => {
            let keys: Vec<Value> = list(seed, key).into_iter().filter(|key| !key.is_null()).collect();
            Value::map(keys.into_iter().map(|key| (key, sample(value, seed))))
        }
        SqlType::Struct(structure) => {
            Value::structure(structure.fields().iter().map(|field| sample(&field.kind, seed)))
        }
    }
}
