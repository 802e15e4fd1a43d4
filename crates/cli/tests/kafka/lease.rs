//! Who can't prove its place in the group answers as what it is.
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::kafka::{OwnBroker, shared};
use crate::harness::{Answer, Node, Request, until};
use crate::service::Service;

/// The cluster's lease time.
const LEASE: Duration = Duration::from_secs(3);

fn as_active(request: Request) -> Answer {
    request.header("lentic-consistency", "active").send()
}

/// All ways to read, the row of a key first.
fn reads(node: &Node) -> [Request; 4] {
    [
        node.get("/v1/tables/t/rows/k"),
        node.get("/v1/tables/t/rows"),
        node.get("/v1/tables/t/rows:count"),
        node.post("/v1/tables/t/rows:get", r#"{"keys":["k"]}"#),
    ]
}

#[test]
fn active_only_within_the_lease() {
    if shared().is_none() {
        return;
    }
    let broker = OwnBroker::start();
    let service = Service::new(&broker.address);
    let node = service.ready();
    node.declare(&json!({"name": "t", "topic": "lease", "key": "string", "value": "json", "partitions": 3}));
    let row = || as_active(node.get("/v1/tables/t/rows/k"));
    node.put("/v1/tables/t/rows/k", "1").send().expect(200);
    until("the first lease", || (row().status == 200).then_some(()));
    for read in reads(&node) {
        assert_eq!(as_active(read).expect(200).header("lentic-role"), Some("active"));
    }

    broker.run(&["kill"]);
    // Nothing is proven that was sent later.
    let cut = Instant::now();
    let refused = until("the end of the lease", || {
        let asked = cut.elapsed();
        let answer = row();
        if answer.status == 200 {
            assert_eq!(answer.header("lentic-role"), Some("active"));
            assert!(asked < LEASE, "active {asked:?} after the last proof");
            return None;
        }
        Some(answer)
    });
    let refused = refused.expect_error(503, "no_active");
    assert!(refused.header("retry-after").is_some() && refused.json()["shard"].is_u64(), "{refused:?}");
    for read in reads(&node) {
        drop(as_active(read).expect_error(503, "no_active"));
    }
    for read in reads(&node) {
        let plain = read.send().expect(200);
        assert_eq!(plain.header("lentic-role"), Some("standby"), "{plain:?}");
        let age: u64 = plain.header("lentic-staleness-ms").expect("an age").parse().expect("a number");
        assert!(age > 1_000, "{age}");
    }

    broker.run(&["start"]);
    until("a lease again", || (row().status == 200).then_some(()));
    for read in reads(&node) {
        assert_eq!(as_active(read).expect(200).header("lentic-role"), Some("active"));
    }
}
