//! Our own tests of SQL, in the format of ksqlDB's SQL test tool: statements, rows, and what must come out.
use std::path::Path;

use lentic_testkit::conformance::{Trace, Verdict, read_sql, run_sql};

/// Every test of every `.sql` file here; `SQL_TEST` chooses by a part of the name.
#[test]
fn files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql");
    let chosen = std::env::var("SQL_TEST").unwrap_or_default();
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    let (mut count, mut failed) = (0, Vec::new());
    for path in files {
        for case in read_sql(&path).unwrap_or_else(|error| panic!("{error}")) {
            let name = format!("{}: {}", path.file_stem().unwrap_or_default().display(), case.name);
            if !name.contains(&chosen) {
                continue;
            }
            count += 1;
            let mut trace = Trace::default();
            let verdict = run_sql(&case, &mut trace);
            if !matches!(verdict, Verdict::Passed) {
                failed.push(format!("{name}\n  {verdict:?}\n{trace}"));
            }
        }
    }
    assert!(count > 0, "no test has {chosen} in its name");
    assert!(failed.is_empty(), "{} of {count} failed:\n{}", failed.len(), failed.join("\n"));
}
