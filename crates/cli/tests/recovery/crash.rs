//! `kill -9` at many moments.
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::harness::{Node, until};
use crate::restore::{BIG, load_big};
use crate::writers::Known;

/// After how many acknowledged writes the node is killed, life after life.
const LIVES: [usize; 8] = [1, 300, 2, 40, 5, 150, 10, 80];

/// Nothing acknowledged is lost, nothing half of a transaction is there, and no plain read is older than that.
fn check(arguments: &[&str]) {
    let dir = TempDir::new().expect("a directory");
    // Rows and positions are flushed to `state/` at other moments than the log is written.
    let arguments = [arguments, &["--flush-interval-ms", "100ms"]].concat();
    let node = Node::start(dir.path(), &arguments);
    node.create_table("t", "string", "json", 3);
    let (mut known, mut node) = (Known::new(), Some(node));
    for enough in LIVES {
        let mut living = node.take().unwrap_or_else(|| Node::start(dir.path(), &arguments));
        known.check(&living);
        known.write(&living, enough);
        living.wait();
    }
    let node = Node::start(dir.path(), &arguments);
    known.check(&node);
    let (dump, pages) = (node.dump("t"), node.pages("t", 50));
    node.kill();

    std::fs::remove_dir_all(dir.path().join("state")).expect("removed");
    let node = Node::ready(dir.path(), &arguments);
    assert_eq!(node.dump("t"), dump);
    assert_eq!(node.pages("t", 50), pages);
}

#[test]
fn with_fsync_always() {
    check(&["--fsync", "always"]);
}

#[test]
fn with_fsync_at_intervals() {
    check(&["--fsync", "interval", "--fsync-interval-ms", "50ms"]);
}

#[test]
fn without_fsync() {
    check(&["--fsync", "never"]);
}

/// A node that is killed again and again before it has come up comes up all the same.
#[test]
fn while_it_starts() {
    let dir = TempDir::new().expect("a directory");
    let node = Node::start(dir.path(), &[]);
    node.create_table("t", "string", "json", 2);
    for number in 0..200 {
        node.put_row("t", &format!("k{number}"), &number.to_string());
    }
    let pages = node.pages("t", 100);
    node.kill();
    let started = Instant::now();
    Node::ready(dir.path(), &[]).kill();
    let whole = started.elapsed();
    for tenth in 0..12 {
        let node = Node::spawn(dir.path(), &[]);
        std::thread::sleep(whole * tenth / 10);
        node.kill();
    }
    let node = Node::ready(dir.path(), &[]);
    assert_eq!(node.pages("t", 100), pages);
    node.kill();
    // And one that is killed while it stops.
    for part in [0, 1, 5, 20] {
        let node = Node::ready(dir.path(), &[]);
        node.put_row("t", "stopped", &part.to_string());
        node.signal("TERM");
        std::thread::sleep(Duration::from_millis(part));
        node.kill();
        let node = Node::ready(dir.path(), &[]);
        assert_eq!(node.row("t", "stopped"), Some(part.to_string()));
    }
}

/// What an attempt has ingested before it was killed is no part of the rows until the next one has come to its end.
#[test]
fn while_it_restores() {
    let dir = TempDir::new().expect("a directory");
    let node = Node::start(dir.path(), &["--fsync", "never"]);
    load_big(&node, 120_000);
    let dump = node.dump("big");
    node.kill();
    std::fs::remove_dir_all(dir.path().join("state")).expect("removed");
    for share in [0.01, 0.5, 0.9] {
        let node = Node::start(dir.path(), &BIG);
        until("the share", || {
            let partitions = node.describe("big")["partitions"].as_array().expect("partitions").clone();
            let done = |p: &serde_json::Value| p["done"].as_f64().unwrap_or(1.0);
            (partitions.iter().map(done).sum::<f64>() / partitions.len() as f64 >= share).then_some(())
        });
        node.kill();
    }
    let node = Node::ready(dir.path(), &BIG);
    assert!(node.dump("big") == dump, "the same rows");
}
