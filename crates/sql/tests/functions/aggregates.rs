//! Every aggregate and table function against `aggregates.txt` and `tables.txt`, one a line.
//!
//! `name(constants): row; row; undo row => result` folds rows of comma-separated arguments. The same rows are also folded in two
//! parts and merged, and every state has to be of the type that the aggregate says. `name(arguments) rows [..]` is a table
//! function.
use std::collections::BTreeSet;

use lentic_sql::coercion::{Mode, coerce};
use lentic_sql::function::{Aggregate, ArgumentType, Registry, Settings};
use lentic_sql::{SqlType, Value};

use crate::literal::{Literal, Reader};

const SETTINGS: Settings = Settings { collect_list_limit: 4, collect_set_limit: 3 };

#[test]
fn aggregates() {
    let registry = Registry::standard();
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    for line in
        include_str!("aggregates.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (case, expected) = line.rsplit_once(" => ").expect("a result");
        let (call, rows) = case.split_once("):").expect("rows");
        let (name, constants) = call.split_once('(').expect("constants");
        seen.insert(name.to_ascii_uppercase());
        let found = fold(&registry, name, constants, rows);
        let holds = match (&found, expected.split_once(' ')) {
            (Err(text), Some((kind @ ("error" | "refused"), part))) => {
                text.starts_with(kind) && text.contains(part)
            }
            (Ok(_), Some(("error" | "refused", _))) | (Err(_), _) => false,
            (Ok((value, kind)), _) => {
                let wanted = Reader::new(expected).literal();
                *value == wanted.value && wanted.kind().is_none_or(|wanted| wanted == *kind)
            }
        };
        if !holds {
            failures.push(format!("{line}\n    gives {found:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    for function in registry.aggregates() {
        assert!(seen.contains(&function.name().to_ascii_uppercase()), "{} has no case", function.name());
        for parameter in function.overloads().iter().flat_map(|overload| overload.parameters()) {
            assert!(!parameter.about().is_empty(), "{}: {} has no words", function.name(), parameter.name());
        }
    }
}

#[test]
fn many_different_values_are_counted_nearly() {
    let registry = Registry::standard();
    let resolved = registry.aggregate("COUNT_DISTINCT").unwrap();
    let resolved = resolved.resolve(&[ArgumentType::Value(SqlType::Integer)]).unwrap();
    let count = resolved.bind(&[], SETTINGS).unwrap();
    let mut state = count.initial();
    for (rows, number) in (0..30_000).enumerate() {
        state = count.add(state, &[Value::Integer(number)], 0).unwrap();
        if [10, 1000, 29_999].contains(&rows) {
            let found = count.result(&state).unwrap().as_bigint().unwrap();
            let wanted = i64::from(number) + 1;
            assert!((found - wanted).abs() * 20 <= wanted, "{found} for {wanted}");
        }
    }
}

#[test]
fn tables() {
    let registry = Registry::standard();
    for line in include_str!("tables.txt").lines().filter(|line| !line.is_empty()) {
        let (call, expected) = line.rsplit_once(" => ").expect("a result");
        let (name, arguments) = call.strip_suffix(')').and_then(|call| call.split_once('(')).expect("a call");
        let literals = Reader::new(arguments).list();
        let types: Vec<ArgumentType> = literals.iter().map(|literal| literal.argument.clone()).collect();
        let found = registry.table(name).unwrap().resolve(&types).and_then(|resolved| {
            let values: Vec<Value> = literals.iter().map(|literal| literal.value.clone()).collect();
            Ok((Value::array(resolved.rows(&values).unwrap()), SqlType::array(resolved.returns()?)))
        });
        match found {
            Ok((value, kind)) => {
                let wanted = Reader::new(expected).literal();
                assert_eq!((&value, Some(&kind)), (&wanted.value, wanted.kind().as_ref()), "{line}");
            }
            Err(error) => assert_eq!(error.to_string().replace('\n', "\\n"), expected, "{line}"),
        }
    }
}

struct Row {
    undo: bool,
    values: Vec<Literal>,
}

fn fold(registry: &Registry, name: &str, constants: &str, rows: &str) -> Result<(Value, SqlType), String> {
    let constants = Reader::new(constants).list();
    let rows: Vec<Row> = rows
        .split(';')
        .map(|row| {
            let row = row.trim();
            let undone = row.strip_prefix("undo ");
            Row { undo: undone.is_some(), values: Reader::new(undone.unwrap_or(row)).list() }
        })
        .collect();
    let columns = rows.iter().map(|row| row.values.len()).max().unwrap_or_default();
    let kind = |column: usize| {
        let kinds = rows.iter().filter_map(|row| row.values.get(column));
        kinds.into_iter().find_map(Literal::kind).map_or(ArgumentType::Null, ArgumentType::Value)
    };
    let mut types: Vec<ArgumentType> = (0..columns).map(kind).collect();
    types.extend(constants.iter().map(|constant| constant.argument.clone()));
    let refused = |error: &dyn std::fmt::Display| format!("refused {error}");
    let function = registry.aggregate(name).map_err(|error| refused(&error))?;
    let resolved = function.resolve(&types).map_err(|error| refused(&error))?;
    let targets = resolved.targets();
    let constants: Vec<Value> = constants.iter().map(|constant| constant.value.clone()).collect();
    let aggregate = resolved.bind(&constants, SETTINGS).map_err(|error| refused(&error))?;
    let failed = |error: lentic_sql::EvaluationError| format!("error {error}");
    let (mut state, mut halves) = (aggregate.initial(), [aggregate.initial(), aggregate.initial()]);
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| !row.values.is_empty()) {
        let values =
            row.values.iter().zip(&targets).map(|(literal, target)| match (literal.kind(), target) {
                (Some(kind), Some(target)) => coerce(&literal.value, &kind, target, Mode::Strict).unwrap(),
                _ => literal.value.clone(),
            });
        let values: Vec<Value> = values.collect();
        state = if row.undo {
            assert!(aggregate.can_undo(), "{name} cannot undo");
            aggregate.undo(state, &values).map_err(failed)?
        } else {
            aggregate.add(state, &values, at as i64).map_err(failed)?
        };
        assert!(fits(&state, &aggregate.state()), "{name}: {state:?} is no {}", aggregate.state());
        let half = &mut halves[at * 2 / rows.len()];
        *half = aggregate.add(half.clone(), &values, at as i64).map_err(failed)?;
    }
    let result = aggregate.result(&state).map_err(failed)?;
    if !rows.iter().any(|row| row.undo) {
        check_merged(&*aggregate, halves, &result, name);
    }
    Ok((result, aggregate.returns()))
}

/// Two sessions that become one give what one would have given; the session that comes about is empty at first.
fn check_merged(aggregate: &dyn Aggregate, [left, right]: [Value; 2], whole: &Value, name: &str) {
    let merged =
        aggregate.merge(aggregate.initial(), left).and_then(|left| aggregate.merge(left, right)).unwrap();
    assert!(fits(&merged, &aggregate.state()), "{name}: {merged:?} is no {}", aggregate.state());
    let result = aggregate.result(&merged).unwrap();
    let near = match (&result, whole) {
        (Value::Double(a), Value::Double(b)) => (a - b).abs() <= 1e-9 * b.abs() || (a.is_nan() && b.is_nan()),
        (a, b) => a == b,
    };
    assert!(near, "{name}: merged {result:?}, whole {whole:?}");
}

/// Whether a value is one of the type.
pub fn fits(value: &Value, kind: &SqlType) -> bool {
    match (value, kind) {
        (Value::Null, _)
        | (Value::Boolean(_), SqlType::Boolean)
        | (Value::Integer(_), SqlType::Integer)
        | (Value::Bigint(_), SqlType::Bigint)
        | (Value::Double(_), SqlType::Double)
        | (Value::String(_), SqlType::String)
        | (Value::Bytes(_), SqlType::Bytes)
        | (Value::Date(_), SqlType::Date)
        | (Value::Time(_), SqlType::Time)
        | (Value::Timestamp(_), SqlType::Timestamp) => true,
        (Value::Decimal(number), SqlType::Decimal(kind)) => {
            number.fractional_digit_count() == i64::from(kind.scale())
        }
        (Value::Array(values), SqlType::Array(element)) => values.iter().all(|value| fits(value, element)),
        (Value::Map(map), SqlType::Map(key, value)) => {
            map.iter().all(|(k, v)| fits(k, key) && fits(v, value))
        }
        (Value::Struct(values), SqlType::Struct(structure)) => {
            let fields = structure.fields();
            values.len() == fields.len() && values.iter().zip(fields).all(|(v, field)| fits(v, &field.kind))
        }
        _ => false,
    }
}
