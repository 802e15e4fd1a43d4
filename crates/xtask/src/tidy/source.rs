//! Rust files: their length, unfinished places, and what a crate's `lib.rs` must say.
use super::finding::Finding;
use super::tree::Tree;

/// No Rust file is longer.
const MAX_LINES: usize = 1_000;

/// The crates that switch the bans of clippy.toml on.
const PURE: [&str; 9] =
    ["types", "format", "store", "topology", "engine", "cluster", "sql-syntax", "sql", "ksql-api"];

/// Checks every Rust file.
pub fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (path, text) in tree.ending(&[".rs"]) {
        let lines = text.lines().count();
        if lines > MAX_LINES {
            let what = format!("{lines} lines, the limit is {MAX_LINES}");
            findings.push(Finding::new(path, MAX_LINES, what, "split it by nouns"));
        }
        unfinished(path, text, findings);
        if path.starts_with("crates/") && path.ends_with("/src/lib.rs") {
            library(path, text, findings);
        }
    }
}

/// The longest Rust files, longest first.
pub fn longest(tree: &Tree, count: usize) -> Vec<(usize, String)> {
    let mut files: Vec<(usize, String)> =
        tree.ending(&[".rs"]).map(|(path, text)| (text.lines().count(), path.to_owned())).collect();
    files.sort_by(|a, b| b.cmp(a));
    files.truncate(count);
    files
}

fn unfinished(path: &str, text: &str, findings: &mut Vec<Finding>) {
    // Written in two parts, so that this file does not find itself.
    for mark in
        [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME"), concat!("XX", "X:")]
    {
        for (index, _) in text.lines().enumerate().filter(|(_, line)| line.contains(mark)) {
            let what = format!("{} left in the code", mark.trim_end_matches(['(', ':']));
            findings.push(Finding::new(path, index + 1, what, "finish it, or return an error that says so"));
        }
    }
}

/// A crate's front page has docs, and a pure crate bans clocks, randomness, the environment and threads.
fn library(path: &str, text: &str, findings: &mut Vec<Finding>) {
    if !text.lines().any(|line| line.starts_with("//! ")) {
        findings.push(Finding::new(
            path,
            1,
            "no crate documentation",
            "say with `//!` what the crate is, and is not",
        ));
    }
    let folder = path.trim_start_matches("crates/").trim_end_matches("/src/lib.rs");
    let bans = ["clippy::disallowed_methods", "clippy::disallowed_types"];
    let switched_on = |lint: &&str| {
        text.lines().any(|line| {
            line.contains(*lint) && ["#![warn(", "#![deny("].iter().any(|start| line.starts_with(start))
        })
    };
    if PURE.contains(&folder) && !bans.iter().all(switched_on) {
        let remedy = "write `#![warn(clippy::disallowed_methods, clippy::disallowed_types)]`";
        findings.push(Finding::new(path, 1, "a pure crate without the bans of clippy.toml", remedy));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let mut findings = Vec::new();
        check(&Tree::of(&[(path, text)]), &mut findings);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_of_a_thousand_lines_is_the_longest() {
        assert_eq!(findings("crates/a/src/b.rs", &"\n".repeat(1_000)), [""; 0]);
        assert_eq!(findings("crates/a/src/b.rs", &"\n".repeat(1_001)).len(), 1);
    }

    #[test]
    fn unfinished_places_are_found() {
        let text = format!("fn a() {{\n    {}\"later\")\n}}\n", concat!("to", "do!("));
        let found = findings("crates/a/src/b.rs", &text);
        assert!(found[0].starts_with("crates/a/src/b.rs:2: "), "{found:?}");
    }

    #[test]
    fn pure_crates_say_so() {
        let bans = "//! The core.\n#![warn(clippy::disallowed_methods, clippy::disallowed_types)]\n";
        assert_eq!(findings("crates/engine/src/lib.rs", bans), [""; 0]);
        assert_eq!(findings("crates/engine/src/lib.rs", "//! The core.\n").len(), 1);
        assert_eq!(findings("crates/server/src/lib.rs", "//! The edge.\n"), [""; 0]);
        assert_eq!(findings("crates/server/src/lib.rs", "mod a;\n").len(), 1);
    }
}
