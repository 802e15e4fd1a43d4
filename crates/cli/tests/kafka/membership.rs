//! A node's place in its group.
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Kafka;
use crate::service::Service;

/// A process that comes back after a `kill -9` takes its own place, at once, and what it left open is aborted.
#[test]
fn a_killed_node_comes_back_at_once() {
    let Some(kafka) = Kafka::shared() else { return };
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    node.declare(
        &json!({"name": "t", "topic": service.id, "key": "string", "value": "json", "partitions": 3}),
    );
    for number in 0..50 {
        node.put_row("t", &format!("key-{number}"), "1");
    }
    node.kill();
    for life in 0..4 {
        let started = Instant::now();
        let node = service.ready();
        let took = started.elapsed();
        assert_eq!(node.row("t", "key-7").as_deref(), Some("1"));
        assert!(
            took < Duration::from_secs(8),
            "{took:?}, the time after which brokers abort is 10 s:\n{}",
            node.log()
        );
        eprintln!("ready {took:?} after the kill");
        node.put_row("t", &format!("life-{life}"), "1");
        // Killed while transactions are under way.
        std::thread::scope(|scope| {
            for writer in 0..3 {
                let (url, life) = (node.url.clone(), life);
                scope.spawn(move || {
                    for number in 0.. {
                        let key = format!("conditional-{life}-{writer}-{number}");
                        let put =
                            crate::harness::Request::new("PUT", format!("{url}/v1/tables/t/rows/{key}"));
                        if put.header("if-none-match", "*").body("1").try_send().is_err() {
                            return;
                        }
                    }
                });
            }
            crate::harness::until("transactions", || (node.count("t") > 60 + 20 * life).then_some(()));
            node.signal("KILL");
        });
    }
    let node = service.ready();
    for life in 0..4 {
        assert_eq!(node.row("t", &format!("life-{life}")).as_deref(), Some("1"));
    }
}
