//! A topic whose keys lie where no one partitioner puts them.
use serde_json::{Value, json};

use crate::client::Kafka;
use crate::harness::kafka::console_produce;
use crate::harness::rows::table;
use crate::harness::{Node, until};
use crate::service::Service;

/// Both kinds of producers write the same keys: of most there are two rows, the newest counts.
#[test]
fn keys_of_two_producers() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("mixed", 4, &[("cleanup.policy", "compact")]);
    let line = |number| format!("key-{number}:\"by Java\"\n");
    let lines: String = (0..40).map(line).collect();
    console_produce(&kafka.brokers, &topic, &lines);
    let producer = kafka.producer(&[]);
    for number in 20..60 {
        producer.send(&topic, &format!("key-{number}"), Some("\"by librdkafka\""));
    }
    producer.flush();
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(&table("t", &topic, "string", "json"));
    check_mixed(&node);
    check_reads(&node);
    for refused in [
        node.put("/v1/tables/t/rows/key-1", "1"),
        node.delete("/v1/tables/t/rows/key-1"),
        node.put("/v1/tables/t/rows/key-1", "1").header("if-none-match", "*"),
        node.post("/v1/tables/t/rows:load", r#"{"key":"key-1","value":1}"#),
        node.request("POST", "/v1/tables/t/rows:write")
            .json(&json!({"writes": [{"key": "key-1", "value": 1}]})),
    ] {
        let error =
            refused.send().expect_error(409, "mixed_partitioning").json()["error"]["hint"].to_string();
        assert!(error.contains("partitioner"), "{error}");
    }
    node.kill();
    service.lose_state();
    let node = service.ready();
    check_mixed(&node);

    // Named by the operator: writes go where it says, reads go on looking everywhere.
    let named = node.run(&["table", "alter", "t", "--partitioner", "murmur2"]);
    assert!(named.status.success(), "{named:?}");
    let check_named = |node: &Node| {
        let description = node.describe("t");
        assert_eq!(
            (&description["partitioner"], &description["partitioner_is"]),
            (&json!("murmur2"), &json!("named"))
        );
        assert_eq!(node.warnings("t"), ["partitioner_does_not_fit"]);
    };
    check_named(&node);
    check_reads(&node);
    for number in [5, 25, 45, 65] {
        let key = format!("key-{number}");
        node.put_row("t", &key, "\"by Lentic\"");
        assert_eq!(node.row("t", &key), Some("\"by Lentic\"".to_owned()), "{key}");
    }
    assert_eq!(node.count("t"), 61);
    node.kill();
    let node = service.ready();
    check_named(&node);
    assert_eq!(node.row("t", "key-25"), Some("\"by Lentic\"".to_owned()));
    // A delete deletes, wherever the key lies.
    for number in [6, 25, 26, 46] {
        let key = format!("key-{number}");
        node.delete_row("t", &key);
        assert_eq!(node.row("t", &key), None, "{key}");
    }
    assert_eq!(node.count("t"), 57);
}

fn check_mixed(node: &Node) {
    let description = node.describe("t");
    assert_eq!(
        (&description["partitioner"], &description["partitioner_is"]),
        (&Value::Null, &json!("mixed"))
    );
    assert_eq!(node.warnings("t"), ["mixed_partitioning"]);
    let route = node.get("/v1/tables/t/route?key=key-1").send().expect(200).json();
    assert_eq!(route["partition"], Value::Null, "{route}");
}

fn check_reads(node: &Node) {
    assert_eq!(node.count("t"), 60);
    let newest = |number| if number < 20 { "by Java" } else { "by librdkafka" };
    let keys: Vec<_> = (0..60).map(|number| format!("key-{number}")).collect();
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(node.row("t", key), Some(format!("\"{}\"", newest(number))), "{key}");
    }
    let got =
        node.request("POST", "/v1/tables/t/rows:get").json(&json!({"keys": keys})).send().expect(200).json();
    let rows = got["rows"].as_array().expect("rows");
    assert_eq!((rows.len(), &got["missing"]), (60, &json!([])));
    assert!(rows.iter().enumerate().all(|(number, row)| row["value"] == newest(number)), "{got}");
    let mut scanned: Vec<_> = node.pages("t", 7);
    scanned.sort_by_key(|row| keys.iter().position(|key| row["key"] == **key));
    assert_eq!(scanned.len(), 60, "no key repeats");
    assert!(scanned.iter().enumerate().all(|(number, row)| row["value"] == newest(number)));
}

/// What a second producer writes while the node runs is noticed as it comes.
#[test]
fn noticed_while_it_runs() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("becoming-mixed", 4, &[("cleanup.policy", "compact")]);
    let producer = kafka.producer(&[]);
    for number in 0..40 {
        producer.send(&topic, &format!("key-{number}"), Some("1"));
    }
    producer.flush();
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(&table("t", &topic, "string", "json"));
    assert_eq!(node.describe("t")["partitioner"], "crc32");
    node.put_row("t", "key-1", "2");
    let other = kafka.producer(&[("partitioner", "murmur2")]);
    for number in 0..40 {
        other.send(&topic, &format!("key-{number}"), Some("3"));
    }
    other.flush();
    until("the other producer to be noticed", || {
        (node.describe("t")["partitioner_is"] == "mixed").then_some(())
    });
    until("all rows", || {
        (0..40).all(|n| node.row("t", &format!("key-{n}")) == Some("3".to_owned())).then_some(())
    });
    node.put("/v1/tables/t/rows/key-1", "4").send().expect_error(409, "mixed_partitioning");
    node.request("PATCH", "/v1/tables/t").json(&json!({"partitioner": "murmur2"})).send().expect(200);
    node.put_row("t", "key-1", "4");
    assert_eq!(node.row("t", "key-1"), Some("4".to_owned()));
}
