//! Topics that are written in transactions.
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::harness::rows::table;
use crate::harness::{Node, until};
use crate::service::Service;

const COMPACT: [(&str, &str); 1] = [("cleanup.policy", "compact")];

fn partition(node: &Node, number: usize) -> Value {
    node.describe("t")["partitions"][number].clone()
}

/// What was aborted is not there, and the markers and aborted records at the end don't hold the table back.
#[test]
fn with_aborted_ones_and_markers_at_the_end() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("transactions", 2, &COMPACT);
    let producer = kafka.transactional();
    let transaction = |value: &str, commit: bool| {
        producer.begin();
        for number in 0..20 {
            producer.send_to(&topic, number % 2, Some(&format!("key-{number}")), Some(value));
        }
        producer.send_to(&topic, 0, Some(value), Some(value));
        producer.flush();
        if commit { producer.commit() } else { producer.abort() }
    };
    let all = |node: &Node, value: &str, rows: u64| {
        assert_eq!(node.count("t"), rows);
        for number in 0..20 {
            assert_eq!(node.row("t", &format!("key-{number}")).as_deref(), Some(value));
        }
        for p in 0..2 {
            let partition = partition(node, p);
            assert_eq!((&partition["lag"], &partition["blocked"]), (&json!(0), &json!(false)), "{partition}");
            assert_eq!(partition["position"], partition["end"], "{partition}");
        }
    };
    transaction("1", true);
    transaction("2", false);
    transaction("3", true);
    transaction("4", false);
    transaction("5", false);
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(&json!({"name": "t", "topic": topic, "key": "string", "value": "json"}));
    until("the end", || (partition(&node, 0)["lag"] == 0 && partition(&node, 1)["lag"] == 0).then_some(()));
    all(&node, "3", 22);
    // The same while the node reads on.
    transaction("6", false);
    until("the end", || {
        let both = [partition(&node, 0), partition(&node, 1)];
        both.iter().all(|p| p["lag"] == 0 && p["end"].as_u64() > Some(60)).then_some(())
    });
    all(&node, "3", 22);
    transaction("7", true);
    until("the row", || node.row("t", "7"));
    until("the end", || (partition(&node, 0)["lag"] == 0 && partition(&node, 1)["lag"] == 0).then_some(()));
    all(&node, "7", 23);
    node.kill();
    all(&service.ready(), "7", 23);
    service.lose_state();
    let node = service.ready();
    all(&node, "7", 23);
    // Behind markers a write has an answer as quickly as elsewhere.
    node.request("PATCH", "/v1/tables/t").json(&json!({"partitioner": "murmur2"})).send().expect(200);
    let put = node.put("/v1/tables/t/rows/key-1", "8").header("lentic-timeout", "5s").send().expect(200);
    assert_eq!(put.header("lentic-applied"), Some("true"));
}

/// An open transaction holds the table where it began. The table says so, and what waits for it waits no longer than it
/// was told to.
#[test]
fn one_that_is_open() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("open", 1, &COMPACT);
    let (transactional, plain) = (kafka.transactional(), kafka.producer(&[]));
    plain.send(&topic, "before", Some("1"));
    plain.flush();
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(&table("t", &topic, "string", "json"));
    transactional.begin();
    transactional.send(&topic, "open", Some("1"));
    transactional.flush();
    plain.send(&topic, "behind", Some("1"));
    plain.flush();
    let blocked = |node: &Node| {
        until("the block", || Some(partition(node, 0)).filter(|p| p["blocked"] == true && p["lag"] == 2))
    };
    assert_eq!(blocked(&node)["end"], 3, "the end is the true one");
    // It was ready and stays so: reads are of what is committed before, and say their age.
    let read = node.get("/v1/tables/t/rows/before").send().expect(200);
    assert_eq!(read.header("lentic-lag-records"), Some("2"));
    until("the age to grow", || {
        let read = node.get("/v1/tables/t/rows/before").send().expect(200);
        let age: u64 = read.header("lentic-staleness-ms").expect("an age").parse().expect("a number");
        (age > 500).then_some(())
    });
    assert_eq!((node.row("t", "open"), node.row("t", "behind")), (None, None));
    let put = node.put("/v1/tables/t/rows/late", "1").header("lentic-timeout", "300ms").send().expect(200);
    assert_eq!(put.header("lentic-applied"), Some("false"), "in the log, and not to be seen yet");
    let token = put.header("lentic-token").expect("a token").to_owned();
    let demanded = node.get("/v1/tables/t/rows/late").header("lentic-at-least", &token);
    demanded.header("lentic-timeout", "200ms").send().expect_error(504, "not_reached");
    let fresh = node.get("/v1/tables/t/rows/before").header("lentic-max-staleness", "100ms");
    fresh.header("lentic-timeout", "200ms").send().expect_error(503, "too_stale");
    let conditional = node.put("/v1/tables/t/rows/new", "1").header("if-none-match", "*");
    conditional.header("lentic-timeout", "500ms").send().expect_error(503, "undecided");
    transactional.commit();
    until("the end", || Some(partition(&node, 0)).filter(|p| p["lag"] == 0 && p["blocked"] == false));
    for (key, row) in [("open", true), ("behind", true), ("late", true), ("new", false)] {
        assert_eq!(node.row("t", key).is_some(), row, "{key}");
    }
    node.get("/v1/tables/t/rows/late").header("lentic-at-least", &token).send().expect(200);

    // A node that starts before an open transaction is not ready until that has ended, and says why.
    assert!(node.stop().success());
    transactional.begin();
    transactional.send(&topic, "open", Some("2"));
    transactional.flush();
    for without_state in [false, true] {
        if without_state {
            service.lose_state();
        }
        let node = service.start();
        blocked_at_start(&node);
        // Whoever takes what there is has it, if it was ever known to be current.
        let old = node.get("/v1/tables/t/rows/open").header("lentic-max-staleness", "1h");
        let old = old.header("lentic-timeout", "100ms").send();
        if without_state {
            drop(old.expect_error(503, "too_stale"));
            transactional.abort();
            until("readiness", || (node.get("/readyz").send().status == 200).then_some(()));
            assert_eq!((node.row("t", "open").as_deref(), node.count("t")), (Some("1"), 4));
        } else {
            assert_eq!(old.expect(200).text(), "1");
        }
        node.kill();
    }
}

fn blocked_at_start(node: &Node) {
    until("the block", || (partition(node, 0)["blocked"] == true).then_some(()));
    let answer = node.get("/v1/tables/t/rows/open").header("lentic-timeout", "100ms").send();
    assert!(answer.header("retry-after").is_some());
    let error = answer.expect_error(503, "catching_up").json()["error"]["message"].to_string();
    assert!(error.contains("open transaction"), "{error}");
    node.get("/readyz").send().expect_error(503, "catching_up");
}

/// The transaction of a producer that died is aborted by the broker, and reading goes on by itself.
#[test]
fn one_whose_producer_died() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("abandoned", 1, &COMPACT);
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(&table("t", &topic, "string", "json"));
    let producer = kafka.transactional_for(Duration::from_secs(2));
    producer.begin();
    producer.send(&topic, "never", Some("1"));
    producer.flush();
    std::mem::forget(producer);
    node.put_row("t", "behind", "1");
    assert_eq!(
        node.row("t", "behind").as_deref(),
        Some("1"),
        "the write waited for the end of the transaction"
    );
    assert_eq!(node.row("t", "never"), None);
}
