//! A topic that is deleted and created again is another topic.
use serde_json::json;

use crate::client::Kafka;
use crate::harness::rows::table;
use crate::harness::{Node, until};
use crate::service::Service;

const COMPACT: [(&str, &str); 1] = [("cleanup.policy", "compact")];

/// More records than the first topic had, so that the offsets alone tell nothing.
fn write_again(kafka: &Kafka, topic: &str) {
    let producer = kafka.producer(&[("partitioner", "murmur2")]);
    for number in 0..200 {
        producer.send(topic, &format!("new-{}", number % 20), Some(&number.to_string()));
    }
    producer.flush();
}

fn check(node: &Node, old_token: &str) {
    until("the rows of the new topic", || {
        (node.get("/readyz?table=t").send().status == 200 && node.count("t") == 20).then_some(())
    });
    assert_eq!(node.row("t", "old-1"), None);
    assert_eq!(node.row("t", "new-7").as_deref(), Some("187"));
    let demanded = node.get("/v1/tables/t/rows/new-7").header("lentic-at-least", old_token);
    demanded.send().expect_error(400, "bad_token");
    let conditional =
        node.put("/v1/tables/t/rows/old-1", "1").header("if-match", &format!("\"{old_token}\""));
    conditional.send().expect_error(412, "precondition_failed");
    assert_eq!(node.warnings("t"), [""; 0]);
    let token = node.put_row("t", "new-7", "\"written\"");
    assert_ne!(token.rsplit_once('.').map(|(_, tag)| tag), old_token.rsplit_once('.').map(|(_, tag)| tag));
    assert_eq!(node.row("t", "new-7").as_deref(), Some("\"written\""));
}

#[test]
fn while_the_node_runs_and_while_it_is_stopped() {
    let Some(kafka) = Kafka::shared() else { return };
    for running in [true, false] {
        let topic = kafka.topic("again", 2, &COMPACT);
        let service = Service::new(&kafka.brokers);
        let node = service.ready();
        node.declare(&table("t", &topic, "string", "json"));
        let mut token = String::new();
        for number in 0..50 {
            token = node.put_row("t", &format!("old-{number}"), "1");
        }
        let again = || {
            kafka.delete(&topic);
            until("the deletion", || kafka.try_create(&topic, 2, &COMPACT).ok());
            write_again(&kafka, &topic);
        };
        let node = if running {
            again();
            node
        } else {
            assert!(node.stop().success());
            again();
            service.ready()
        };
        check(&node, &token);
        let node = if running {
            node.kill();
            service.ready()
        } else {
            node
        };
        assert_eq!(node.count("t"), 20);
    }
}

/// Between deletion and creation the table says what is wrong; its old rows are there for who accepts them.
#[test]
fn is_missing_meanwhile() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("missing-meanwhile", 2, &COMPACT);
    let service = Service::new(&kafka.brokers);
    let mut node = service.ready();
    node.declare(&table("t", &topic, "string", "json"));
    let token = node.put_row("t", "old-1", "1");
    kafka.delete(&topic);
    for restarted in [false, true] {
        if restarted {
            assert!(node.stop().success());
            node = service.start();
        }
        until("the table to fail", || {
            let read = node.get("/v1/tables/t/rows?limit=1").header("lentic-timeout", "10ms").send();
            (read.status == 503 && read.error() == "table_failed").then_some(())
        });
        let said = node.describe("t")["partitions"][0]["reason"].to_string();
        assert!(said.contains("does not exist"), "{said}");
        let old = node.get("/v1/tables/t/rows/old-1").header("lentic-max-staleness", "1h").send();
        assert_eq!(old.expect(200).text(), "1", "restarted: {restarted}");
        let refused = node.put("/v1/tables/t/rows/new", "1").send();
        assert!(refused.status >= 400, "{refused:?}");
    }
    until("the creation", || kafka.try_create(&topic, 2, &COMPACT).ok());
    write_again(&kafka, &topic);
    check(&node, &token);
    assert_eq!(json!(node.describe("t")["ready"]), true);
}
