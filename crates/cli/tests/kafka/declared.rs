//! Declarations through several nodes: at the same moment, and without moving anything.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::harness::{Answer, until};
use crate::nodes::{Cluster, array};

const NAMES: usize = 20;

/// Posts one declaration through each of two nodes at once.
fn at_once(cluster: &Cluster, specs: [&Value; 2]) -> [Answer; 2] {
    let barrier = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        let declaring = [("a", specs[0]), ("b", specs[1])].map(|(name, spec)| {
            let (node, barrier) = (cluster.node(name), &barrier);
            scope.spawn(move || {
                barrier.wait();
                node.request("POST", "/v1/tables").json(spec).send()
            })
        });
        declaring.map(|declaring| declaring.join().expect("answered"))
    })
}

/// What both nodes say of a table, once they say the same.
fn agreed(cluster: &Cluster, name: &str) -> Value {
    until("the nodes to agree", || {
        let said = ["a", "b"].map(|node| {
            let answer = cluster.node(node).get(&format!("/v1/tables/{name}")).send();
            (answer.status == 200).then(|| answer.json())
        });
        let fields = |said: &Value| ["topic", "key", "value", "read_only"].map(|field| said[field].clone());
        match said {
            [Some(a), Some(b)] if fields(&a) == fields(&b) => Some(a),
            _ => None,
        }
    })
}

/// Of two that differ the first counts on all nodes, for good; whoever was late is told so.
#[test]
fn the_first_counts() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    cluster.start("a");
    cluster.start("b");
    cluster.settle();
    let topic = |what: &str| format!("{}-{what}", cluster.service);
    // They are there: nobody waits for their creation, so that both are as fast.
    for what in ["one", "two"] {
        kafka.create(&topic(what), 2, &[("cleanup.policy", "compact")]);
        for node in cluster.nodes.values() {
            let path = format!("/v1/topics/{}/guess", topic(what));
            until("the topic to be known", || (node.get(&path).send().status == 200).then_some(()));
        }
    }
    let spec = |name: &str, what: &str, value: &str| json!({"name": name, "topic": topic(what), "key": "string", "value": value});
    let mut winners = BTreeMap::new();
    for number in 0..NAMES {
        let name = format!("t{number}");
        let specs = if number % 2 == 0 {
            [spec(&name, "one", "json"), spec(&name, "two", "json")]
        } else {
            [spec(&name, "one", "json"), spec(&name, "one", "string")]
        };
        let answers = at_once(&cluster, [&specs[0], &specs[1]]);
        let won = answers.iter().position(|answer| answer.status == 201).expect("one of them is first");
        let [first, second] = answers;
        if won == 0 { second } else { first }.expect_error(409, "table_differs");
        let said = agreed(&cluster, &name);
        assert_eq!((&said["topic"], &said["value"]), (&specs[won]["topic"], &specs[won]["value"]), "{name}");
        for (through, other) in [("a", "b"), ("b", "a")] {
            let path = format!("/v1/tables/{name}/rows/{name}-{through}");
            let put = cluster.node(through).put(&path, "1").send().expect(200);
            let token = put.header("lentic-token").expect("a token");
            let read = cluster.node(other).get(&path).header("lentic-at-least", token).send().expect(200);
            assert_eq!(read.text(), "1", "{name} through {other}");
        }
        winners.insert(name, said);
    }
    // The same twice is no conflict.
    for number in 0..NAMES {
        let same = spec(&format!("same{number}"), "one", "json");
        let mut outcomes = at_once(&cluster, [&same, &same]).map(|answer| answer.status);
        outcomes.sort_unstable();
        assert_eq!(outcomes, [200, 201], "same{number}");
    }
    // Both stood in the log at least once: the test would show nothing else.
    let statements = kafka.committed(&format!("{}-statements", cluster.service));
    let mut created = BTreeMap::<String, usize>::new();
    for statement in statements[""].iter().flatten() {
        let statement: Value = serde_json::from_str(statement).expect("JSON");
        let name = statement["names"]["table"].as_str().expect("a name").to_owned();
        *created.entry(name).or_default() += 1;
    }
    let raced = |same: bool| {
        created.iter().filter(|(name, count)| **count == 2 && name.starts_with("same") == same).count()
    };
    eprintln!("of {NAMES} names each: {} declared twice differently, {} the same", raced(false), raced(true));
    assert!(raced(false) > 0, "{created:?}");
    // What was late stays without effect for those who read the log anew.
    for name in ["a", "b"] {
        let node = cluster.nodes.remove(name).expect("it runs");
        assert!(node.stop().success());
        cluster.start(name);
    }
    cluster.settle();
    for (name, winner) in &winners {
        let said = agreed(&cluster, name);
        assert_eq!((&said["topic"], &said["value"]), (&winner["topic"], &winner["value"]), "{name}");
        for through in ["a", "b"] {
            let keys = ["a", "b"].map(|by| cluster.node(through).row(name, &format!("{name}-{by}")));
            assert_eq!(keys, [Some("1".to_owned()), Some("1".to_owned())], "{name} through {through}");
        }
    }
}

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
