//! Every statement of ksqlDB's test cases, read from `LENTIC_CONFORMANCE_DIR`.
//!
//! Run with `cargo test -p lentic-sql-syntax --test corpus -- --ignored --nocapture`.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]
use std::path::{Path, PathBuf};

use lentic_sql_syntax::{parse_statement, split, split_tests};
use serde_json::Value;

/// The corpus, if it is here.
fn corpus() -> Option<PathBuf> {
    let root = PathBuf::from(std::env::var_os("LENTIC_CONFORMANCE_DIR")?);
    Some(root.join("ksqldb")).filter(|root| root.is_dir())
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|known| known == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Reads the statements of a text; each must survive printing.
fn check(text: &str, failures: &mut Vec<String>, place: &str) -> usize {
    let mut count = 0;
    for piece in split(text) {
        match piece.parse() {
            Ok(statement) => {
                count += 1;
                let printed = statement.to_string();
                match parse_statement(&printed) {
                    Ok(again) if again == statement => {}
                    Ok(again) => failures.push(format!("{place}: {printed}\nreads as {again}")),
                    Err(error) => failures.push(format!("{place}: {printed}\n{}", error.explain(&printed))),
                }
            }
            Err(error) => failures.push(format!("{place}: {}", error.explain(text))),
        }
    }
    count
}

/// What a case expects to fail with.
fn expected(case: &Value) -> Option<&Value> {
    case.get("expectedException").or_else(|| case.get("expectedError"))
}

#[test]
#[ignore = "needs the corpus"]
fn every_statement_is_read() {
    let Some(root) = corpus() else {
        eprintln!("not run: set LENTIC_CONFORMANCE_DIR");
        return;
    };
    let (mut failures, mut count, mut refused, mut sql_tests) = (Vec::new(), 0, 0, 0);
    for folder in ["query-validation-tests", "rest-query-validation-tests"] {
        for path in files(&root.join(folder), "json") {
            let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            for case in file["tests"].as_array().unwrap() {
                let place = format!("{} {}", path.file_stem().unwrap().display(), case["name"]);
                let texts: Vec<&str> =
                    case["statements"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                let text = texts.join("\n");
                let syntax = expected(case).map(Value::to_string).filter(|text| {
                    text.contains("ParseFailedException") && !text.contains("Configuration")
                        || text.contains("Syntax Error")
                });
                match syntax {
                    None => count += check(&text, &mut failures, &place),
                    Some(expected) => {
                        refused += 1;
                        check_refusal(&text, &expected, &mut failures, &place);
                    }
                }
            }
        }
    }
    for path in files(&root.join("sql-tests"), "sql") {
        let text = std::fs::read_to_string(&path).unwrap();
        count += check(&text, &mut failures, &path.display().to_string());
        let tests = split_tests(&text).unwrap();
        assert_eq!(tests.iter().map(|test| test.statements.len()).sum::<usize>(), split(&text).len());
        sql_tests += tests.len();
    }
    eprintln!(
        "{count} statements read, {refused} cases refused, {sql_tests} SQL tests, {} failures",
        failures.len()
    );
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(count > 3_000, "{count}");
}

/// Some statement is refused with the expected words, which stand between quotes in `expected`.
fn check_refusal(text: &str, expected: &str, failures: &mut Vec<String>, place: &str) {
    let errors = split(text).into_iter().filter_map(|piece| match piece.parse() {
        Ok(statement) => {
            let extension = statement.extension()?;
            Some((piece, extension.refusal()))
        }
        Err(error) => Some((piece, error)),
    });
    let Some((piece, error)) = errors.into_iter().next() else {
        failures.push(format!("{place}: is not refused"));
        return;
    };
    let message = format!("Failed to prepare statement: {error}\nStatement: {}", piece.text);
    let wanted: Value = serde_json::from_str(expected).unwrap();
    let wanted = wanted["message"].as_str().unwrap_or_default();
    // A case of its own request has a position of its own.
    let alone = match parse_statement(piece.text) {
        Ok(statement) => statement.extension().map(|extension| extension.refusal()),
        Err(error) => Some(error),
    };
    let alone = alone.map(|error| format!("{error}\nStatement: {}", piece.text));
    if !message.contains(wanted) && !alone.is_some_and(|alone| alone.contains(wanted)) {
        failures.push(format!("{place}: {message}\ninstead of {wanted}"));
    }
}
