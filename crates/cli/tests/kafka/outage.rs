//! The broker goes away under load, and comes back.
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Kafka;
use crate::harness::kafka::{OwnBroker, shared};
use crate::harness::{Node, PATIENCE, until};
use crate::service::Service;

/// Between two requests of a thread: the broker has to find time to start.
const PACE: Duration = Duration::from_millis(5);

/// What became of the writes, by the answers.
#[derive(Default)]
struct Outcomes {
    acknowledged: BTreeSet<String>,
    /// Answered so that they must not be there.
    refused: BTreeSet<String>,
}

/// A load that goes on whatever it is answered, and what it was answered.
#[derive(Default)]
struct Load {
    over: AtomicBool,
    acknowledged: AtomicU64,
    refused: AtomicU64,
    /// The greatest age of a read, in milliseconds.
    oldest_ms: AtomicU64,
}

impl Load {
    fn writes(&self, node: &Node, writer: usize, outcomes: &Mutex<Outcomes>) {
        for number in 0.. {
            if self.over.load(Ordering::Acquire) {
                return;
            }
            let key = format!("put-{writer}-{number}");
            let answer = node.put(&format!("/v1/tables/t/rows/{key}"), "1").send();
            let mut outcomes = outcomes.lock().expect("no panic");
            match answer.status {
                200 => {
                    self.acknowledged.fetch_add(1, Ordering::AcqRel);
                    outcomes.acknowledged.insert(key);
                }
                503 => {
                    drop(answer.expect_error(503, "log_unavailable"));
                    self.refused.fetch_add(1, Ordering::AcqRel);
                    outcomes.refused.insert(key);
                }
                _ => drop(answer.expect_error(504, "write_outcome_unknown")),
            }
            drop(outcomes);
            std::thread::sleep(PACE);
        }
    }

    /// Reads go on all the time, and say how old they are.
    fn reads(&self, node: &Node) {
        while !self.over.load(Ordering::Acquire) {
            let read = node.get("/v1/tables/t/rows/fixed").send().expect(200);
            assert_eq!(read.text(), "\"there\"");
            let age = read.header("lentic-staleness-ms").expect("an age").parse().expect("a number");
            self.oldest_ms.fetch_max(age, Ordering::AcqRel);
            std::thread::sleep(PACE);
        }
    }
}

