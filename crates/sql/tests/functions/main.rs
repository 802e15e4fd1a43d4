//! Every function against tables of cases: `name(arguments) = result` in the files of `cases/`, one a line.
//!
//! A result may be `error TEXT` (no value for this row) or `refused TEXT` (no such call), where TEXT is part of the words.
//! Each case runs with its arguments as constants and as columns.
#![allow(clippy::unwrap_used, reason = "a case that is not well-formed is a failure of the test")]
#[path = "../cases/mod.rs"]
mod cases;

mod aggregates;
mod casts;
mod extremes;
mod lambda;
mod literal;
mod page;

use std::sync::Arc;

use lentic_sql::coercion::{Mode, coerce};
use lentic_sql::function::{Argument, ArgumentType, Registry, World};
use lentic_sql::{SqlType, Value};

use cases::{Still, lines};
use literal::{Literal, Reader};

#[test]
fn all_cases_hold() {
    let registry = Registry::standard();
    let mut failures = Vec::new();
    let mut count = 0;
    for (place, line) in lines("functions/cases") {
        count += 1;
        let (call, expected) =
            line.rsplit_once(" => ").unwrap_or_else(|| panic!("{place}: no result: {line}"));
        for constant in [true, false] {
            let found = evaluate(&registry, call.trim(), constant);
            let expected = expected.trim();
            let holds = match (&found, expected.split_once(' ')) {
                (Err(text), Some(("error" | "refused", part))) => {
                    text.starts_with(&expected[..5]) && text.replace('\n', "\\n").contains(part)
                }
                (Ok(_), Some(("error" | "refused", _))) => false,
                (Ok((value, kind)), _) => {
                    let wanted = Reader::new(expected).literal();
                    *value == wanted.value && wanted.kind().is_none_or(|wanted| wanted == *kind)
                }
                _ => false,
            };
            if !holds {
                let found = found.map(|(value, kind)| format!("{kind} {}", show(&value, &kind)));
                failures.push(format!("{place}: {line}\n    gives {found:?}"));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases:\n{}", failures.len(), failures.join("\n"));
    assert!(count > 100, "the cases were not found");
}

#[test]
fn every_function_has_a_case_and_words() {
    let registry = Registry::standard();
    let named: Vec<String> = lines("functions/cases")
        .iter()
        .filter_map(|(_, line)| Some(line.split_once('(')?.0.to_ascii_uppercase()))
        .collect();
    for function in registry.scalars() {
        let name = function.name().to_ascii_uppercase();
        assert!(named.contains(&name), "{name} has no case");
        assert!(!function.about().is_empty(), "{name} has no words");
        for parameter in function.overloads().iter().flat_map(|overload| overload.parameters()) {
            assert!(!parameter.about().is_empty(), "{name}: {} has no words", parameter.name());
        }
    }
}

/// The result and its type, or the error with its kind in front.
fn evaluate(registry: &Registry, call: &str, constant: bool) -> Result<(Value, SqlType), String> {
    let (name, rest) = call.split_once('(').expect("a call");
    let literals = Reader::new(rest.strip_suffix(')').expect("a call ends with a bracket")).list();
    let refused = |error: &dyn std::fmt::Display| format!("refused {error}");
    let function = registry.scalar(name).map_err(|error| refused(&error))?;
    let types: Vec<ArgumentType> = literals.iter().map(|literal| literal.argument.clone()).collect();
    let mut resolved = function.resolve(&types).map_err(|error| refused(&error))?;
    let targets = resolved.targets();
    let (mut arguments, mut values, mut lambdas) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (literal, target)) in literals.iter().zip(&targets).enumerate() {
        if let Some(name) = &literal.lambda {
            let parameters = resolved.lambda_parameters(index).map_err(|error| refused(&error))?;
            let lambda = lambda::named(name, &parameters);
            resolved.set_lambda_result(index, &lambda.result).map_err(|error| refused(&error))?;
            lambdas.push(lambda.body);
            continue;
        }
        let value = convert(literal, target.as_ref());
        let known = Some(value.clone()).filter(|_| constant && literal.unit.is_none());
        arguments.push(Argument { kind: None, constant: known, unit: literal.unit });
        values.push(value);
    }
    let world: Arc<dyn World> = Arc::new(Still);
    let call = resolved.bind(&arguments, &world).map_err(|error| refused(&error))?;
    let lambdas: Vec<&lentic_sql::function::Lambda<'_>> = lambdas.iter().map(|body| &**body).collect();
    let result = call.evaluate_with(&values, &lambdas).map_err(|error| format!("error {error}"))?;
    Ok((result, call.returns().clone()))
}

fn convert(literal: &Literal, target: Option<&SqlType>) -> Value {
    match (&literal.argument, target) {
        (ArgumentType::Value(kind), Some(target)) => {
            coerce(&literal.value, kind, target, Mode::Strict).unwrap()
        }
        _ => literal.value.clone(),
    }
}

fn show(value: &Value, kind: &SqlType) -> String {
    let mut text = String::new();
    lentic_sql::value::print(value, kind, &mut text);
    text
}
