//! `/healthz` and `/readyz`.
use serde_json::json;

use super::harness::Node;

/// Starts a node whose table `lost` has lost its topic while another service had the directory.
fn with_a_lost_table(dir: &std::path::Path) -> Node {
    let declare = |node: &Node, name: &str| {
        let spec = json!({"name": name, "topic": "gone", "key": "string", "value": "json", "partitions": 2});
        node.declare(&spec);
    };
    let node = Node::ready(dir, &[]);
    node.create_table("good", "string", "json", 1);
    declare(&node, "lost");
    node.put_row("lost", "a", "1");
    node.get("/readyz?table=lost").send().expect(200);
    assert!(node.stop().success());
    let other = Node::ready(dir, &["--service-id", "other"]);
    declare(&other, "helper");
    other.delete("/v1/tables/helper?delete-topic=true").send().expect(200);
    assert!(other.stop().success());
    Node::start(dir, &["--ends-refresh-ms", "20ms"])
}

/// The tables known at the start decide; a single one may be asked for.
#[test]
fn ready_once_caught_up() {
    let dir = tempfile::tempdir().unwrap();
    let node = with_a_lost_table(dir.path());
    assert_eq!(node.get("/healthz").send().expect(200).json(), json!({"status": "ok"}));
    node.until_ready("good");
    let waiting = node.get("/readyz").send().expect_error(503, "catching_up");
    assert_eq!(waiting.json()["tables"], json!(["lost"]));
    assert!(waiting.header("retry-after").is_some());
    node.get("/v1/tables/good/rows").send().expect(200);
    node.get("/v1/tables/lost/rows").send().expect_error(503, "table_failed");
    node.get("/readyz?table=lost").send().expect_error(503, "table_failed");
    let description = node.describe("lost");
    let reason = description["partitions"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("the topic gone does not exist"), "{description}");
    node.get("/readyz?table=none").send().expect_error(404, "table_not_found");
    node.get("/readyz?tabel=lost").send().expect_error(400, "unknown_parameter");
    // What it waits for may also go away; then it stays ready, whatever comes.
    node.delete("/v1/tables/lost").send().expect(200);
    assert_eq!(node.get("/readyz").send().expect(200).json(), json!({"status": "ready"}));
}

/// A table over a topic that comes back catches up by itself.
#[test]
fn a_topic_that_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let node = with_a_lost_table(dir.path());
    node.get("/readyz").send().expect_error(503, "catching_up");
    node.declare(
        &json!({"name": "again", "topic": "gone", "key": "string", "value": "json", "partitions": 2}),
    );
    node.put_row("again", "b", "2");
    node.until_ready("lost");
    node.get("/readyz").send().expect(200);
    assert_eq!((node.row("lost", "a"), node.row("lost", "b")), (None, Some("2".to_owned())));
}
