//! `/healthz` and `/readyz`.
use serde_json::json;

use super::harness::{Node, until};

/// The tables known at the start decide, then nothing but a stop; a single table may be asked for.
#[test]
fn ready_once_caught_up() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["--ends-refresh-ms", "20ms"];
    let node = Node::ready(dir.path(), &arguments);
    let answer = node.get("/healthz").send().expect(200);
    assert_eq!(answer.json(), json!({"status": "ok"}));
    node.create_table("good", "string", "json", 1);
    // A table whose topic is deleted under it: by way of another table over the same topic.
    for name in ["lost", "helper"] {
        node.declare(&json!({"name": name, "topic": "gone", "key": "string", "value": "json"}));
    }
    node.get("/readyz?table=lost").send().expect(200);
    node.delete("/v1/tables/helper?delete-topic=true").send().expect(200);
    let lost = until("the loss to be noticed", || {
        let answer = node.get("/readyz?table=lost").send();
        (answer.status != 200).then_some(answer)
    });
    lost.expect_error(503, "table_failed");
    assert_eq!(node.get("/readyz").send().expect(200).json(), json!({"status": "ready"}));
    assert!(node.stop().success());

    let node = Node::start(dir.path(), &arguments);
    node.until_ready("good");
    let waiting = node.get("/readyz").send().expect_error(503, "catching_up");
    assert_eq!(waiting.json()["tables"], json!(["lost"]));
    assert!(waiting.header("retry-after").is_some());
    node.get("/healthz").send().expect(200);
    node.get("/v1/tables/good/rows").send().expect(200);
    node.get("/v1/tables/lost/rows").send().expect_error(503, "table_failed");
    let description = node.describe("lost");
    let reason = description["partitions"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("the topic gone does not exist"), "{description}");
    node.get("/readyz?table=none").send().expect_error(404, "table_not_found");
    node.get("/readyz?tabel=lost").send().expect_error(400, "unknown_parameter");
    // What it waits for may also go away.
    node.delete("/v1/tables/lost").send().expect(200);
    node.get("/readyz").send().expect(200);
}

/// A table over a topic that comes back catches up by itself.
#[test]
fn a_topic_that_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["--ends-refresh-ms", "20ms"];
    let node = Node::ready(dir.path(), &arguments);
    for name in ["lost", "helper"] {
        node.declare(
            &json!({"name": name, "topic": "gone", "key": "string", "value": "json", "partitions": 2}),
        );
    }
    node.put_row("lost", "a", "1");
    node.delete("/v1/tables/helper?delete-topic=true").send().expect(200);
    assert!(node.stop().success());
    let node = Node::start(dir.path(), &arguments);
    node.get("/readyz").send().expect_error(503, "catching_up");
    node.declare(
        &json!({"name": "again", "topic": "gone", "key": "string", "value": "json", "partitions": 2}),
    );
    node.put_row("again", "b", "2");
    node.until_ready("lost");
    node.get("/readyz").send().expect(200);
    assert_eq!((node.row("lost", "a"), node.row("lost", "b")), (None, Some("2".to_owned())));
}
