//! Topics that other programs have written: where their keys lie is found out, what they hold is what is read.
use std::fmt::Write as _;

use serde_json::json;

use crate::client::Kafka;
use crate::harness::kafka::console_produce;
use crate::harness::rows::table;
use crate::harness::{Node, until};
use crate::service::Service;

const COMPACT: [(&str, &str); 1] = [("cleanup.policy", "compact")];
const ROWS: usize = 300;

/// Every key is found by its own partition alone, and what Lentic writes lies where the producer would look for it.
fn check_rows(node: &Node, kafka: &Kafka, topic: &str, partitioner: &str) {
    let description = node.describe("t");
    assert_eq!(
        (&description["partitioner"], &description["partitioner_is"]),
        (&json!(partitioner), &json!("detected")),
        "{description}"
    );
    assert_eq!(node.warnings("t"), [""; 0]);
    assert_eq!(node.count("t"), ROWS as u64);
    for number in [0, 1, 7, ROWS - 1] {
        let key = format!("key-{number}");
        let answer = node.get(&format!("/v1/tables/t/rows/{key}")).send().expect(200);
        assert_eq!(answer.json(), json!({"number": number}));
        let route = node.get(&format!("/v1/tables/t/route?key={key}")).send().expect(200).json();
        let position = answer.header("lentic-position").expect("a position");
        assert!(position.starts_with(&format!("{topic}/{}@", route["partition"])), "{position} {route}");
        node.put_row("t", &key, &json!({"number": number, "by": "lentic"}).to_string());
    }
    assert_eq!(node.row("t", "gone"), None);
    assert_eq!(node.count("t"), ROWS as u64);
    let seen = kafka.committed(topic);
    assert_eq!(seen["key-7"].last(), Some(&Some(r#"{"by":"lentic","number":7}"#.to_owned())));
    assert_eq!(seen["gone"], [Some("1".to_owned()), None]);
}

#[test]
fn by_the_console_producer() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("console", 6, &COMPACT);
    let mut lines = "gone:1\ngone:NULL\nkey-0:{\"number\":-1}\n".to_owned();
    for number in 0..ROWS {
        writeln!(lines, "key-{number}:{{\"number\":{number}}}").expect("written");
    }
    console_produce(&kafka.brokers, &topic, &lines);
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(&table("t", &topic, "string", "json"));
    check_rows(&node, &kafka, &topic, "murmur2");
}

/// librdkafka's default partitioner and its other ones.
#[test]
fn by_librdkafka() {
    let Some(kafka) = Kafka::shared() else { return };
    for (settings, partitioner) in [
        (&[] as &[(&str, &str)], "crc32"),
        (&[("partitioner", "murmur2_random")], "murmur2"),
        (&[("partitioner", "fnv1a_random")], "fnv1a"),
    ] {
        let topic = kafka.topic(partitioner, 6, &COMPACT);
        let producer = kafka.producer(settings);
        producer.send(&topic, "gone", Some("1"));
        producer.send(&topic, "gone", None);
        for number in 0..ROWS {
            producer.send(&topic, &format!("key-{number}"), Some(&json!({"number": number}).to_string()));
        }
        producer.flush();
        let service = Service::new(&kafka.brokers);
        let node = service.ready();
        node.declare(&table("t", &topic, "string", "json"));
        check_rows(&node, &kafka, &topic, partitioner);
        assert!(node.stop().success());
        service.lose_state();
        let node = service.ready();
        assert_eq!(node.describe("t")["partitioner"], partitioner, "with what Lentic has written, too");
        assert_eq!(node.count("t"), ROWS as u64);
    }
}

/// Records without a key are no rows; a topic that is not compacted is taken, with a warning.
#[test]
fn without_keys_and_without_compaction() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("plain", 2, &[]);
    let producer = kafka.producer(&[]);
    for number in 0..10 {
        producer.send_to(&topic, number % 2, None, Some("nobody's"));
    }
    producer.send(&topic, "", Some("of the empty key"));
    producer.send(&topic, "empty", Some(""));
    producer.send(&topic, "k", Some("1"));
    producer.flush();
    console_produce(&kafka.brokers, &topic, "NULL:nobody's\n");
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    let check = |node: &Node, null_keys: u64| {
        let description = node.describe("t");
        let counted = description["partitions"].as_array().expect("partitions");
        assert_eq!(counted.iter().filter_map(|p| p["null_keys"].as_u64()).sum::<u64>(), null_keys);
        assert_eq!(node.metric("lentic_table_null_keys_total", r#"table="t""#), null_keys as f64);
        assert_eq!(node.warnings("t"), ["topic_not_compacted"]);
        let warning = description["warnings"][0]["message"].as_str().expect("a message");
        assert!(warning.contains("retention") && warning.contains("cleanup.policy=compact"), "{warning}");
        assert_eq!(node.count("t"), 3);
        assert_eq!(node.row("t", "empty"), Some(String::new()));
        assert_eq!(node.row("t", ""), Some("of the empty key".to_owned()));
    };
    node.declare(&table("t", &topic, "string", "string"));
    check(&node, 11);
    // Counted one by one while the node reads on, and kept over a kill.
    producer.send_to(&topic, 1, None, None);
    let last = producer_row(&kafka, &topic);
    until("the row", || node.row("t", "k").filter(|row| *row == last));
    until("the record without a key", || {
        (node.metric("lentic_table_null_keys_total", r#"table="t""#) >= 12.0).then_some(())
    });
    check(&node, 12);
    node.kill();
    let node = service.ready();
    check(&node, 12);
    node.kill();
    service.lose_state();
    check(&service.ready(), 12);
}

fn producer_row(kafka: &Kafka, topic: &str) -> String {
    let producer = kafka.producer(&[]);
    producer.send(topic, "k", Some("2"));
    producer.flush();
    "2".to_owned()
}

/// A typo makes no topic; with `partitions` it is meant, and the topic is compacted.
#[test]
fn not_at_all() {
    let Some(kafka) = Kafka::shared() else { return };
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    let topic = crate::harness::unique("missing");
    let mut spec = table("t", &topic, "string", "json");
    let refused = node.request("POST", "/v1/tables").json(&spec).send().expect_error(404, "topic_not_found");
    let error = refused.json()["error"].to_string();
    assert!(error.contains("partitions"), "{error}");
    let guessed = node.run(&["table", "guess", &topic]);
    assert_eq!(guessed.status.code(), Some(1), "still no topic: {guessed:?}");
    spec["partitions"] = json!(3);
    node.request("POST", "/v1/tables?wait=ready").json(&spec).send().expect(201);
    assert_eq!(node.warnings("t"), [""; 0]);
    assert_eq!(node.describe("t")["partitions"].as_array().expect("partitions").len(), 3);
    let guessed = node.run(&["table", "guess", &topic]);
    let said =
        String::from_utf8_lossy(&guessed.stdout).into_owned() + &String::from_utf8_lossy(&guessed.stderr);
    assert!(said.contains("compact"), "{said}");
    // A topic that exists is not made to fit.
    let other = json!({"name": "u", "topic": topic, "key": "string", "value": "json", "partitions": 4});
    node.request("POST", "/v1/tables").json(&other).send().expect_error(422, "bad_table");
}
