//! A million rows.
use std::time::Instant;

use crate::client::Kafka;
use crate::harness::Node;
use crate::harness::rows::table;
use crate::service::Service;

const ROWS: usize = 1_000_000;

fn check(node: &Node) {
    assert_eq!(node.count("t"), ROWS as u64);
    for number in [0, 1, 499_999, ROWS - 1] {
        let row = node.get(&format!("/v1/tables/t/rows/row-{number:07}")).send().expect(200);
        assert_eq!(row.text(), format!("{number:0>90}"));
    }
    let page = node.get("/v1/tables/t/rows?from=row-0500000&limit=3").send().expect(200).json();
    let keys: Vec<_> = page["rows"].as_array().expect("rows").iter().map(|row| row["key"].clone()).collect();
    assert_eq!(keys, ["row-0500000", "row-0500001", "row-0500002"]);
    assert_eq!(node.row("t", "row-1000000"), None);
}

/// Written by librdkafka, some of them twice, read into a new table, and again after the state was lost.
#[test]
fn a_million_rows() {
    let Some(kafka) = Kafka::shared() else { return };
    let topic = kafka.topic("million", 4, &[("cleanup.policy", "compact")]);
    let producer = kafka.producer(&[("linger.ms", "20"), ("queue.buffering.max.messages", "500000")]);
    for number in 0..ROWS / 10 {
        producer.send(&topic, &format!("row-{number:07}"), Some("rewritten below"));
    }
    producer.send(&topic, &format!("row-{ROWS}"), Some("deleted below"));
    for number in 0..ROWS {
        producer.send(&topic, &format!("row-{number:07}"), Some(&format!("{number:0>90}")));
    }
    producer.send(&topic, &format!("row-{ROWS}"), None);
    producer.flush();
    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    let (declared, spec) = (Instant::now(), table("t", &topic, "string", "string"));
    let answer =
        node.request("POST", "/v1/tables?wait=ready").header("lentic-timeout", "60s").json(&spec).send();
    answer.expect(201);
    eprintln!("{ROWS} rows declared and readable after {:?}", declared.elapsed());
    check(&node);
    assert_eq!(node.describe("t")["partitioner"], "crc32");
    assert!(node.stop().success());
    service.lose_state();
    let started = Instant::now();
    let node = service.ready();
    eprintln!("and without state after {:?}", started.elapsed());
    check(&node);
    node.kill();
    let started = Instant::now();
    let node = service.ready();
    eprintln!("and killed, with it, after {:?}", started.elapsed());
    check(&node);
}
