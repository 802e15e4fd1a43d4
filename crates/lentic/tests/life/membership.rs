//! Places in the group, on Kafka.
#![allow(clippy::print_stderr, reason = "a test that was not run says so")]
use std::path::Path;
use std::sync::Barrier;

use lentic::config::Config;
use lentic::{Node, NodeError, Role};
use lentic_log_kafka::KafkaOptions;
use lentic_log_kafka::membership::members;

use super::{close, config, open, until};

/// A configuration on the broker that runs for the tests; `None` after saying that nothing is tested.
fn on_kafka(dir: &Path, service: &str) -> Option<Config> {
    let Some(brokers) = std::env::var("LENTIC_TEST_KAFKA").ok().filter(|brokers| !brokers.is_empty()) else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "`make test` sets LENTIC_TEST_KAFKA");
        eprintln!("NOT RUN: start a broker with `make kafka-up` and set LENTIC_TEST_KAFKA=127.0.0.1:19092");
        return None;
    };
    let id = dir.file_name().expect("a name").to_string_lossy().replace('.', "");
    Some(Config { brokers: vec![brokers], service_id: format!("{service}-{id}"), ..config(dir) })
}

/// Nodes that start at the same time share the shards, each for itself.
#[test]
fn two_that_start_together() {
    let dir = tempfile::tempdir().unwrap();
    let Some(config) = on_kafka(dir.path(), "together") else { return };
    let start = Barrier::new(2);
    let open_as = |id: &str| {
        start.wait();
        let data_dir = dir.path().join(id);
        open(Config { node_id: Some(id.to_owned()), data_dir, ..config.clone() })
    };
    let nodes = std::thread::scope(|scope| {
        [scope.spawn(|| open_as("a")), scope.spawn(|| open_as("b"))].map(|node| node.join().unwrap())
    });
    for node in &nodes {
        until("both to have shards", || {
            let members = node.members();
            let own = |member: &lentic::Member| {
                member.shards.iter().filter(|shard| shard.role == Role::Active).count() as u32
            };
            let shares: Vec<_> = members.iter().map(own).collect();
            (shares.len() == 2 && !shares.contains(&0) && shares.iter().sum::<u32>() == config.shards)
                .then_some(())
        });
    }
    for node in nodes {
        assert_eq!(node.failure(), None);
        close(node);
    }
}

/// A copy of a data directory takes the node's place: the first process must stop.
#[test]
fn a_copied_node_id() {
    let dir = tempfile::tempdir().unwrap();
    let Some(config) = on_kafka(dir.path(), "copied") else { return };
    let config = Config { node_id: Some("one".to_owned()), ..config };
    let first = open(config.clone());
    let options = KafkaOptions::new(config.brokers.join(","));
    let joined = || members(&options, &config.service_id).ok().filter(|members| !members.is_empty());
    until("the first to join", joined);
    let second = open(Config { data_dir: dir.path().join("copy"), ..config.clone() });
    let reason = until("the first to notice", || first.failure());
    assert!(reason.contains("runs as the node one"), "{reason}");
    close(first);
    assert_eq!(second.failure(), None);
    close(second);
}

#[test]
fn the_number_of_shards_is_fixed() {
    let dir = tempfile::tempdir().unwrap();
    let Some(config) = on_kafka(dir.path(), "shards") else { return };
    close(open(config.clone()));
    let other = Config { shards: config.shards + 1, data_dir: dir.path().join("other"), ..config };
    let Err(NodeError::Config(text)) = Node::open(other) else { panic!("it opened") };
    assert!(text.contains("-shards was made with 4"), "{text}");
}
