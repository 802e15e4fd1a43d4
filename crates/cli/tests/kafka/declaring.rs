//! Declarations are no business of the group's.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::nodes::{Cluster, array};

/// By node: the group's generation, and its shards.
fn placed(cluster: &Cluster) -> BTreeMap<String, (i64, BTreeSet<u64>)> {
    let described = cluster.node("a").get("/v1/cluster").send().expect(200).json();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut placed: BTreeMap<_, _> = array(&described["nodes"])
        .iter()
        .map(|node| (text(&node["node"]), (node["generation"].as_i64().expect("a number"), BTreeSet::new())))
        .collect();
    for shard in array(&described["shards"]) {
        let owner =
            array(&shard["nodes"]).iter().find(|holder| holder["role"] == "active").expect("an owner");
        let owned = &mut placed.get_mut(&text(&owner["node"])).expect("a node").1;
        owned.insert(shard["shard"].as_u64().expect("a number"));
    }
    placed
}

/// Tables come and go: the group has no new generation, and no shard moves.
#[test]
fn moves_nothing() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    for name in ["a", "b"] {
        cluster.start(name);
    }
    cluster.settle();
    let before = placed(&cluster);
    assert!(before.values().all(|(generation, shards)| *generation > 0 && !shards.is_empty()), "{before:?}");
    for (number, name) in ["a", "b", "a"].into_iter().enumerate() {
        let (table, topic) = (format!("t{number}"), format!("{}-{number}", cluster.service));
        let node = cluster.node(name);
        node.declare(
            &json!({"name": table, "topic": topic, "key": "string", "value": "json", "partitions": 6}),
        );
        node.put_row(&table, "key", "1");
        assert_eq!(placed(&cluster), before, "after {table}");
    }
    cluster.node("b").delete("/v1/tables/t0?delete-topic=true").send().expect(200);
    cluster.settle();
    // Nodes tell of themselves every two seconds, if nothing has changed.
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(placed(&cluster), before);
}
