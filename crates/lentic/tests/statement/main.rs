//! Queries that come by statements, in a node on the embedded log, and on three on a real Kafka.
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test that was not run says so, another what it measured"
)]
mod cluster;
mod failing;
mod many;
mod order;
mod script;
mod store;
mod topic;
mod transient;

use std::time::{Duration, Instant};

use lentic::config::Config;
use lentic::types::{Offset, Timestamp, TopicName};
use lentic::{NewRecord, Node, QueryState};

use script::Script;

const PATIENCE: Duration = Duration::from_secs(30);

fn config(dir: &tempfile::TempDir) -> Config {
    Config { data_dir: dir.path().to_owned(), ..Config::default() }
}

/// A node whose program understands a [`Script`].
fn open(dir: &tempfile::TempDir) -> Node {
    Node::open_with(config(dir), Script::shared()).expect("a node")
}

/// Executes a statement, and waits for the query that it is about.
fn execute(node: &Node, text: &str) -> Offset {
    node.execute_sql(|_| Ok::<_, String>(script::statement(text))).expect("it is executed")
}

fn run(node: &Node, text: &str) {
    execute(node, text);
    let query = text.split(' ').nth(1).expect("a query's name");
    assert!(node.wait_query(query, PATIENCE), "{text}: {:?}", node.query_status(query));
}

fn topic(name: &str) -> TopicName {
    TopicName::new(name).expect("a topic's name")
}

/// Writes a line.
fn write(node: &Node, topic_name: &str, key: &str, value: &str) {
    let record = NewRecord {
        topic: topic(topic_name),
        partition: None,
        key: Some(key.to_owned().into()),
        value: Some(value.to_owned().into()),
        timestamp: Timestamp(1_000),
        headers: Vec::new(),
    };
    node.topics().produce(record, PATIENCE).expect("it is written");
}

/// How often a query has counted a key.
fn count(node: &Node, query: &str, key: &str) -> Option<i64> {
    let table = node.store(query, "counts").expect("the store is there");
    let table = lentic::Table::<String, i64>::of(table, PATIENCE).expect("a table of counts");
    table.get(key).expect("a read")
}

fn state(node: &Node, query: &str) -> Option<QueryState> {
    node.query_status(query).map(|status| status.state)
}

#[track_caller]
fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn close(node: Node) {
    node.close(PATIENCE).expect("a close");
}
