//! Each page of `docs/sql` on a node of its own, and what the README shows of SQL.
use super::harness::Node;
use super::repository;
use super::session::Session;

/// Runs a page with at least so many examples.
fn run(name: &str, least: usize) {
    let page = std::fs::read_to_string(repository().join("docs/sql").join(name)).unwrap();
    run_text(name, &page, least, &[]);
}

fn run_text(name: &str, page: &str, least: usize, arguments: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(&dir.path().join("data"), arguments);
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
    let page = std::fs::read_to_string(repository().join("docs/sql/queries.md")).unwrap();
    let is_logged = ["topic.auto.create", "stream.auto.create", "rows.include"]
        .map(|what| format!("ksql.logging.processing.{what}=true"));
    let settings: Vec<&str> = is_logged.iter().flat_map(|setting| ["--ksql", setting]).collect();
    run_text("queries.md", &page, 20, &settings);
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
    run_text("README.md", section.split("\n## ").next().unwrap(), 3, &[]);
}
