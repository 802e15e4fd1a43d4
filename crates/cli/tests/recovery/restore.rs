//! `state/` is gone: the log brings everything back, byte for byte, and says how far it is meanwhile.
use std::fmt::Write as _;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::rows::table;
use crate::harness::{Node, until};

/// Settings under which a restore takes long enough to be looked at.
pub const BIG: [&str; 6] =
    ["--restore-threads", "1", "--restore-buffer-bytes", "1MiB", "--flush-interval-ms", "1s"];

/// Declares the table `big` and loads so many rows.
pub fn load_big(node: &Node, rows: usize) {
    node.create_table("big", "string", "json", 8);
    let mut lines = String::new();
    for number in 0..rows {
        writeln!(
            lines,
            r#"{{"key":"row-{number:09}","value":{{"number":{number},"text":"{number:0>60}"}}}}"#
        )
        .expect("written");
    }
    assert_eq!(node.load("big", lines), rows as u64);
}

/// Rows of every kind: what is written, how it is addressed, and what a read of it answers (`None`: no row).
const ROWS: [(&str, &str, &[u8], Option<&[u8]>); 20] = [
    ("json", "object", br#"{"b": 1,  "a": [2, null]}"#, Some(br#"{"b": 1,  "a": [2, null]}"#)),
    ("json", "null", b"null", Some(b"null")),
    ("json", "number", b"-1.50e3", Some(b"-1.50e3")),
    ("json", "rewritten", b"1", Some(b"1")),
    ("json", "", b"\"of the empty key\"", Some(b"\"of the empty key\"")),
    ("json", "a/b/c", b"\"slashes\"", Some(b"\"slashes\"")),
    ("json", "%00%01", b"\"control characters\"", Some(b"\"control characters\"")),
    ("json", "%C3%BC%F0%9F%98%80", b"\"beyond ASCII\"", Some(b"\"beyond ASCII\"")),
    ("text", "empty", b"", Some(b"")),
    ("text", "line", b"two\nlines\r\n", Some(b"two\nlines\r\n")),
    ("text", "null", b"null", Some(b"null")),
    ("raw", "0", b"\x00\xff\xfe", Some(b"\x00\xff\xfe")),
    ("raw", "-1", b"", Some(b"")),
    ("raw", "9223372036854775807", b"greatest", Some(b"greatest")),
    ("raw", "-9223372036854775808", b"least", Some(b"least")),
    ("number", "1", b"7", Some(b"7")),
    ("number", "-2", b"-8", Some(b"-8")),
    ("json", "deleted", b"1", None),
    ("text", "never written, deleted", b"", None),
    ("raw", "17", b"", None),
];

fn write_all(node: &Node) {
    for spec in [
        table("json", "json", "string", "json"),
        table("text", "text", "string", "string"),
        table("raw", "raw", "bigint", "bytes"),
        table("number", "number", "int", "bigint"),
    ] {
        node.declare(&spec);
    }
    node.put_row("json", "rewritten", "0");
    for (table, key, value, read) in ROWS {
        let path = format!("/v1/tables/{table}/rows/{}", key.replace(' ', "%20"));
        if read.is_some() || !value.is_empty() {
            node.put(&path, value).send().expect(200);
        }
        if read.is_none() {
            node.delete(&path).send().expect(200);
        }
    }
    // Bytes that the formats could not have written are rows all the same.
    node.put("/v1/tables/json/rows/undecodable", "{")
        .header("content-type", "application/octet-stream")
        .send()
        .expect(200);
    node.put("/v1/tables/number/rows/AAEC?key-encoding=base64url", "1").send().expect(200);
}

fn check_all(node: &Node) {
    for (table, key, _, read) in ROWS {
        let answer = node.get(&format!("/v1/tables/{table}/rows/{}", key.replace(' ', "%20"))).send();
        match read {
            Some(value) => {
                assert_eq!(
                    (answer.status, answer.body.as_slice()),
                    (200, value),
                    "{table}/{key}: {answer:?}"
                );
            }
            None => drop(answer.expect_error(404, "row_not_found")),
        }
    }
    node.get("/v1/tables/json/rows/undecodable").send().expect_error(422, "row_undecodable");
    let raw =
        node.get("/v1/tables/json/rows/undecodable").header("accept", "application/octet-stream").send();
    assert_eq!(raw.expect(200).body, b"{");
    node.get("/v1/tables/number/rows/AAEC?key-encoding=base64url").send().expect(200);
}

#[test]
fn byte_for_byte() {
    let dir = TempDir::new().expect("a directory");
    let node = Node::start(dir.path(), &[]);
    write_all(&node);
    check_all(&node);
    let whole = |node: &Node| {
        let of = |table: &&str| (node.dump(table), node.pages(table, 3), node.count(table));
        ["json", "text", "raw", "number"].iter().map(of).collect::<Vec<_>>()
    };
    let before = whole(&node);
    assert!(before.iter().all(|(dump, pages, count)| {
        dump.lines().count() == pages.len() && pages.len() as u64 == *count && *count > 1
    }));
    let etag = node.get("/v1/tables/json/rows/object").send().header("etag").expect("an ETag").to_owned();
    node.kill();
    for (how, gracefully, without_state) in [
        ("restarted", true, false),
        ("killed", false, false),
        ("stopped and without state", true, true),
        ("killed and without state", false, true),
    ] {
        let node = Node::ready(dir.path(), &[]);
        if gracefully {
            assert!(node.stop().success());
        } else {
            node.kill();
        }
        if without_state {
            std::fs::remove_dir_all(dir.path().join("state")).expect("removed");
        }
        let node = Node::ready(dir.path(), &[]);
        check_all(&node);
        assert_eq!(whole(&node), before, "{how}");
        // A token from before is one of this table's, and reached.
        let token = etag.trim_matches('"');
        let read = node.get("/v1/tables/json/rows/object").header("lentic-at-least", token).send();
        assert_eq!(read.expect(200).header("etag"), Some(etag.as_str()));
        node.get("/v1/tables/json/rows/object").header("if-none-match", &etag).send().expect(304);
    }
}

/// While a big table is restored the node says how far it is, everywhere, and other tables are served.
#[test]
fn is_visible_while_it_lasts() {
    let dir = TempDir::new().expect("a directory");
    let node = Node::start(dir.path(), &["--fsync", "never"]);
    node.create_table("a-small", "string", "json", 1);
    node.put_row("a-small", "k", "1");
    load_big(&node, 400_000);
    assert!(node.stop().success());
    std::fs::remove_dir_all(dir.path().join("state")).expect("removed");

    let node = Node::start(dir.path(), &BIG);
    let mut seen = 0.0;
    let mut descriptions = 0;
    until("a share that is neither nothing nor all", || {
        let description = node.describe("big");
        assert_eq!(description["ready"], false, "it was restored before anybody could look: {description}");
        let (done, states) = progress(&description);
        assert!(states.iter().all(|state| ["starting", "restoring", "catching up", "ready"].contains(state)));
        assert!(done >= seen, "progress went back from {seen} to {done}: {description}");
        seen = done;
        descriptions += 1;
        (done > 0.05).then_some(())
    });
    assert!(seen < 1.0);

    let read = node.get("/v1/tables/big/rows/row-000000007").header("lentic-timeout", "1ms").send();
    // Its partition may be the one that is done.
    if read.status != 200 {
        assert!(read.header("retry-after").is_some(), "{read:?}");
        let answer = read.expect_error(503, "catching_up").json();
        let message = answer["error"]["message"].as_str().expect("a message").to_owned();
        assert!(message.starts_with("restoring, ") && message.contains(" %"), "{message}");
    }
    node.get("/v1/tables/big/rows?limit=1")
        .header("lentic-timeout", "1ms")
        .send()
        .expect_error(503, "catching_up");
    let ready = node.get("/readyz").send().expect_error(503, "catching_up").json();
    assert_eq!(ready["tables"], json!(["big"]), "{ready}");
    node.get("/readyz?table=big").send().expect_error(503, "catching_up");
    node.get("/readyz?table=a-small").send().expect(200);
    node.get("/healthz").send().expect(200);
    assert_eq!(node.row("a-small", "k"), Some("1".to_owned()));
    assert_eq!(node.metric("lentic_table_ready", r#"table="a-small""#), 1.0);
    assert!(node.metric("lentic_table_ready", r#"table="big""#) < 8.0);
    assert!(node.metric("lentic_table_restored_ratio", r#"table="big""#) < 8.0);
    let status = node.run(&["status"]);
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("restoring"), "{status}");
    // A plain read without a time of its own waits for the rows.
    let late =
        node.get("/v1/tables/big/rows/row-000399999").header("lentic-timeout", "60s").send().expect(200);
    assert_eq!(late.json()["number"], 399_999);

    until("readiness", || (node.get("/readyz").send().status == 200).then_some(()));
    assert_eq!(node.count("big"), 400_000);
    assert_eq!(node.metric("lentic_table_restored_ratio", r#"table="big""#), 8.0);
    assert!(node.log().contains("restored"), "{}", node.log());
    assert!(descriptions > 1);
}

/// The share done, averaged, and the states.
fn progress(description: &Value) -> (f64, Vec<&str>) {
    let partitions = description["partitions"].as_array().expect("partitions");
    let states: Vec<_> = partitions.iter().map(|p| p["state"].as_str().expect("a state")).collect();
    let done = |p: &Value| p["done"].as_f64().unwrap_or(1.0);
    (partitions.iter().map(done).sum::<f64>() / partitions.len() as f64, states)
}

/// Once ready a node stays ready, whatever is declared later; new tables have a readiness of their own.
#[test]
fn readiness_is_of_the_tables_known_at_the_start() {
    let dir = TempDir::new().expect("a directory");
    let node = Node::ready(dir.path(), &[]);
    node.create_table("t", "string", "json", 1);
    node.get("/readyz").send().expect(200);
    node.get("/readyz?table=t").send().expect(200);
    node.get("/readyz?table=other").send().expect_error(404, "table_not_found");
}
