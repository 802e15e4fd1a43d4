//! Declaring tables: by POST, by the configuration file, changed by PATCH, kept across restarts.
use serde_json::{Value, json};

use super::harness::{Answer, Node};
use super::refused;

fn declare(node: &Node, spec: &Value) -> Answer {
    node.request("POST", "/v1/tables").json(spec).send()
}

/// A declaration with some fields set otherwise; null takes one away.
fn with(fields: &Value) -> Value {
    let mut spec = json!({"name": "planes", "topic": "planes", "key": "string", "value": "json", "partitions": 3,
                          "partitioner": "crc32", "read_only": false});
    for (name, value) in fields.as_object().unwrap() {
        spec[name] = value.clone();
    }
    spec.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    spec
}

#[test]
fn new_the_same_and_differing() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    let answer = declare(&node, &with(&json!({}))).expect(201);
    assert_eq!(answer.header("location"), Some("/v1/tables/planes"));
    let table = answer.json();
    for (field, value) in [
        ("name", json!("planes")),
        ("topic", json!("planes")),
        ("key", json!("string")),
        ("value", json!("json")),
        ("partitioner", json!("crc32")),
        ("partitioner_is", json!("named")),
        ("read_only", json!(false)),
        ("warnings", json!([])),
    ] {
        assert_eq!(table[field], value, "{field}");
    }
    assert_eq!(table["partitions"].as_array().unwrap().len(), 3);
    // What is left out does not differ.
    for fields in
        [json!({}), json!({"partitions": null}), json!({"partitioner": null}), json!({"read_only": null})]
    {
        let again = declare(&node, &with(&fields)).expect(200);
        assert_eq!(
            (again.json()["topic_id"].clone(), again.header("location")),
            (table["topic_id"].clone(), None)
        );
    }
    for (fields, named) in [
        (json!({"topic": "other"}), &["topic"][..]),
        (json!({"key": "bytes"}), &["key"]),
        (json!({"value": "string"}), &["value"]),
        (json!({"partitions": 4}), &["partitions"]),
        (json!({"partitioner": "murmur2"}), &["partitioner"]),
        (json!({"read_only": true}), &["read_only"]),
        (json!({"value": "int", "key": "int", "topic": "other"}), &["topic", "key", "value"]),
    ] {
        let answer = declare(&node, &with(&fields)).expect_error(409, "table_differs");
        assert_eq!(answer.json()["fields"], json!(named));
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        for (field, asked) in fields.as_object().unwrap() {
            let asked = asked.as_str().map_or_else(|| asked.to_string(), str::to_owned);
            assert!(message.contains(field) && message.contains(&asked), "{message}");
        }
    }
    // A refused declaration has no effect: no topic was made for it.
    node.get("/v1/topics/other/guess").send().expect_error(404, "topic_not_found");
    assert_eq!(node.describe("planes")["topic_id"], table["topic_id"]);
}

