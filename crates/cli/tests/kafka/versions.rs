//! Releases side by side: statements that a node does not know, and nodes that do not know a statement.
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::client::{Kafka, Producer};
use crate::harness::{Answer, Node, unique, until};
use crate::nodes::Cluster;

/// What a newer release may write: nothing of it is known but its version.
const NEWER: &str = r#"{"version":4,"plan":{"scan":"t"}}"#;

fn produce(producer: &Producer, topic: &str, key: Option<&str>, value: Option<&str>) {
    producer.send_to(topic, 0, key, value);
    producer.flush();
}

fn declare(node: &Node, name: &str) -> Answer {
    let spec =
        json!({"name": name, "topic": unique(name), "key": "string", "value": "json", "partitions": 1});
    node.request("POST", "/v1/tables").json(&spec).send()
}

/// Nodes that run stop and say why; one that starts says so and has not joined.
#[test]
fn a_newer_statement_ends_older_programs() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    cluster.start("a");
    cluster.start("b");
    let rows = cluster.fill();
    cluster.settle();
    cluster.check(&rows);
    let (statements, nodes) =
        (format!("{}-statements", cluster.service), format!("{}-nodes", cluster.service));
    produce(&kafka.producer(&[]), &statements, None, Some(NEWER));
    let says_so = |node: &Node| {
        let log = node.log();
        for part in ["is of version 4", "knows up to 3", "start the newer release"] {
            assert!(log.contains(part), "{part}: {log}");
        }
    };
    for (name, mut node) in std::mem::take(&mut cluster.nodes) {
        assert_eq!(node.wait().code(), Some(1), "{name}: {}", node.log());
        says_so(&node);
    }
    let mut late = cluster.spawn("c", &[]);
    assert_eq!(late.wait().code(), Some(1), "{}", late.log());
    says_so(&late);
    assert!(!late.log().contains("the group gave shards"), "{}", late.log());
    let told = kafka.committed(&nodes);
    assert!(!told.contains_key("c"), "{told:?}");
    // They have left, too: a newer program finds no trace of them.
    for name in ["a", "b"] {
        assert_eq!(told[name].last(), Some(&None), "{name}");
    }
}

/// What a node tells of itself, of a release that knows no statements of the present version.
fn older() -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
    json!({"start": "1", "started_at": now, "endpoint": "", "peer": "", "generation": 0, "statements": 0, "shards": {}})
}

#[test]
fn what_a_present_node_cannot_run_is_refused() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    cluster.start("a");
    cluster.start("b");
    let rows = cluster.fill();
    cluster.settle();
    let (producer, nodes) = (kafka.producer(&[]), format!("{}-nodes", cluster.service));
    let is_known = |name: &str| {
        let told = cluster.node("b").get("/v1/cluster").send().expect(200).json();
        told["nodes"].as_array().is_some_and(|nodes| nodes.iter().any(|node| node["node"] == name))
    };
    produce(&producer, &nodes, Some("old"), Some(&older().to_string()));
    until("the older node to be known", || is_known("old").then_some(()));
    for refused in [
        declare(cluster.node("a"), "u"),
        declare(cluster.node("b"), "u"),
        cluster.node("a").request("PATCH", "/v1/tables/t").json(&json!({"read_only": true})).send(),
        cluster.node("b").delete("/v1/tables/t").send(),
    ] {
        let refused = refused.expect_error(409, "older_node");
        assert!(refused.text().contains("the node old knows statements up to version 0"), "{refused:?}");
    }
    // What is declared goes on.
    cluster.check(&rows);
    cluster.node("b").put_row("t", "key-0001", "1");
    // It leaves.
    produce(&producer, &nodes, Some("old"), None);
    until("the older node to be gone", || (!is_known("old")).then_some(()));
    declare(cluster.node("a"), "u").expect(201);
    // Another one dies without a word.
    produce(&producer, &nodes, Some("dead"), Some(&older().to_string()));
    let died = Instant::now();
    until("the older node to be known", || is_known("dead").then_some(()));
    declare(cluster.node("b"), "v").expect_error(409, "older_node");
    until("the dead node not to count", || {
        let answer = declare(cluster.node("b"), "v");
        if answer.status != 201 {
            let _older_node = answer.expect_error(409, "older_node");
            return None;
        }
        Some(())
    });
    assert!(died.elapsed() > Duration::from_secs(5), "{:?}", died.elapsed());
}
