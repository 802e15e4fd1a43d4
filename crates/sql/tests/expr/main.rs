//! Expressions against tables of cases, `[clause:] expression => TYPE value` in the files of `cases/`, one a line.
//!
//! A value is printed as CAST prints it. A result may be `refused TEXT` (no such expression) or `error TEXT` (no value for this
//! row), where TEXT is part of the words; `logged TYPE value` is a value on whose way something was reported.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

#[path = "../cases/mod.rs"]
mod cases;

mod naive;
mod random;
mod source;

use lentic_sql::expr::{Clause, ExprError, Scope, ScopeColumn, replace, visit_calls};
use lentic_sql::{SqlType, Value};
use lentic_sql_syntax::ast::{ExprNode, Name};
use lentic_sql_syntax::parse_expr;

use cases::lines;
use source::Source;

#[test]
fn all_cases_hold() {
    let source = Source::new();
    let (mut failures, mut count) = (Vec::new(), 0);
    for (place, line) in lines("expr/cases") {
        count += 1;
        let (text, expected) = line.rsplit_once(" => ").unwrap_or_else(|| panic!("{place}: {line}"));
        let found = evaluate(&source, text.trim()).replace('\n', "\\n");
        let expected = expected.trim();
        let holds = match expected.split_once(' ') {
            Some((kind @ ("refused" | "error"), part)) => {
                found.strip_prefix(kind).is_some_and(|found| found.contains(part))
            }
            _ => found == expected,
        };
        if !holds {
            failures.push(format!("{place}: {line}\n    gives {found}"));
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases:\n{}", failures.len(), failures.join("\n"));
    assert!(count > 200, "the cases were not found");
}

fn evaluate(source: &Source, text: &str) -> String {
    let (clause, text) = match text.split_once(": ") {
        Some(("where", text)) => (Clause::Where, text),
        Some(("pull", text)) => (Clause::PullWhere, text),
        Some(("having", text)) => (Clause::Having, text),
        Some(("partition", text)) => (Clause::PartitionBy, text),
        Some(("group", text)) => (Clause::GroupBy, text),
        _ => (Clause::Select, text),
    };
    let compiled = match source.compile(clause, text) {
        Ok(compiled) => compiled,
        Err(error) => return format!("refused {error}"),
    };
    let mut reported = Vec::new();
    let value = compiled.evaluate(source.row(), &mut |error| reported.push(error));
    let holds = compiled.holds(source.row(), &mut |_| {});
    assert_eq!(holds, value == Value::Boolean(true), "{text}");
    let eval = compiled.eval(source.row());
    if let Err(error) = &eval {
        assert_eq!((value.is_null(), reported.last()), (true, Some(error)), "{text}");
        return format!("error {error}");
    }
    assert_eq!(eval, Ok(value.clone()), "{text}");
    let mut shown = compiled.kind().map_or_else(|| "NULL".to_owned(), ToString::to_string) + " ";
    lentic_sql::value::print(&value, compiled.kind().unwrap_or(&SqlType::String), &mut shown);
    if reported.is_empty() { shown } else { format!("logged {shown}") }
}

fn column(source: &str, name: &str, index: usize) -> ScopeColumn {
    ScopeColumn {
        source: Some(source.into()),
        name: name.into(),
        kind: SqlType::Integer,
        index,
        shown: parse_expr(&format!("{source}_{name}")).ok(),
    }
}

fn refused(scope: &Scope, text: &str) -> ExprError {
    Source::new().compile_in(scope, Clause::Where, text).unwrap_err()
}

#[test]
fn columns_of_several_sources() {
    let scope = Scope::new([column("L", "ID", 0), column("R", "ID", 1), column("R", "NAME", 2)]);
    let compiled = Source::new().compile_in(&scope, Clause::Where, "R.ID > NAME").unwrap();
    assert_eq!(compiled.text(), "(R_ID > R_NAME)");
    for (text, expected) in [
        ("ID = 1", "Line: 1, Col: 1: Column 'ID' is ambiguous. Could be L.ID or R.ID."),
        ("1 = L.NAM", "Line: 1, Col: 5: WHERE column 'L.NAM' cannot be resolved."),
        ("1 = R.NAM", "Line: 1, Col: 5: WHERE column 'R.NAM' cannot be resolved. Did you mean 'NAME'?"),
        ("X.ID = 1", "'X' is not a valid stream/table name or alias."),
        ("L.ID = 'x'", "Cannot compare L_ID (INTEGER) to 'x' (STRING) with EQUAL."),
    ] {
        assert!(refused(&scope, text).to_string().contains(expected), "{}", refused(&scope, text));
    }
    assert_eq!(refused(&scope, "NAMES = 1").suggestion(), Some("NAME"));
    assert_eq!(refused(&scope, "\n NAMES = 1").position().to_string(), "2:2");
}

/// The way of the aggregate planner: the results of aggregates are columns that are shown as the calls that they stand for.
#[test]
fn aggregates_are_replaced_by_columns() {
    let source = Source::new();
    let is_aggregate = |name: &Name| source.registry.aggregates().any(|one| one.name() == name.text);
    let mut expr = parse_expr("SUM(I) + ABS(COUNT(L)) > '100'").unwrap();
    let mut found = Vec::new();
    visit_calls(&expr, &mut |name| is_aggregate(name), &mut |call| found.push(call.clone()));
    let columns = found.iter().enumerate().map(|(index, call)| ScopeColumn {
        source: None,
        name: Name::new(format!("KSQL_AGG_VARIABLE_{index}")),
        kind: SqlType::Bigint,
        index,
        shown: Some(call.clone()),
    });
    let scope = Scope::new(columns);
    replace(&mut expr, &mut |expr| {
        let at = found.iter().position(|call| call == expr)?;
        Some(ExprNode::Column { source: None, name: scope.columns()[at].name.clone() }.into())
    });
    let error = source.compile_expr_in(&scope, Clause::Having, &expr).unwrap_err().to_string();
    let expected = "Error in HAVING expression: Cannot compare (SUM(I) + ABS(COUNT(L))) (BIGINT) to '100' (STRING) with \
                    GREATER_THAN.";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn values_for_a_column() {
    let source = Source::new();
    for (text, kind, expected) in [
        ("'5'", SqlType::Integer, Ok(Some(Value::Integer(5)))),
        ("5", SqlType::String, Ok(Some("5".into()))),
        ("5", SqlType::Double, Ok(Some(Value::Double(5.0)))),
        ("NULL", SqlType::Double, Ok(Some(Value::Null))),
        ("I", SqlType::Bigint, Ok(None)),
        ("S", SqlType::Bigint, Err(Some(SqlType::String))),
    ] {
        let found = source.compile_as(text, &kind).unwrap().map(|compiled| compiled.constant().cloned());
        assert_eq!(found, expected, "{text}");
    }
}
