//! The rules of the repository, one module per kind of file that they read.
mod errors;
mod finding;
mod links;
mod manifest;
mod reachable;
mod source;
mod status;
mod text;
mod tree;

use std::fmt;
use std::path::Path;

use anyhow::Result;

use finding::Finding;
use status::Status;
use tree::Tree;

/// How many of the longest files the report lists.
const LONGEST: usize = 5;

/// What the check found.
#[derive(Debug)]
pub struct Report {
    findings: Vec<Finding>,
    longest: Vec<(usize, String)>,
    files: usize,
    status: Status,
}

impl Report {
    /// Whether every rule holds.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        let longest: Vec<String> =
            self.longest.iter().map(|(lines, path)| format!("{path} {lines}")).collect();
        writeln!(f, "longest files: {}", longest.join(", "))?;
        writeln!(f, "docs/status.md: {}", self.status)?;
        match self.findings.len() {
            0 => writeln!(f, "tidy: {} files, every rule holds", self.files),
            n => writeln!(f, "tidy: {} files, {n} to put right", self.files),
        }
    }
}

/// Reads the repository at `root` and checks every rule. An error means that it could not be read.
pub fn check(root: &Path) -> Result<Report> {
    let tree = Tree::read(root)?;
    let mut findings = Vec::new();
    manifest::check(&tree, &mut findings)?;
    source::check(&tree, &mut findings);
    reachable::check(&tree, &mut findings);
    text::check(&tree, &mut findings);
    links::check(&tree, &mut findings);
    errors::check(&tree, &mut findings);
    let status = status::check(&tree, &mut findings);
    findings.sort();
    Ok(Report { findings, longest: source::longest(&tree, LONGEST), files: tree.files().count(), status })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_keeps_its_rules() {
        let report = super::check(crate::root()).unwrap();
        assert!(report.is_clean(), "\n{report}");
    }
}
