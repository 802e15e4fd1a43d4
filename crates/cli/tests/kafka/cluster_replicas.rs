//! How many copies there are of each shard is changed while the nodes run.
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::harness::{Node, until};
use crate::nodes::{Cluster, array};

/// Where each node says that the shards are: how many copies beside the owner, and the generations of the nodes.
fn copies(node: &Node) -> (BTreeSet<usize>, Vec<i64>) {
    let cluster = node.get("/v1/cluster").send().expect(200).json();
    let of = |shard: &Value| {
        let nodes = array(&shard["nodes"]).iter();
        nodes.filter(|held| held["role"] == "standby" && held["ready"] == true).count()
    };
    let generations = array(&cluster["nodes"]).iter().filter_map(|node| node["generation"].as_i64());
    (array(&cluster["shards"]).iter().map(of).collect(), generations.collect())
}

/// Waits until every node sees so many copies of each shard, and says so.
fn seen_by_all(cluster: &Cluster, wanted: usize) {
    for node in cluster.nodes.values() {
        until("the copies", || (copies(node).0 == BTreeSet::from([wanted])).then_some(()));
        let told = node.get("/v1/cluster").send().json();
        assert_eq!(
            (&told["num_standby_replicas"], array(&told["nodes"]).len()),
            (&json!(wanted), 3),
            "{told}"
        );
    }
}

#[test]
fn copies_come_and_go_without_a_rebalance() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    cluster.settings = vec!["--num-standby-replicas", "0"];
    cluster.start("a");
    let mut rows = cluster.fill();
    cluster.start("b");
    cluster.start("c");
    cluster.settle();
    seen_by_all(&cluster, 0);
    let (_, generations) = copies(cluster.node("a"));

    for (wanted, through) in [(1, "b"), (2, "c"), (0, "a")] {
        let change = json!({ "num_standby_replicas": wanted });
        if through == "c" {
            let number = wanted.to_string();
            let said = cluster.node("c").run(&["cluster", "alter", "--num-standby-replicas", &number]);
            assert!(said.status.success(), "{said:?}");
            let told: Value = serde_json::from_slice(&said.stdout).expect("JSON");
            assert_eq!(told["num_standby_replicas"], wanted, "{told}");
        } else {
            let told = cluster.node(through).request("PATCH", "/v1/cluster").json(&change).send().expect(200);
            assert_eq!(told.json()["num_standby_replicas"], wanted, "{told:?}");
        }
        seen_by_all(&cluster, wanted);
        // No shard has moved, and everybody answers.
        assert_eq!(copies(cluster.node("a")).1, generations, "{wanted} copies");
        let key = format!("key-{wanted:04}");
        cluster.node("b").put_row("t", &key, "-1");
        rows.insert(key, "-1".to_owned());
        cluster.check(&rows);
    }

    let node = cluster.node("a");
    for (change, code) in [(json!({ "num_standby_replicas": 17 }), "bad_request"), (json!({}), "bad_request")]
    {
        node.request("PATCH", "/v1/cluster").json(&change).send().expect_error(400, code);
    }
    // A restart keeps it, whatever is configured.
    let change = json!({ "num_standby_replicas": 2 });
    node.request("PATCH", "/v1/cluster").json(&change).send().expect(200);
    seen_by_all(&cluster, 2);
    assert!(cluster.nodes.remove("c").expect("it runs").stop().success());
    cluster.start("c");
    cluster.settle();
    seen_by_all(&cluster, 2);
    let drawn = cluster.node("c").run(&["status", "--json"]);
    let drawn: Value = serde_json::from_slice(&drawn.stdout).expect("JSON");
    assert_eq!(drawn["cluster"]["num_standby_replicas"], 2, "{drawn}");
}
