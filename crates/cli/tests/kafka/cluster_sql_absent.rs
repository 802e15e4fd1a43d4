//! Nodes that are not there: without a copy the rest goes on, and what is not there is an error and never a part of the answer.
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::cluster_sql::{EARLIEST, NODES, sorted};
use crate::harness::{Answer, Node, until};
use crate::nodes::{Cluster, array};

const ROWS: usize = 100;

fn asked(node: &Node, query: &str) -> Answer {
    node.post("/v1/sql", query).header("accept", "application/json").send()
}

/// A table with a partition in each shard, twice.
fn stock(cluster: &Cluster) -> Vec<Value> {
    let create = "CREATE TABLE stock (k STRING PRIMARY KEY, n INT)
                    WITH (kafka_topic = '$-stock', value_format = 'json', partitions = 16);";
    cluster.node("b").post("/v1/sql", cluster.named(create)).send().expect(200);
    let rows: Vec<_> = (0..ROWS).map(|number| json!([format!("k{number:03}"), number])).collect();
    let lines = rows.iter().map(|row| format!("{}\n", json!({"K": row[0], "N": row[1]})));
    let lines = format!("{{\"target\":\"stock\"}}\n{}", lines.collect::<String>());
    assert_eq!(cluster.node("c").insert_lines(&lines).matches("ok").count(), ROWS);
    for name in NODES {
        let found = || sorted(cluster.node(name).rows_by_sql("SELECT * FROM stock"));
        until("the stock", || (found() == rows).then_some(()));
    }
    rows
}

#[test]
fn what_nobody_has_is_an_error() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::of_three(&kafka, &[&EARLIEST[..], &["--num-standby-replicas", "0"]].concat());
    let all = stock(&cluster);
    cluster.nodes.remove("c").expect("it runs").kill();
    // Before the group gives its shards to the others.
    std::thread::scope(|scope| {
        for name in ["a", "b"] {
            let (node, all) = (cluster.node(name), &all);
            scope.spawn(move || {
                let refused = asked(node, "SELECT * FROM stock").expect(503);
                assert!(refused.text().contains("shard"), "{}", refused.text());
                // What lives is answered at once; a key that nobody has is asked for again for a while.
                let mut answered = 0;
                for row in all {
                    let key = row[0].as_str().expect("a name");
                    let begun = Instant::now();
                    let answer = asked(node, &format!("SELECT * FROM stock WHERE k = '{key}'"));
                    if answer.status != 200 {
                        assert_eq!(answer.status, 503, "{}", answer.text());
                        break;
                    }
                    assert_eq!(array(&answer.json()["rows"]), std::slice::from_ref(row), "through {name}");
                    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
                    answered += 1;
                }
                assert!(answered < ROWS, "all were answered through {name}");
            });
        }
    });
    // The others build what it had from the topics.
    cluster.settle();
    for name in ["a", "b"] {
        until("the whole answer", || {
            let answer = asked(cluster.node(name), "SELECT * FROM stock");
            (answer.status == 200 && sorted(array(&answer.json()["rows"]).to_vec()) == all).then_some(())
        });
    }
}

/// A node that is suspended is waited for a moment and then left out; woken, it knows what was stated meanwhile.
#[test]
fn statements_do_not_wait_for_a_node_that_sleeps() {
    let Some(kafka) = Kafka::shared() else { return };
    let cluster = Cluster::of_three(&kafka, &EARLIEST);
    cluster.node("c").signal("STOP");
    let begun = Instant::now();
    cluster.run(
        "a",
        "CREATE STREAM orders (id INT KEY, amount INT)
           WITH (kafka_topic = '$-orders', value_format = 'json', partitions = 6);
         CREATE STREAM big WITH (kafka_topic = '$-big') AS SELECT * FROM orders WHERE amount > 5;",
    );
    let listed = cluster.run("b", "LIST QUERIES;");
    assert_eq!(listed[0]["queries"][0]["statusCount"], json!({"RUNNING": 2, "UNRESPONSIVE": 1}), "{listed}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    cluster.node("c").signal("CONT");
    until("the sleeper to know", || {
        let listed = cluster.node("c").ksql("LIST QUERIES;").expect(200).json();
        (listed[0]["queries"][0]["statusCount"] == json!({"RUNNING": 3})).then_some(())
    });
    cluster.run("c", "INSERT INTO orders VALUES (1, 9);");
    for name in NODES {
        let rows = || cluster.node(name).rows_by_sql("SELECT id FROM big");
        until("the row", || (rows() == [json!([1])] as [Value; 1]).then_some(()));
    }
}