/// No acknowledged write is lost and no refused one is there; reads and writes go on by themselves.
fn goes_away(broker: &OwnBroker, stop: &str) {
    let service = Service::new(&broker.address).with(&["--request-timeout-ms", "3s"]);
    let node = service.ready();
    node.declare(&json!({"name": "t", "topic": stop, "key": "string", "value": "json", "partitions": 3}));
    node.put_row("t", "fixed", "\"there\"");
    let (load, outcomes) = (Load::default(), Mutex::default());
    let count = |counter: &AtomicU64| counter.load(Ordering::Acquire);
    std::thread::scope(|scope| {
        let over = scope.spawn(|| {
            until("writes", || (count(&load.acknowledged) > 100).then_some(()));
            broker.run(&[stop]);
            until("a refusal", || (count(&load.refused) > 10).then_some(()));
            until("old reads", || (count(&load.oldest_ms) > 3_000).then_some(()));
            assert_eq!(node.metric("lentic_log_available", ""), 0.0);
            node.get("/readyz").send().expect(200);
            for refused in [
                node.put("/v1/tables/t/rows/new", "1").header("if-none-match", "*"),
                node.post("/v1/tables/t/rows:write", r#"{"writes":[{"key":"new","value":1}]}"#),
                node.delete("/v1/tables/t/rows/fixed"),
            ] {
                refused.send().expect_error(503, "log_unavailable");
            }
            broker.run(&["start"]);
            let before = count(&load.acknowledged);
            until("writes again", || (count(&load.acknowledged) > before + 100).then_some(()));
            until("fresh reads", || {
                let read = node.get("/v1/tables/t/rows/fixed").send().expect(200);
                let age: u64 = read.header("lentic-staleness-ms").expect("an age").parse().expect("a number");
                (age < 1_000 && node.metric("lentic_log_available", "") == 1.0).then_some(())
            });
        });
        for writer in 0..4 {
            let (load, node, outcomes) = (&load, &node, &outcomes);
            scope.spawn(move || load.writes(node, writer, outcomes));
        }
        scope.spawn(|| load.reads(&node));
        let outcome = over.join();
        load.over.store(true, Ordering::Release);
        outcome.expect("no failure");
    });
    let outcomes = outcomes.into_inner().expect("no panic");
    assert_eq!(node.warnings("t"), [""; 0]);
    let kafka = Kafka::at(&broker.address);
    let log = kafka.committed(stop);
    let rows: BTreeSet<_> =
        node.pages("t", 1_000).into_iter().map(|row| row["key"].as_str().expect("text").to_owned()).collect();
    for key in &outcomes.acknowledged {
        let (row, records) = (rows.contains(key), log.get(key).map_or(0, Vec::len));
        assert!(row && records == 1, "{key} was acknowledged; a row: {row}, records: {records}");
    }
    for key in &outcomes.refused {
        assert!(!rows.contains(key) && !log.contains_key(key), "{key} was refused");
    }
    assert_eq!(rows, log.into_keys().collect());
    // A write is confirmed as applied by an owner that is proven, which takes a moment after the group was away.
    until("the node to be proven the owner", || {
        let read = node.get("/v1/tables/t/rows/fixed").send().expect(200);
        (read.header("lentic-role") == Some("active")).then_some(())
    });
    let conditional = node.put("/v1/tables/t/rows/new", "1").header("if-none-match", "*").send();
    assert_eq!(conditional.expect(200).header("lentic-applied"), Some("true"));
}

/// A restart that is quicker than a request's time is no more than a delay to a load under way.
fn is_restarted(broker: &OwnBroker) {
    let service = Service::new(&broker.address).with(&[
        "--request-timeout-ms",
        "60s",
        "--restore-threads",
        "1",
        "--restore-buffer-bytes",
        "1MiB",
    ]);
    let node = service.ready();
    node.declare(&json!({"name": "t", "topic": "load", "key": "string", "value": "json", "partitions": 3}));
    let rows: usize = 300_000;
    let line = |number| format!("{{\"key\":\"row-{number}\",\"value\":\"{number:0>100}\"}}\n");
    let lines: String = (0..rows).map(line).collect();
    std::thread::scope(|scope| {
        let loading = scope.spawn(|| node.post("/v1/tables/t/rows:load", lines).send());
        until("the load to be under way", || (node.count("t") > 1_000).then_some(()));
        broker.run(&["restart"]);
        let answer = loading.join().expect("no panic").expect(200).json();
        assert_eq!(answer["written"], rows, "{answer}");
    });
    assert_eq!(node.count("t"), rows as u64);
    assert_eq!(Kafka::at(&broker.address).committed("load").len(), rows);
    assert!(node.stop().success());
    is_restarted_under_a_restore(broker, &service, rows as u64);
}

/// A restore goes on where it was.
fn is_restarted_under_a_restore(broker: &OwnBroker, service: &Service, rows: u64) {
    service.lose_state();
    let node = service.start();
    until("the restore to be under way", || {
        let description = node.describe("t");
        assert_eq!(description["ready"], false, "too quick to be looked at: {description}");
        let partitions = description["partitions"].as_array().expect("partitions");
        partitions.iter().any(|p| p["done"].as_f64().is_some_and(|done| done > 0.1)).then_some(())
    });
    broker.run(&["restart"]);
    node.until_ready("t");
    assert_eq!(node.count("t"), rows);
    assert_eq!(node.log().matches(" restored task=").count(), 3, "{}", node.log());
}

/// One broker for all: they take long to start.
#[test]
fn killed_stopped_and_restarted_under_load() {
    if shared().is_none() {
        return;
    }
    let broker = OwnBroker::start();
    goes_away(&broker, "kill");
    goes_away(&broker, "stop");
    is_restarted(&broker);
}

/// Without a broker a node says so and ends; it does not hang.
#[test]
fn never_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("bound").local_addr().expect("bound").port();
    let service = Service::new(&format!("127.0.0.1:{port}"));
    let started = Instant::now();
    let mut node = service.spawn();
    assert!(!node.wait().success());
    assert!(started.elapsed() < PATIENCE / 2);
    let said = node.log();
    assert!(said.contains(&port.to_string()) && said.contains("can't be reached"), "{said}");
}
