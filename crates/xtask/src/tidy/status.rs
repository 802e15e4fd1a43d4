//! docs/status.md: one row per promise, with the test that shows it and its state.
use std::fmt;

use super::finding::Finding;
use super::tree::Tree;

const PATH: &str = "docs/status.md";
const HEADER: &str = "| promise | shown by | state |";

/// How many promises are in each state.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Status {
    proven: usize,
    partly: usize,
    missing: usize,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} proven, {} partly, {} missing", self.proven, self.partly, self.missing)
    }
}

/// Checks that the page parses, and that nothing counts as proven without saying by what.
pub fn check(tree: &Tree, findings: &mut Vec<Finding>) -> Status {
    let mut status = Status::default();
    let Some(text) = tree.text(PATH) else {
        findings.push(Finding::new(PATH, 0, "the page is missing", "write one row per promise"));
        return status;
    };
    let mut in_table = false;
    for (index, line) in text.lines().enumerate() {
        if line == HEADER {
            in_table = true;
            continue;
        }
        if !line.starts_with('|') {
            in_table = false;
            continue;
        }
        if !in_table || line.starts_with("|-") {
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let mut report =
            |what: String, remedy: &str| findings.push(Finding::new(PATH, index + 1, what, remedy));
        let [promise, shown_by, state] = cells[..] else {
            report(format!("{} cells", cells.len()), "a row is: promise | shown by | state");
            continue;
        };
        match state {
            "proven" => status.proven += 1,
            "partly" => status.partly += 1,
            "missing" => status.missing += 1,
            other => report(format!("the state {other:?}"), "use proven, partly or missing"),
        }
        if promise.is_empty() {
            report("a row without a promise".to_owned(), "say what is promised");
        }
        if state != "missing" && shown_by.is_empty() {
            report(format!("{state}, but by nothing"), "name the test or the command that shows it");
        }
    }
    if status == Status::default() {
        let remedy = format!("write tables that begin with `{HEADER}`");
        findings.push(Finding::new(PATH, 1, "no promises found", remedy));
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        for (rows, counts, wrong) in [
            ("| a | `b` | proven |\n| c |  | missing |", (1, 0, 1), 0),
            ("| a |  | proven |", (1, 0, 0), 1),
            ("| a | b | done |", (0, 0, 0), 2),
            ("| a | partly |", (0, 0, 0), 2),
        ] {
            let mut findings = Vec::new();
            let text = format!("# Status\n\n{HEADER}\n|---|---|---|\n{rows}\n");
            let status = check(&Tree::of(&[(PATH, &text)]), &mut findings);
            assert_eq!((status.proven, status.partly, status.missing), counts, "{rows}");
            assert_eq!(findings.len(), wrong, "{rows}: {findings:?}");
        }
    }
}
