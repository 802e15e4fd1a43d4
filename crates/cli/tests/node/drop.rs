//! Dropping tables, with and without their topics.
use serde_json::json;

use super::harness::Node;

#[test]
fn the_topic_stays() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    node.create_table("t", "string", "json", 3);
    super::put_numbered(&node, "t", 20);
    let (before, id) = (node.dump("t"), node.describe("t")["topic_id"].clone());
    let mut watch = node.get("/v1/tables/t/watch").lines();
    watch.next_named("snapshot-end");
    let dropped = node.delete("/v1/tables/t").send().expect(200).json();
    assert_eq!((&dropped["name"], &dropped["topic_id"]), (&json!("t"), &id));
    assert_eq!(watch.next_named("error").json()["error"]["code"], "table_not_found");
    for request in [
        node.get("/v1/tables/t"),
        node.get("/v1/tables/t/rows/k1"),
        node.get("/v1/tables/t/rows"),
        node.put("/v1/tables/t/rows/k1", "1"),
        node.get("/v1/tables/t/watch"),
        node.delete("/v1/tables/t"),
        node.get("/readyz?table=t"),
    ] {
        request.send().expect_error(404, "table_not_found");
    }
    assert!(!node.get("/metrics").send().expect(200).text().contains("table=\"t\""));
    node.create_table("t", "string", "json", 3);
    assert_eq!((node.dump("t"), &node.describe("t")["topic_id"]), (before, &id));
}

#[test]
fn the_topic_goes() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    node.create_table("t", "string", "json", 3);
    let token = node.put_row("t", "a", "1");
    let id = node.describe("t")["topic_id"].clone();
    node.delete("/v1/tables/t?delete-topic=perhaps").send().expect_error(400, "bad_parameter");
    node.delete("/v1/tables/t?delete-topic=true").send().expect(200);
    node.get("/v1/topics/t/guess").send().expect_error(404, "topic_not_found");
    // A new topic of that name is another one, with other partitions and other tokens.
    node.create_table("t", "string", "json", 5);
    assert_ne!(node.describe("t")["topic_id"], id);
    assert_eq!((node.count("t"), node.row("t", "a")), (0, None));
    node.get("/v1/tables/t/rows/a").header("lentic-at-least", &token).send().expect_error(400, "bad_token");
    node.put("/v1/tables/t/rows/a", "2")
        .header("if-match", &format!("\"{token}\""))
        .send()
        .expect_error(412, "precondition_failed");
    node.put_row("t", "b", "2");
    assert!(node.stop().success());
    let node = Node::ready(dir.path(), &[]);
    assert_eq!(node.dump("t"), "{\"key\":\"b\",\"value\":2}\n");
}

/// What a table's rows leave behind is none of the next table's business.
#[test]
fn again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    for round in 0..5 {
        node.create_table("t", "string", "json", 2);
        node.put_row("t", &format!("k{round}"), "1");
        assert_eq!(node.count("t"), if round < 3 { round + 1 } else { round - 2 }, "{round}");
        let topic = if round == 2 { "?delete-topic=true" } else { "" };
        node.delete(&format!("/v1/tables/t{topic}")).send().expect(200);
    }
}
