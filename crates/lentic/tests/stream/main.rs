//! Queries in a node on the embedded log.
mod kept;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use lentic::config::{Config, ErrorHandling, ProcessingGuarantee};
use lentic::topology::{Consumed, TimeWindows, Topology};
use lentic::types::TableName;
use lentic::{Node, Query, Scan};

const PATIENCE: Duration = Duration::from_secs(30);

fn config(dir: &tempfile::TempDir, processing_guarantee: ProcessingGuarantee) -> Config {
    Config { data_dir: dir.path().to_owned(), processing_guarantee, ..Config::default() }
}

fn words() -> Topology {
    let topology = Topology::new("words");
    topology
        .stream::<String, String>("lines")
        .flat_map_values(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>())
        .group_by(|_, word| word.clone())
        .count("counts");
    topology
}

fn run(node: &Node) -> Query {
    let query = node.run(&words()).expect("the query runs");
    assert!(query.wait_running(PATIENCE), "{:?}", query.tasks());
    query
}

/// A table of strings over the topic of its name.
fn strings(node: &Node, name: &str) -> lentic::Table<String, String> {
    let table = node.table(name).unwrap_or_else(|| {
        let spec = format!(r#"{{"name":"{name}","topic":"{name}","key":"string","value":"string"}}"#);
        let spec = serde_json::from_str(&spec);
        node.create_table(spec.expect("a declaration")).expect("a table").0
    });
    lentic::Table::of(table, PATIENCE).expect("a table of strings")
}

/// Writes to a topic by way of a table over it.
fn write(node: &Node, key: &str, value: &str) {
    let table = strings(node, "lines");
    table.put(&key.to_owned(), &value.to_owned()).expect("a write");
}

fn count(node: &Node, word: &str) -> Option<i64> {
    served(node, "counts", word)
}

/// A count, from the table that a query serves.
fn served(node: &Node, name: &str, key: &str) -> Option<i64> {
    let table = node.table(name).expect("it is served");
    let table = lentic::Table::<String, i64>::of(table, PATIENCE).expect("a table of counts");
    table.get(key).expect("a read")
}

fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn words_are_counted_and_counted_on() {
    counted_and_counted_on(ProcessingGuarantee::ExactlyOnce);
}

#[test]
fn words_are_counted_at_least_once() {
    counted_and_counted_on(ProcessingGuarantee::AtLeastOnce);
}

fn counted_and_counted_on(guarantee: ProcessingGuarantee) {
    let dir = tempfile::tempdir().expect("a directory");
    let node = Node::open(config(&dir, guarantee)).expect("a node");
    run(&node);
    write(&node, "1", "a b a");
    write(&node, "2", "b c");
    eventually("the words are counted", || count(&node, "c") == Some(1) && count(&node, "b") == Some(2));
    assert_eq!(count(&node, "a"), Some(2));
    assert!(node.tables().iter().any(|table| table.spec().name == TableName::new("counts").expect("a name")));
    node.close(PATIENCE).expect("a close");
    drop(node);
    let node = Node::open(config(&dir, guarantee)).expect("the node again");
    run(&node);
    assert_eq!(count(&node, "a"), Some(2));
    write(&node, "3", "a");
    eventually("they are counted on", || count(&node, "a") == Some(3));
    node.close(PATIENCE).expect("a close");
}

/// A result whose topic does not exist is left out and becomes a dead letter; the results beside it are committed.
#[test]
fn a_result_without_a_topic_is_a_dead_letter() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = Config {
        production_errors: ErrorHandling::Continue,
        dead_letter_topic: Some("dead".to_owned()),
        ..config(&dir, ProcessingGuarantee::ExactlyOnce)
    };
    let node = Node::open(config).expect("a node");
    let topology = Topology::new("routed");
    let lines = topology.stream::<String, String>("lines");
    lines.to_topic_by(|_, line| format!("of-{line}"));
    lines.group_by(|_, line| line.clone()).count("counts");
    let query = node.run(&topology).expect("the query runs");
    assert!(query.wait_running(PATIENCE), "{:?}", query.tasks());
    write(&node, "1", "nobody");
    eventually("the line is counted", || count(&node, "nobody") == Some(1));
    assert_eq!(query.skipped(), 1);
    let dead = strings(&node, "dead");
    let letter = || dead.get(&"1".to_owned()).expect("a read");
    eventually("the line is a dead letter", || letter().as_deref() == Some("nobody"));
    node.close(PATIENCE).expect("a close");
}

/// What the retention of windows hides is hidden while the task that writes them goes on, and not only from its own reads.
#[test]
fn old_windows_are_not_served() {
    let topology = Topology::new("clicks");
    let windows = TimeWindows::tumbling(Duration::from_millis(10));
    topology
        .stream_with::<String, String>(
            &["lines"],
            Consumed::new().timestamp_of(|text: &String| text.parse().unwrap_or(-1)),
        )
        .group_by_key()
        .windowed_by(windows)
        .count("clicks");
    let dir = tempfile::tempdir().expect("a directory");
    let node = Node::open(config(&dir, ProcessingGuarantee::ExactlyOnce)).expect("a node");
    let query = node.run(&topology).expect("the query runs");
    assert!(query.wait_running(PATIENCE), "{:?}", query.tasks());
    let table = node.table("clicks").expect("the windows are served");
    let count = || table.count(&Scan::default()).expect("a count").0;
    write(&node, "a", "5");
    eventually("a window is there", || count() == 1);
    write(&node, "a", "15");
    eventually("another is, and the first is too old", || {
        let mut starts = Vec::new();
        let seen = table.scan(&Scan::default(), &mut |row| {
            starts.push(i64::from_be_bytes(*row.key[1..].first_chunk().expect("a window")));
            ControlFlow::Continue(())
        });
        seen.expect("a scan");
        starts == [10]
    });
    node.close(PATIENCE).expect("a close");
}

/// A program that has changed so that state would be lost is refused, with the difference.
#[test]
fn a_lossy_change_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = Node::open(config(&dir, ProcessingGuarantee::ExactlyOnce)).expect("a node");
    run(&node);
    node.stop_query("words").expect("it stops");
    let changed = Topology::new("words");
    changed.stream::<String, String>("lines").group_by_key().count("lines-by-key");
    let refused = node.run(&changed).expect_err("the counts would be lost").to_string();
    assert!(refused.contains("the store counts is gone") && refused.contains("takes_over"), "{refused}");
    node.close(PATIENCE).expect("a close");
}
