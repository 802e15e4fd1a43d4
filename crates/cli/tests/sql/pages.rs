//! Each page of `docs/sql` on a node of its own.
use super::harness::Node;
use super::repository;
use super::session::Session;

/// Runs a page with at least so many examples.
fn run(name: &str, least: usize) {
    let page = std::fs::read_to_string(repository().join("docs/sql").join(name)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(&dir.path().join("data"), &[]);
    let count = Session::new(&node, dir.path()).run(&page);
    assert!(count >= least, "{name} has {count} examples");
}

#[test]
fn readme() {
    run("README.md", 1);
}

#[test]
fn statements() {
    run("statements.md", 1);
}

#[test]
fn queries() {
    run("queries.md", 1);
}

#[test]
fn types() {
    run("types.md", 1);
}

#[test]
fn rest() {
    run("rest.md", 1);
}

#[test]
fn shell() {
    run("shell.md", 1);
}
