//! Nodes that take their rows from other nodes instead of from the topics.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::client::Kafka;
use crate::harness::{Node, until};
use crate::nodes::Cluster;

/// Of each partition more than are read as quickly from the topic.
const ROWS: u64 = 60_000;
const PARTITIONS: u64 = 4;

/// Rows that change while others are on their way.
const CHANGING: u64 = 200;

fn key(number: u64) -> String {
    format!("key-{number:05}")
}

/// Declares the table `t` through the node `a` and loads it; what is in it.
fn fill(cluster: &Cluster) -> BTreeMap<String, String> {
    let a = cluster.node("a");
    let topic = &cluster.service;
    a.declare(
        &json!({"name": "t", "topic": topic, "key": "string", "value": "json", "partitions": PARTITIONS}),
    );
    let (mut rows, mut lines) = (BTreeMap::new(), String::new());
    for number in 0..ROWS {
        let value = json!({"number": number, "text": format!("{:032x}", u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))});
        writeln!(lines, "{}", json!({"key": key(number), "value": value})).expect("a string takes it");
        rows.insert(key(number), value.to_string());
    }
    let load = a.post("/v1/tables/t/rows:load", lines).header("content-type", "application/x-ndjson");
    load.send().expect(200);
    // Some are no more: what is taken over has to know that.
    for number in (0..ROWS).step_by(1_000) {
        a.delete(&format!("/v1/tables/t/rows/{}", key(number))).send().expect(200);
        rows.remove(&key(number));
    }
    rows
}

/// All rows, through a node.
fn told(node: &Node) -> BTreeMap<String, String> {
    let dump = node.dump("t");
    let line = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        (row["key"].as_str().expect("a key").to_owned(), row["value"].to_string())
    };
    dump.lines().map(line).collect()
}

fn assert_same(told: &BTreeMap<String, String>, rows: &BTreeMap<String, String>, whose: &str) {
    let differs = |(key, value): &(&String, &String)| rows.get(*key) != Some(*value);
    assert_eq!(told.iter().find(differs), None, "{whose}: a row that was not written");
    let missing = rows.keys().find(|key| !told.contains_key(*key));
    assert_eq!(missing, None, "{whose}: a row is missing ({} of {})", told.len(), rows.len());
}

/// Changes rows through a node as long as others do something; the last values.
fn changing<R>(node: &Node, meanwhile: impl FnOnce() -> R) -> (BTreeMap<String, String>, R) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let (mut last, mut number) = (BTreeMap::new(), 0);
            while !stop.load(Ordering::Relaxed) {
                let key = key(1 + number % CHANGING);
                node.put_row("t", &key, &number.to_string());
                last.insert(key, number.to_string());
                number += 1;
            }
            last
        });
        let result = meanwhile();
        stop.store(true, Ordering::Relaxed);
        (writer.join().expect("the writer"), result)
    })
}

#[test]
fn a_new_node_takes_its_rows_from_the_others() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    cluster.start("a");
    let mut rows = fill(&cluster);
    let a = cluster.nodes.remove("a").expect("it was started");
    let (changed, ()) = changing(&a, || {
        cluster.start("b");
        until("a copy of every partition", || {
            (cluster.node("b").metric("lentic_table_restored_ratio", "") >= PARTITIONS as f64).then_some(())
        });
    });
    rows.extend(changed);
    cluster.nodes.insert("a", a);
    cluster.settle();
    let seeded = cluster.node("b").metric("lentic_seeded_rows", "");
    assert!(
        seeded >= ROWS as f64 * 0.9,
        "{seeded} rows came from the other node\n{}",
        cluster.node("b").log()
    );
    assert_same(&told(cluster.node("b")), &rows, "both");

    // What one has alone is all of it.
    cluster.nodes.remove("a").expect("it runs").kill();
    cluster.settle();
    assert_same(&told(cluster.node("b")), &rows, "the seeded node alone");

    // A node that comes back without its disk, too.
    cluster.dirs.remove("a");
    cluster.start("a");
    cluster.settle();
    until("a copy of every partition", || {
        (cluster.node("a").metric("lentic_table_restored_ratio", "") >= PARTITIONS as f64).then_some(())
    });
    assert!(cluster.node("a").metric("lentic_seeded_rows", "") >= ROWS as f64 * 0.9);
    cluster.nodes.remove("b").expect("it runs").kill();
    cluster.settle();
    assert_same(&told(cluster.node("a")), &rows, "without its disk");
}

#[test]
fn an_answer_that_breaks_off_is_continued_by_another_node() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    let slowly = ["--seed-max-bytes-per-second", "256KiB"];
    for name in ["a", "b"] {
        cluster.start_with(name, &slowly);
    }
    let mut rows = fill(&cluster);
    cluster.settle();
    cluster.start("c");
    let giver = until("rows on their way", || {
        let log = cluster.node("c").log();
        let line = log.lines().find(|line| line.contains("taking rows over"))?;
        ["a", "b"]
            .into_iter()
            .find(|name| line.contains(&format!("node=\"{name}\"")) || line.contains(&format!("node={name}")))
    });
    cluster.nodes.remove(giver).expect("it runs").kill();
    let other = cluster.nodes.keys().find(|name| **name != "c").copied().expect("another node");
    let other = cluster.nodes.remove(other).expect("it runs");
    let (changed, ()) = changing(&other, || {
        until("a copy of every partition", || {
            (cluster.node("c").metric("lentic_table_restored_ratio", "") >= PARTITIONS as f64).then_some(())
        });
    });
    rows.extend(changed);
    let log = cluster.node("c").log();
    assert!(log.contains("broke off"), "{log}");
    assert!(cluster.node("c").metric("lentic_seeded_rows", "") > 0.0, "{log}");
    drop(other);
    cluster.settle();
    assert_same(&told(cluster.node("c")), &rows, "the seeded node alone");
}
