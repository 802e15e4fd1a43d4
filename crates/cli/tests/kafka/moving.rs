//! From the embedded log to Kafka, by the two commands that the manual names.
use std::process::Stdio;

use serde_json::json;
use tempfile::TempDir;

use crate::client::Kafka;
use crate::harness::{Node, lentic};
use crate::service::Service;

#[test]
fn from_the_embedded_log_to_kafka_and_back() {
    let Some(kafka) = Kafka::shared() else { return };
    let dir = TempDir::new().expect("a directory");
    let embedded = Node::ready(dir.path(), &[]);
    embedded.create_table("planes", "string", "json", 4);
    let line =
        |n| format!("{}\n", json!({"key": format!("N{n:05}"), "value": {"seats": n, "note": "ü\u{1F600}"}}));
    embedded.load("planes", (0..5_000).map(line).collect::<String>());
    embedded.put_row("planes", "spaced", "{ \"kept\" :  \"byte for byte\" }");
    embedded.put_row("planes", "null", "null");
    embedded.put_row("planes", "", "\"of the empty key\"");
    embedded.delete_row("planes", "N00007");

    let service = Service::new(&kafka.brokers);
    let node = service.ready();
    let url = &node.url;
    let created = node.run(&[
        "table",
        "create",
        "planes",
        "--topic",
        &service.id,
        "--key",
        "string",
        "--value",
        "json",
        "--partitions",
        "3",
    ]);
    assert!(created.status.success(), "{created:?}");
    let mut scan = lentic(&["scan", "planes", "--all", "--url", &embedded.url])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary");
    let rows = scan.stdout.take().expect("a pipe");
    let loaded = lentic(&["load", "planes", "-", "--url", url]).stdin(rows).output().expect("the binary");
    assert!(scan.wait().expect("ended").success());
    assert!(loaded.status.success(), "{loaded:?}");
    assert_eq!(node.count("planes"), 5_002);
    assert!(node.dump("planes") == embedded.dump("planes"), "byte for byte");

    // And back by HTTP alone.
    embedded.create_table("back", "string", "json", 2);
    assert_eq!(embedded.load("back", node.dump("planes")), 5_002);
    assert!(embedded.dump("back") == embedded.dump("planes"));
}