#[test]
fn left_out_fields() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    let spec = json!({"name": "t", "key": "string", "value": "json"});
    assert_eq!(declare(&node, &spec).expect(201).json()["topic"], "t");
    let table = node.request("POST", "/v1/tables?wait=ready").json(&spec).send().expect(200).json();
    assert_eq!((&table["ready"], &table["partitioner_is"]), (&json!(true), &json!("detected")));
    assert_eq!(table["partitions"].as_array().unwrap().len(), 4);
    assert_eq!(node.get("/v1/topics/t/guess").send().expect(200).json()["cleanup_policy"], "compact");
    // Another table over the same topic has the same rows.
    node.declare(&json!({"name": "u", "topic": "t", "key": "bytes", "value": "bytes"}));
    node.put_row("t", "a", "{\"x\": 1}");
    let token = node.put_row("t", "b", "2");
    let read = node.get("/v1/tables/u/rows/a").header("lentic-at-least", &token).send().expect(200);
    assert_eq!(read.text(), "{\"x\": 1}");
    let names = node.get("/v1/tables").send().expect(200).json();
    let names: Vec<_> =
        names["tables"].as_array().unwrap().iter().map(|table| table["name"].clone()).collect();
    assert_eq!(names, ["t", "u"]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    declare(&node, &with(&json!({}))).expect(201);
    for (fields, status, code) in [
        (json!({"name": null}), 400, "bad_request"),
        (json!({"key": null}), 400, "bad_request"),
        (json!({"value": null}), 400, "bad_request"),
        (json!({"name": "a b"}), 400, "bad_request"),
        (json!({"name": ""}), 400, "bad_request"),
        (json!({"name": "a/b"}), 400, "bad_request"),
        (json!({"name": "x".repeat(250)}), 400, "bad_request"),
        (json!({"topic": ".."}), 400, "bad_request"),
        (json!({"key": "text"}), 400, "bad_request"),
        (json!({"partitioner": "random"}), 400, "bad_request"),
        (json!({"partitions": -1}), 400, "bad_request"),
        (json!({"partitions": "3"}), 400, "bad_request"),
        (json!({"readonly": true}), 400, "bad_request"),
        (json!({"name": "n", "topic": "n", "partitions": 0}), 422, "bad_table"),
        // Of an existing topic.
        (json!({"name": "n", "partitions": 4}), 422, "bad_table"),
        (json!({"name": "n", "topic": "lentic-statements", "partitions": null}), 422, "bad_table"),
        (json!({"name": "n", "topic": "lentic-shards", "partitions": null}), 422, "bad_table"),
    ] {
        declare(&node, &with(&fields)).expect_error(status, code);
    }
    for body in ["", "[]", "{", "{\"name\":\"t\"} {}"] {
        node.post("/v1/tables", body).send().expect_error(400, "bad_request");
    }
    let path =
        |query: &str| node.request("POST", &format!("/v1/tables?{query}")).json(&with(&json!({}))).send();
    path("wait=soon").expect_error(400, "bad_parameter");
    path("await=ready").expect_error(400, "unknown_parameter");
    assert_eq!(node.get("/v1/tables").send().expect(200).json()["tables"].as_array().unwrap().len(), 1);
}

#[test]
fn patch_changes_what_can_be_changed() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    node.create_table("t", "string", "json", 2);
    let patch = |node: &Node, body: &Value| node.request("PATCH", "/v1/tables/t").json(body).send();
    node.put_row("t", "a", "1");
    assert_eq!(patch(&node, &json!({"read_only": true})).expect(200).json()["read_only"], true);
    node.put("/v1/tables/t/rows/a", "2").send().expect_error(403, "read_only");
    assert!(node.stop().success());
    let node = Node::ready(dir.path(), &[]);
    node.put("/v1/tables/t/rows/a", "2").send().expect_error(403, "read_only");
    assert_eq!(patch(&node, &json!({"read_only": false})).expect(200).json()["read_only"], false);
    node.put_row("t", "a", "2");
    let table = patch(&node, &json!({"partitioner": "murmur2"})).expect(200).json();
    assert_eq!((&table["partitioner"], &table["partitioner_is"]), (&json!("murmur2"), &json!("named")));
    for body in [json!({}), json!({"key": "int"}), json!({"read_only": 1}), json!({"partitioner": "random"})]
    {
        patch(&node, &body).expect_error(400, "bad_request");
    }
    node.request("PATCH", "/v1/tables/u")
        .json(&json!({"read_only": true}))
        .send()
        .expect_error(404, "table_not_found");
    node.request("PUT", "/v1/tables/t").body("{}").send().expect_error(405, "method_not_allowed");
}

