//! Each page of `docs/sql` on a node of its own, and what the README shows of SQL.
use super::harness::Node;
use super::repository;
use super::session::Session;

/// Runs a page with at least so many examples.
fn run(name: &str, least: usize) {
    let page = std::fs::read_to_string(repository().join("docs/sql").join(name)).unwrap();
    run_text(name, &page, least);
}

fn run_text(name: &str, page: &str, least: usize) {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(&dir.path().join("data"), &[]);
    let count = Session::new(&node, dir.path()).run(page);
    assert!(count >= least, "{name} has {count} examples");
}

#[test]
fn readme() {
    run("README.md", 6);
}

#[test]
fn statements() {
    run("statements.md", 25);
}

#[test]
fn queries() {
    run("queries.md", 18);
}

#[test]
fn types() {
    run("types.md", 6);
}

#[test]
fn rest() {
    run("rest.md", 22);
}

#[test]
fn shell() {
    run("shell.md", 4);
}

/// The first steps of a newcomer.
#[test]
fn first_steps() {
    let page = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let (_, section) = page.split_once("\n## SQL\n").unwrap();
    run_text("README.md", section.split("\n## ").next().unwrap(), 3);
}
