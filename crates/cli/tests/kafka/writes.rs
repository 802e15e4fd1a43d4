//! Writes of this node and of others, of one topic.
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::harness::rows::table;
use crate::harness::until;
use crate::service::Service;

const COMPACT: [(&str, &str); 1] = [("cleanup.policy", "compact")];

/// What a foreign producer writes appears, in reads and watches, and what Lentic writes is there for others.
#[test]
fn of_foreign_producers_appear() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("foreign", 3, &COMPACT);
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    let mut spec = table("t", &topic, "string", "json");
    spec["partitioner"] = json!("crc32");
    node.declare(&spec);
    let mut watch = node.get("/v1/tables/t/watch").lines();
    watch.next_named("snapshot-end");
    let producer = kafka.producer(&[]);
    for number in 0..50 {
        producer.send(&topic, "k", Some(&number.to_string()));
        producer.flush();
        until("the row", || (node.row("t", "k") == Some(number.to_string())).then_some(()));
        assert_eq!(watch.next_named("put").json()["value"], number);
    }
    producer.send(&topic, "k", None);
    producer.flush();
    until("the delete", || node.row("t", "k").is_none().then_some(()));
    assert_eq!(watch.next_named("delete").json()["key"], "k");
    let token = node.put_row("t", "k", r#"{"by": "lentic"}"#);
    assert!(token.starts_with(&topic));
    node.delete_row("t", "k");
    assert_eq!(kafka.committed(&topic)["k"][50..], [None, Some(r#"{"by": "lentic"}"#.to_owned()), None]);
    // Another service over the same topic sees it all.
    let other = Service::new(&kafka.brokers);
    let replica = other.ready();
    let mut spec = table("replica", &topic, "string", "json");
    spec["read_only"] = json!(true);
    replica.declare(&spec);
    let token = node.put_row("t", "k", "1");
    let read = replica.get("/v1/tables/replica/rows/k").header("lentic-at-least", &token).send().expect(200);
    assert_eq!(read.text(), "1");
    replica.put("/v1/tables/replica/rows/k", "2").send().expect_error(403, "read_only");
}

/// A foreign producer writes between: no increment is lost, and none is made of a value that was gone.
#[test]
fn compare_and_set_against_a_foreign_producer() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("cas", 1, &COMPACT);
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(&table("t", &topic, "string", "json"));
    let over = AtomicBool::new(false);
    let succeeded: u64 = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Far away from what increments reach, so that each of its writes can be told.
            let producer = kafka.producer(&[("linger.ms", "0")]);
            for number in 1u64.. {
                if over.load(Ordering::Acquire) {
                    return;
                }
                producer.send(&topic, "counter", Some(&(number * 1_000_000).to_string()));
                producer.flush();
                std::thread::sleep(std::time::Duration::from_millis(7));
            }
        });
        let increments: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut succeeded = 0;
                    while succeeded < 40 {
                        let read = node.get("/v1/tables/t/rows/counter").send();
                        let Some(etag) = read.header("etag").filter(|_| read.status == 200) else { continue };
                        let next = read.json().as_u64().expect("a number") + 1;
                        let put = node
                            .put("/v1/tables/t/rows/counter", next.to_string())
                            .header("if-match", etag)
                            .send();
                        match put.status {
                            200 => succeeded += 1,
                            412 => assert_ne!(put.header("etag"), Some(etag)),
                            _ => drop(put.expect_error(503, "undecided")),
                        }
                    }
                    succeeded
                })
            })
            .collect();
        let succeeded = increments.into_iter().map(|thread| thread.join().expect("no panic")).sum();
        over.store(true, Ordering::Release);
        succeeded
    });
    // Every increment stands in the log directly after the value that it was made of.
    let log = &kafka.committed(&topic)["counter"];
    let values: Vec<u64> =
        log.iter().map(|v| v.as_ref().expect("a value").parse().expect("a number")).collect();
    let made = values.windows(2).filter(|pair| pair[1] % 1_000_000 != 0);
    assert!(made.clone().all(|pair| pair[1] == pair[0] + 1), "{values:?}");
    assert_eq!(made.count() as u64, succeeded);
}

/// All of a `rows:write` or nothing, for a reader of committed records, and in this node's own snapshots.
#[test]
fn many_at_once_are_atomic() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("atomic", 3, &COMPACT);
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(&table("t", &topic, "string", "json"));
    let write = |generation: u64| {
        let writes: Vec<_> =
            (0..30).map(|n| json!({"key": format!("key-{n}"), "value": generation})).collect();
        node.request("POST", "/v1/tables/t/rows:write").json(&json!({"writes": writes})).send().expect(200)
    };
    let answer = write(0);
    assert_eq!(answer.header("lentic-applied"), Some("true"));
    assert_eq!(answer.json()["tokens"].as_array().expect("tokens").len(), 30);
    let partitions: Vec<Value> = (0..30)
        .map(|n| {
            node.get(&format!("/v1/tables/t/route?key=key-{n}")).send().expect(200).json()["partition"]
                .clone()
        })
        .collect();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !over.load(Ordering::Acquire) {
                let keys: Vec<_> = (0..30).map(|n| format!("key-{n}")).collect();
                let got = node
                    .request("POST", "/v1/tables/t/rows:get")
                    .json(&json!({"keys": keys}))
                    .send()
                    .expect(200)
                    .json();
                for partition in 0..3 {
                    let mut of_partition = got["rows"]
                        .as_array()
                        .expect("rows")
                        .iter()
                        .zip(&partitions)
                        .filter(|(_, p)| **p == partition)
                        .map(|(row, _)| &row["value"]);
                    let first = of_partition.next().expect("a key in each partition");
                    assert!(of_partition.all(|value| value == first), "half of a transaction: {got}");
                }
                reads += 1;
            }
            reads
        });
        for generation in 1..60 {
            write(generation);
        }
        over.store(true, Ordering::Release);
        assert!(reader.join().expect("no panic") > 5);
    });
    let log = kafka.committed(&topic);
    let all: Vec<_> = (0..60).map(|generation| Some(generation.to_string())).collect();
    assert!((0..30).all(|n| log[&format!("key-{n}")] == all));
    // One that can't be written as a whole is not written in part.
    let bad = json!({"writes": [{"key": "key-0", "value": "new"}, {"key": 7, "value": 1}]});
    let refused = node.request("POST", "/v1/tables/t/rows:write").json(&bad).send();
    assert!((400..500).contains(&refused.status), "{refused:?}");
    assert_eq!(node.row("t", "key-0").as_deref(), Some("59"));
}
