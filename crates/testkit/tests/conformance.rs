//! ksqlDB's own cases, where they are at hand.
#![allow(clippy::print_stderr, reason = "a test that was not run says so")]
use std::collections::BTreeSet;

use lentic_testkit::conformance::rest::read_rest;
use lentic_testkit::conformance::{
    Case, Filter, Standing, cases, directory, documentation, is_elsewhere, read, run, sql_cases,
};

/// Every case of the query-validation corpus can be read, and no two of a file have one name.
#[test]
fn cases_are_read() {
    let Some(directory) = directory() else {
        eprintln!("NOT RUN: set LENTIC_CONFORMANCE_DIR to the folder with ksqlDB's cases");
        return;
    };
    let files = std::fs::read_dir(directory.join("query-validation-tests")).expect("a folder");
    let mut cases: Vec<Case> = Vec::new();
    for file in files {
        let path = file.expect("an entry").path();
        let of_file = read(&path).unwrap_or_else(|error| panic!("{error}"));
        let names: BTreeSet<_> = of_file.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names.len(), of_file.len(), "{}", path.display());
        cases.extend(of_file);
    }
    let negative = cases.iter().filter(|case| case.error.is_some()).count();
    let statements: usize = cases.iter().map(|case| case.statements.len()).sum();
    eprintln!("{} cases, {negative} of them must fail, with {statements} statements", cases.len());
    assert!(cases.iter().all(|case| !case.statements.is_empty()));
    assert!(cases.iter().all(|case| case.statements.iter().all(|text| !text.contains("{FORMAT}"))));
}

/// Every case of the REST corpus can be read.
#[test]
fn rest_cases_are_read() {
    let Some(directory) = directory() else {
        eprintln!("NOT RUN: set LENTIC_CONFORMANCE_DIR to the folder with ksqlDB's cases");
        return;
    };
    let files = std::fs::read_dir(directory.join("rest-query-validation-tests")).expect("a folder");
    let mut count = 0;
    for file in files {
        let cases = read_rest(&file.expect("an entry").path()).unwrap_or_else(|error| panic!("{error}"));
        assert!(cases.iter().all(|case| case.error.is_some() || !case.case.statements.is_empty()));
        count += cases.len();
    }
    eprintln!("{count} cases of the REST corpus");
}

/// No case that passed when the record was written fails now. `make conformance` writes the record.
#[test]
fn no_case_has_fallen() {
    let Some(directory) = directory().filter(|_| !is_elsewhere()) else {
        eprintln!("NOT RUN: the record belongs to the cases in shared/conformance beside the workspace");
        return;
    };
    let known = Standing::read(&documentation().join("conformance.passing")).expect("the record");
    let mut all = cases(&directory, &Filter::default()).expect("cases");
    all.extend(sql_cases(&directory, &Filter::default()).expect("SQL tests"));
    let fallen = known.fallen(&run(all));
    assert!(
        fallen.is_empty(),
        "these cases passed before; `make conformance` tells more:\n{}",
        fallen.join("\n")
    );
}
