//! What the log has removed: by retention under a stopped node, and tombstones that a stopped node never saw.
use std::time::{Duration, Instant};

use crate::client::Kafka;
use crate::harness::rows::table;
use crate::harness::{Node, until};
use crate::service::Service;

/// Records between a stopped node's position and the log's start are gone: what they deleted must not come back.
#[test]
fn overtook_a_stopped_node() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("overtaken", 1, &[("cleanup.policy", "compact,delete")]);
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(&table("t", &topic, "string", "json"));
    for number in 0..10 {
        node.put_row("t", &format!("old-{number}"), "1");
    }
    assert!(node.stop().success());
    let producer = kafka.producer(&[]);
    for number in 0..10 {
        producer.send(&topic, &format!("old-{number}"), None);
        producer.send(&topic, &format!("new-{number}"), Some("1"));
    }
    producer.flush();
    kafka.delete_records(&topic, 0, 15);
    let node = service.ready();
    let log = node.log();
    assert!(log.contains("rebuilding") && log.contains("retention removed"), "{log}");
    assert_eq!(node.count("t"), 8, "{}", node.dump("t"));
    assert_eq!((node.row("t", "old-1"), node.row("t", "new-1")), (None, None));
    assert_eq!(node.row("t", "new-9").as_deref(), Some("1"));
    assert_eq!(node.describe("t")["partitions"][0]["log_start"], 15);
}

/// Rows go with their records while the node runs, too: they read as absent, and a watch sees a delete.
#[test]
fn takes_rows_of_a_running_node() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("taken", 1, &[("cleanup.policy", "delete")]);
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(&table("t", &topic, "string", "json"));
    for number in 0..10 {
        node.put_row("t", &format!("key-{number}"), "1");
    }
    let mut watch = node.get("/v1/tables/t/watch").lines();
    watch.next_named("snapshot-end");
    kafka.delete_records(&topic, 0, 4);
    for number in 0..4 {
        let event = watch.next_named("delete").json();
        assert_eq!(event["key"], format!("key-{number}"), "{event}");
    }
    assert_eq!((node.row("t", "key-3"), node.row("t", "key-4").as_deref()), (None, Some("1")));
    assert_eq!((node.count("t"), node.pages("t", 3).len()), (6, 6));
    node.kill();
    let node = service.ready();
    assert_eq!((node.row("t", "key-3"), node.count("t")), (None, 6));
    // Stopped in time: the position is still in the log, the rows below its start are not.
    assert!(node.stop().success());
    kafka.delete_records(&topic, 0, 8);
    let node = service.ready();
    assert_eq!((node.row("t", "key-7"), node.count("t")), (None, 2));
    assert!(!node.log().contains("rebuilding"), "{}", node.log());
}

/// The tombstone vanished while the node was stopped, and its position is still in the log: the deleted row is no ghost.
#[test]
fn of_tombstones_passed_a_stopped_node() {
    let Some(kafka) = Kafka::shared() else { return };
    let settings = [
        ("cleanup.policy", "compact"),
        ("delete.retention.ms", "1000"),
        ("min.cleanable.dirty.ratio", "0.001"),
        ("segment.ms", "200"),
    ];
    let topic = kafka.topic("horizon", 1, &settings);
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(&table("t", &topic, "string", "json"));
    node.put_row("t", "kept", "1");
    node.put_row("t", "ghost", "1");
    assert!(node.stop().success());
    let stopped = Instant::now();
    let producer = kafka.producer(&[]);
    producer.send(&topic, "ghost", None);
    producer.flush();
    // The cleaner takes what lies before the active segment: it takes further records to begin new ones.
    until("the tombstone to vanish", || {
        producer.send(&topic, "filler", Some("1"));
        producer.flush();
        std::thread::sleep(Duration::from_millis(250));
        (!kafka.committed(&topic).contains_key("ghost")).then_some(())
    });
    assert!(stopped.elapsed() > Duration::from_secs(1));
    let node = service.ready();
    let log = node.log();
    assert!(log.contains("rebuilding") && log.contains("delete.retention.ms"), "{log}");
    assert_eq!((node.row("t", "ghost"), node.row("t", "kept").as_deref()), (None, Some("1")));
    check_quiet(&kafka, &topic, &service, node);
}

/// Where nothing was appended nothing was missed, however long the node was away.
fn check_quiet(kafka: &Kafka, topic: &str, service: &Service, node: Node) {
    let ends = || node.describe("t")["partitions"][0]["lag"] == 0;
    until("the end", || ends().then_some(()));
    let rows = node.pages("t", 10);
    assert!(node.stop().success());
    let stopped = Instant::now();
    until("the horizon to pass", || (stopped.elapsed() > Duration::from_millis(1_200)).then_some(()));
    let node = service.ready();
    assert!(!node.log().contains("rebuilding"), "{}", node.log());
    assert_eq!(node.pages("t", 10), rows);
    assert!(kafka.committed(topic).contains_key("kept"));
}
