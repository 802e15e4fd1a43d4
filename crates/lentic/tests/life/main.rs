//! A node's life in one process, without HTTP: opened, closed, opened again, with tables that come and go.
mod choice;
mod close;
mod drop;
mod membership;
mod memory;
mod state;

use std::path::Path;
use std::time::{Duration, Instant};

use lentic::config::Config;
use lentic::types::{FormatName, TableName, TableSpec, TopicName};
use lentic::{Node, Scope};

const PATIENCE: Duration = Duration::from_secs(20);

/// A configuration that leaves nothing to the machine.
fn config(dir: &Path) -> Config {
    Config {
        data_dir: dir.join("data"),
        shards: 4,
        restore_threads: 1,
        ends_refresh_ms: 20,
        ..Config::default()
    }
}

fn open(config: Config) -> Node {
    Node::open(config).expect("a node")
}

/// Takes the last handle: as long as there is one, the directory is in use.
fn close(node: Node) {
    node.close(PATIENCE).expect("closed");
}

fn spec(name: &str, topic: &str, partitions: u32) -> TableSpec {
    TableSpec {
        name: TableName::new(name).expect("a name"),
        topic: TopicName::new(topic).expect("a name"),
        key: FormatName::String,
        value: FormatName::Int,
        partitions: Some(partitions),
        partitioner: None,
        read_only: false,
        window: None,
        history_ms: None,
    }
}

/// Declares a table and waits until it can be read.
fn declare(node: &Node, name: &str, topic: &str, partitions: u32) -> lentic::Table<String, i32> {
    let (raw, _) = node.create_table(spec(name, topic, partitions)).expect("declared");
    raw.wait(&Scope::All, &lentic::Demand::default(), PATIENCE).expect("ready");
    lentic::Table::of(raw, PATIENCE).expect("types")
}

/// All rows in key order.
fn rows(table: &lentic::Table<String, i32>) -> Vec<(String, i32)> {
    table.range(..).expect("rows")
}

#[track_caller]
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not in time");
        std::thread::sleep(Duration::from_millis(5));
    }
}
