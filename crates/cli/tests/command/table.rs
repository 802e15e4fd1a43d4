//! `table`: declaring, listing, changing, dropping, guessing.
use serde_json::{Value, json};

use super::{node, printed};

fn json(text: &str) -> Value {
    assert!(text.ends_with('\n') && text.lines().count() == 1, "{text}");
    serde_json::from_str(text).unwrap()
}

#[test]
fn from_create_to_drop() {
    let (node, _dir) = node();
    let create = [
        "table",
        "create",
        "planes",
        "--topic",
        "rows",
        "--key",
        "string",
        "--value",
        "json",
        "--partitions",
        "3",
        "--partitioner",
        "crc32",
        "--read-only",
        "--wait",
    ];
    for _ in 0..2 {
        let table = json(&printed(&node, &create));
        for (field, value) in [
            ("name", json!("planes")),
            ("topic", json!("rows")),
            ("key", json!("string")),
            ("value", json!("json")),
            ("partitioner", json!("crc32")),
            ("read_only", json!(true)),
            ("ready", json!(true)),
        ] {
            assert_eq!(table[field], value, "{field}");
        }
        assert_eq!(table["partitions"].as_array().unwrap().len(), 3);
    }
    printed(&node, &["table", "create", "other", "--key", "int", "--value", "double", "--json"]);
    assert_eq!(printed(&node, &["table", "list"]), "other\nplanes\n");
    let listed = printed(&node, &["table", "list", "--json"]);
    let names: Vec<_> = listed.lines().map(|line| json(&format!("{line}\n"))["name"].clone()).collect();
    assert_eq!(names, ["other", "planes"]);
    assert_eq!(json(&printed(&node, &["table", "describe", "other"]))["topic"], "other");
    assert_eq!(
        json(&printed(&node, &["table", "describe", "other", "--json"]))["partitions"][3]["partition"],
        3
    );

    assert_eq!(node.run(&["put", "planes", "a", "1"]).status.code(), Some(1));
    assert_eq!(json(&printed(&node, &["table", "alter", "planes", "--read-write"]))["read_only"], false);
    printed(&node, &["put", "planes", "a", "1"]);
    let altered = json(&printed(
        &node,
        &["table", "alter", "planes", "--read-only", "--partitioner", "murmur2", "--json"],
    ));
    assert_eq!((&altered["read_only"], &altered["partitioner"]), (&json!(true), &json!("murmur2")));
    for arguments in [&["--read-only", "--read-write"][..], &[], &["--partitioner", "random"]] {
        assert_eq!(node.run(&[&["table", "alter", "planes"], arguments].concat()).status.code(), Some(2));
    }

    assert_eq!(json(&printed(&node, &["table", "drop", "planes"]))["topic"], "rows");
    printed(
        &node,
        &["table", "create", "planes", "--topic", "rows", "--key", "string", "--value", "json", "--wait"],
    );
    assert_eq!(printed(&node, &["get", "planes", "a"]), "1");
    json(&printed(&node, &["table", "drop", "planes", "--delete-topic", "--json"]));
    let output = node.run(&["table", "guess", "rows"]);
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: topic_not_found: "));
    assert_eq!(node.run(&["table", "drop", "planes"]).status.code(), Some(1));
}

/// The printed command declares the table that the topic was written through.
#[test]
fn guess_prints_the_command() {
    let (node, _dir) = node();
    for (topic, key, value, partitioner, rows) in [
        (
            "planes",
            "string",
            "json",
            "murmur2",
            &[("N1", "{\"seats\":1}"), ("N2", "{\"seats\":2}"), ("ü", "null")][..],
        ),
        ("numbers", "int", "double", "crc32", &[("1", "0.5"), ("-2", "1.5"), ("3", "2"), ("70000", "1e9")]),
        ("big", "bigint", "bigint", "fnv1a", &[("1", "5"), ("-2", "6"), ("3000000000", "-1")]),
        ("texts", "string", "string", "murmur2", &[("a", "some words"), ("b", "more words"), ("c", "")]),
    ] {
        node.declare(
            &json!({"name": topic, "key": key, "value": value, "partitions": 7, "partitioner": partitioner}),
        );
        for (key, value) in rows {
            node.put_row(topic, &key.replace('ü', "%C3%BC"), value);
        }
        for n in 10..60 {
            let text = if value == "string" { format!("text {n}") } else { format!("{n}") };
            let (row, value) = (if key == "string" { format!("key {n}") } else { n.to_string() }, text);
            printed(&node, &["put", topic, &row, &value]);
        }
        let output = node.run(&["table", "guess", topic]);
        let expected = format!(
            "lentic table create {topic} --topic {topic} --key {key} --value {value} --partitioner {partitioner}\n"
        );
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.starts_with(&format!("{topic}: 7 partitions, cleanup.policy=compact, ")), "{said}");
        let found = json(&printed(&node, &["table", "guess", topic, "--json"]));
        assert_eq!(
            (&found["topic"], &found["partitions"], &found["sampled"]),
            (&json!(topic), &json!(7), &json!(rows.len() + 50))
        );
        // As it is printed it is understood.
        printed(&node, &["table", "drop", topic]);
        let command: Vec<_> = expected.split_whitespace().skip(1).collect();
        printed(&node, &[&command[..], &["--wait"]].concat());
        assert_eq!(node.count(topic), rows.len() as u64 + 50);
    }
    printed(&node, &["table", "create", "empty", "--key", "string", "--value", "json"]);
    let output = node.run(&["table", "guess", "empty"]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("warning: the topic holds no records"),
        "{output:?}"
    );
}