/// Every way to write, with and without conditions.
#[test]
fn a_read_only_table_refuses_every_write() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    node.create_table("t", "string", "json", 1);
    let tag = format!("\"{}\"", node.put_row("t", "a", "1"));
    node.declare(
        &json!({"name": "replica", "topic": "t", "key": "string", "value": "json", "read_only": true}),
    );
    let row = "/v1/tables/replica/rows/a";
    for request in [
        node.put(row, "2"),
        node.put(row, "2").header("content-type", "application/octet-stream"),
        node.put(&format!("{row}?ack=log"), "2"),
        node.put(row, "2").header("if-match", &tag),
        node.put(row, "2").header("if-match", "*"),
        node.put("/v1/tables/replica/rows/b", "2").header("if-none-match", "*"),
        node.delete(row),
        node.delete(row).header("if-match", &tag),
        node.post("/v1/tables/replica/rows:write", r#"{"writes":[{"key":"a","value":2}]}"#),
        node.post("/v1/tables/replica/rows:write", r#"{"writes":[{"key":"a","delete":true}]}"#),
        node.post("/v1/tables/replica/rows:load", "{\"key\":\"a\",\"value\":2}\n"),
        node.post("/v1/tables/replica/rows:load?on-error=skip", "{\"key\":\"a\",\"value\":2}\n"),
    ] {
        request.send().expect_error(403, "read_only");
    }
    assert_eq!(node.row("replica", "a"), Some("1".to_owned()));
    assert_eq!(node.describe("t")["partitions"][0]["end"], 1);
}

#[test]
fn the_file_declares() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lentic.toml");
    let data = dir.path().join("data");
    let table = |value: &str| {
        format!(
            "[[tables]]\nname = \"t\"\ntopic = \"rows\"\nkey = \"string\"\nvalue = \"{value}\"\npartitions = 2\n"
        )
    };
    let start = || Node::ready(&data, &["--config", file.to_str().unwrap()]);
    std::fs::write(&file, table("json")).unwrap();
    let node = start();
    assert_eq!(node.describe("t")["topic"], "rows");
    node.put_row("t", "a", "1");
    assert!(node.stop().success());
    // The same again, and one more.
    std::fs::write(
        &file,
        table("json") + "[[tables]]\nname = \"u\"\ntopic = \"u\"\nkey = \"int\"\nvalue = \"bytes\"\n",
    )
    .unwrap();
    let node = start();
    assert_eq!(node.row("t", "a"), Some("1".to_owned()));
    assert_eq!(node.describe("u")["key"], "int");
    assert!(node.stop().success());
    // A differing one refuses the start and says in what, every time.
    std::fs::write(&file, table("string")).unwrap();
    for _ in 0..5 {
        let (code, said) = refused(&data, &["--config", file.to_str().unwrap()]);
        assert_eq!(code, 1, "{said}");
        assert!(
            said.contains("table t of the configuration")
                && said.contains("value = json (asked for: string)"),
            "{said}"
        );
    }
    // A table that the file no longer names stays.
    let node = Node::ready(&data, &[]);
    assert_eq!(node.row("t", "a"), Some("1".to_owned()));
}

/// As records of one topic of one partition: with the state gone the declarations are the same.
#[test]
fn declarations_survive_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::ready(dir.path(), &[]);
    node.create_table("changed", "string", "json", 2);
    node.create_table("dropped", "string", "json", 1);
    node.create_table("again", "string", "json", 1);
    node.declare(
        &json!({"name": "named", "topic": "again", "key": "bytes", "value": "bytes", "partitioner": "fnv1a",
                         "read_only": true}),
    );
    node.put_row("again", "a", "\"old\"");
    node.request("PATCH", "/v1/tables/changed").json(&json!({"read_only": true})).send().expect(200);
    node.delete("/v1/tables/dropped").send().expect(200);
    node.delete("/v1/tables/again").send().expect(200);
    node.declare(&json!({"name": "again", "topic": "again", "key": "bytes", "value": "string"}));
    let declared = |node: &Node| -> Vec<Value> {
        let fields =
            ["name", "topic", "topic_id", "key", "value", "read_only", "partitioner", "partitioner_is"];
        let tables = node.get("/v1/tables").send().expect(200).json()["tables"].take();
        let declaration = |table: &Value| fields.iter().map(|field| table[*field].clone()).collect();
        tables.as_array().unwrap().iter().map(declaration).collect()
    };
    let before = declared(&node);
    assert_eq!(before.len(), 3);
    assert!(node.stop().success());
    for lose_state in [false, true] {
        if lose_state {
            std::fs::remove_dir_all(dir.path().join("state")).unwrap();
        }
        let node = Node::ready(dir.path(), &[]);
        assert_eq!(declared(&node), before);
        assert_eq!(node.row("again", "a"), Some("\"old\"".to_owned()));
        node.get("/v1/tables/dropped").send().expect_error(404, "table_not_found");
        let statements = node.get("/v1/topics/lentic-statements/guess").send().expect(200).json();
        assert_eq!((&statements["partitions"], &statements["sampled"]), (&json!(1), &json!(8)));
        assert_eq!(statements["value"], json!({"format": "json", "share": 1.0}));
        assert!(node.stop().success());
    }
}
