//! ksqlDB's own cases, where they are at hand.
#![allow(clippy::print_stderr, reason = "a test that was not run says so")]
use std::collections::BTreeSet;

use lentic_testkit::conformance::{Case, directory, read};

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
