//! What becomes of rows in memory and on disk, with a changelog and without, when the node starts again.
use lentic::Node;
use lentic::config::ProcessingGuarantee;
use lentic::topology::{Materialized, Topology};

use super::{PATIENCE, config, eventually, served, strings, write};

const STORES: [&str; 4] = ["disk-logged", "disk-unlogged", "memory-logged", "memory-unlogged"];

/// Counts lines by key in a store of each kind, and tells each count.
fn counted_four_times() -> Topology {
    let topology = Topology::new("kept");
    let lines = topology.stream::<String, String>("lines");
    for name in STORES {
        let store = Materialized::named(name);
        let store = if name.starts_with("memory") { store.in_memory() } else { store };
        let store = if name.ends_with("unlogged") { store.without_changelog() } else { store };
        lines.group_by_key().count(store).to_stream().map_values(i64::to_string).to(&format!("{name}-told"));
    }
    topology
}

/// Does something while a node runs the query.
fn run(dir: &tempfile::TempDir, then: impl FnOnce(&Node)) {
    let node = Node::open(config(dir, ProcessingGuarantee::ExactlyOnce)).expect("a node");
    let query = node.run(&counted_four_times()).expect("the query runs");
    assert!(query.wait_running(PATIENCE), "{:?}", query.tasks());
    then(&node);
    node.close(PATIENCE).expect("a close");
}

/// Writes a line and waits until each store has told its count.
#[track_caller]
fn counts(node: &Node, line: &str, expected: [&str; 4]) {
    write(node, "key", line);
    let told = STORES.map(|name| strings(node, &format!("{name}-told")));
    let counts = || told.each_ref().map(|table| table.get("key").expect("a read").unwrap_or_default());
    eventually(&format!("{line}: {STORES:?} count {expected:?}"), || counts() == expected);
}

/// Logged rows come back. Those of an unlogged store come back as far as the disk has them, and begin anew where it has none.
#[test]
fn rows_come_back_as_far_as_they_are_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    run(&dir, |node| {
        counts(node, "first", ["1", "1", "1", "1"]);
        counts(node, "second", ["2", "2", "2", "2"]);
    });
    run(&dir, |node| {
        assert_eq!(served(node, "memory-logged", "key"), Some(2), "rebuilt before anything is written");
        assert!(node.table("memory-unlogged").is_none(), "it has no topic that could be served");
        counts(node, "restarted", ["3", "3", "3", "1"]);
    });
    std::fs::remove_dir_all(dir.path().join("state")).expect("the state goes");
    run(&dir, |node| {
        assert_eq!(served(node, "memory-logged", "key"), Some(3));
        assert_eq!(served(node, "disk-logged", "key"), Some(3));
        counts(node, "without state", ["4", "1", "4", "1"]);
        counts(node, "and on", ["5", "2", "5", "2"]);
    });
}
