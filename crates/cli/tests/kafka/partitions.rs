//! Partitions that are added to a topic move its keys.
use serde_json::json;

use crate::client::Kafka;
use crate::harness::rows::table;
use crate::harness::{Node, until};
use crate::service::Service;

/// Noticed while the node runs and while it is stopped: writes stop with the remedy, reads look everywhere and say so,
/// until the table is declared anew.
#[test]
fn are_noticed() {
    let Some(kafka) = Kafka::shared() else { return };
    for running in [true, false] {
        let topic = kafka.topic("growing", 2, &[("cleanup.policy", "compact")]);
        let service = Service::new(&kafka.brokers);
        let mut node = service.ready();
        node.declare(&table("t", &topic, "string", "json"));
        for number in 0..40 {
            node.put_row("t", &format!("key-{number}"), "\"before\"");
        }
        if running {
            kafka.grow(&topic, 5);
        } else {
            assert!(node.stop().success());
            kafka.grow(&topic, 5);
            node = service.ready();
        }
        let producer = kafka.producer(&[("partitioner", "murmur2")]);
        for number in 30..60 {
            producer.send(&topic, &format!("key-{number}"), Some("\"after\""));
        }
        producer.flush();
        until("the partitions to be noticed", || {
            node.warnings("t").contains(&"partitions_changed".to_owned()).then_some(())
        });
        node.until_ready("t");
        check_reads(&node);
        for refused in [
            node.put("/v1/tables/t/rows/key-1", "1"),
            node.post("/v1/tables/t/rows:load", r#"{"key":"key-1","value":1}"#),
        ] {
            let error = refused.send().expect_error(409, "mixed_partitioning").json()["error"].to_string();
            assert!(error.contains("declare"), "{error}");
        }
        node.kill();
        let node = service.ready();
        assert!(node.warnings("t").contains(&"partitions_changed".to_owned()), "after a restart, too");
        check_reads(&node);

        node.delete("/v1/tables/t").send().expect(200);
        node.declare(&table("t", &topic, "string", "json"));
        let description = node.describe("t");
        assert_eq!(description["partitions"].as_array().expect("partitions").len(), 5);
        assert_eq!(description["partitioner_is"], "mixed", "old keys lie where two partitions put them");
        check_reads(&node);
        node.request("PATCH", "/v1/tables/t").json(&json!({"partitioner": "murmur2"})).send().expect(200);
        node.put_row("t", "key-1", "\"written\"");
        assert_eq!(node.row("t", "key-1"), Some("\"written\"".to_owned()));
    }
}

fn check_reads(node: &Node) {
    until("all rows", || (node.count("t") == 60).then_some(()));
    for (number, row) in
        [(0, "\"before\""), (29, "\"before\""), (30, "\"after\""), (39, "\"after\""), (59, "\"after\"")]
    {
        until("the newest row", || {
            (node.row("t", &format!("key-{number}")).as_deref() == Some(row)).then_some(())
        });
    }
}
