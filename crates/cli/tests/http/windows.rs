//! Tables whose keys have windows: read by key, by window, by time; never written.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::fixture::{Here, says_how_fresh};
use crate::harness::until;

const MINUTE: i64 = 60_000;

/// A topic of one partition that a table of bytes writes to, and windowed tables read.
struct Topic {
    here: Here,
}

impl Topic {
    fn new() -> Self {
        let here = Here::start(&[]);
        here.declare(
            &json!({"name": "raw", "topic": "w", "key": "bytes", "value": "string", "partitions": 1}),
        );
        Self { here }
    }

    fn put(&self, key: &[&[u8]], value: Option<&str>) {
        let path =
            format!("/v1/tables/raw/rows/{}?key-encoding=base64url", URL_SAFE_NO_PAD.encode(key.concat()));
        match value {
            Some(value) => self.here.put(&path, value).send().expect(200),
            None => self.here.delete(&path).send().expect(200),
        };
    }

    fn declare(&self, name: &str, key: &str, window: &Value) {
        self.here
            .declare(&json!({"name": name, "topic": "w", "key": key, "value": "string", "window": window}));
    }

    /// Keys, windows and values of a page.
    fn rows(&self, path: &str) -> Vec<Value> {
        let page = self.here.get(path).send().expect(200).json();
        let row = |row: &Value| json!([row["key"], row["window"], row["value"]]);
        page["rows"].as_array().expect("rows").iter().map(row).collect()
    }
}

fn time(millis: i64) -> [u8; 8] {
    millis.to_be_bytes()
}

fn sequence(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

#[test]
fn windows_of_a_window_store() {
    let topic = Topic::new();
    for (key, start, number, value) in [
        ("b", 0, 0, "b0"),
        ("a", 2, 0, "a2"),
        ("a\0", 1, 0, "zero"),
        ("", 5, 0, "empty"),
        ("a", 0, 0, "a0"),
        ("a", 1, 0, "a1"),
        ("ab", 1, 7, "ab1"),
    ] {
        topic.put(&[key.as_bytes(), &time(start * MINUTE), &sequence(number)], Some(value));
    }
    topic.put(&[b"short"], Some("no window"));
    topic.declare("w", "string", &json!({"kind": "time", "sequence": true, "size_ms": MINUTE}));
    let here = &topic.here;
    let window = |start: i64| json!({"start": start * MINUTE, "end": (start + 1) * MINUTE});
    let a = [0, 1, 2].map(|start| json!(["a", window(start), format!("a{start}")]));
    assert_eq!(topic.rows("/v1/tables/w/rows/a"), a);
    assert_eq!(topic.rows("/v1/tables/w/rows/a?order=desc&limit=1"), a[2..]);
    assert_eq!(topic.rows("/v1/tables/w/rows/a?from=60000"), a[1..]);
    assert_eq!(topic.rows("/v1/tables/w/rows/a?from=1970-01-01T00:00:30Z&to=120000"), a[1..2]);
    assert_eq!(topic.rows("/v1/tables/w/rows/missing"), [] as [Value; 0]);
    assert_eq!(topic.rows("/v1/tables/w/rows/"), [json!(["", window(5), "empty"])]);
    assert_eq!(topic.rows("/v1/tables/w/rows/a%00"), [json!(["a\0", window(1), "zero"])]);

    // By pages, and as lines.
    let mut path = "/v1/tables/w/rows/a?limit=2".to_owned();
    let mut seen = Vec::new();
    loop {
        let answer = here.get(&path).send().expect(200);
        says_how_fresh(&answer);
        seen.extend(answer.json()["rows"].as_array().expect("rows").clone());
        match answer.json()["cursor"].as_str() {
            Some(cursor) => path = format!("/v1/tables/w/rows/a?limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 3);
    here.get(&format!("{path}&from=1")).send().expect_error(400, "cursor_mismatch");
    let lines = here.get("/v1/tables/w/rows/a?to=1").header("accept", "application/x-ndjson").send();
    let line = "{\"key\":\"a\",\"window\":{\"start\":0,\"end\":60000},\"value\":\"a0\"}\n";
    assert_eq!(lines.expect(200).text(), line);

    // All keys, in their order and within each in the order of time.
    let order: Vec<Value> = topic.rows("/v1/tables/w/rows").iter().map(|row| row[2].clone()).collect();
    assert_eq!(order, ["empty", "a0", "a1", "a2", "zero", "ab1", "b0", "no window"]);
    assert_eq!(topic.rows("/v1/tables/w/rows?prefix=a&from=60000&to=120000").len(), 3);
    assert_eq!(here.count("w"), 8);
    let count = here.get("/v1/tables/w/rows:count?from=60000&to=120000").send().expect(200).json();
    assert_eq!(count["count"], 3);

    // One window.
    let one = here.get("/v1/tables/w/rows/a?window=60000").send().expect(200);
    assert_eq!((one.text(), one.header("content-type")), ("a1", Some("text/plain; charset=utf-8")));
    says_how_fresh(&one);
    let tag = one.header("etag").expect("an ETag");
    here.get("/v1/tables/w/rows/a?window=60000").header("if-none-match", tag).send().expect(304);
    assert_eq!(here.get("/v1/tables/w/rows/a?window=1970-01-01T00:02:00Z").send().expect(200).text(), "a2");
    here.request("HEAD", "/v1/tables/w/rows/a?window=0").send().expect(200);
    here.get("/v1/tables/w/rows/a?window=3").send().expect_error(404, "row_not_found");
    here.get("/v1/tables/w/rows/ab?window=60000").send().expect_error(404, "row_not_found");
    assert_eq!(here.get("/v1/tables/w/rows/ab?window=60000&sequence=7").send().expect(200).text(), "ab1");
    let ab = json!(["ab", {"start": MINUTE, "end": 2 * MINUTE, "sequence": 7}, "ab1"]);
    assert_eq!(topic.rows("/v1/tables/w/rows/ab"), [ab]);

    // A tombstone takes one window away.
    topic.put(&[b"a", &time(MINUTE), &sequence(0)], None);
    until("the delete", || (topic.rows("/v1/tables/w/rows/a").len() == 2).then_some(()));
}

#[test]
fn refusals() {
    let topic = Topic::new();
    topic.declare("w", "string", &json!({"kind": "time", "size_ms": 5}));
    topic.put(&[b"a", &time(10)], Some("v"));
    let here = &topic.here;
    until("the row", || (here.count("w") == 1).then_some(()));
    assert_eq!(topic.rows("/v1/tables/w/rows/a"), [json!(["a", {"start": 10, "end": 15}, "v"])]);
    for (query, code) in [
        ("window=soon", "bad_parameter"),
        ("window=10..15", "bad_parameter"),
        ("window=10&sequence=0", "bad_parameter"),
        ("window=10&limit=1", "bad_parameter"),
        ("from=soon", "bad_parameter"),
        ("sequence=1", "bad_parameter"),
        ("prefix=a", "unknown_parameter"),
        ("as_of=5", "not_versioned"),
        ("as_of=5&from=5", "not_versioned"),
        ("as_of=5&window=5", "not_versioned"),
    ] {
        here.get(&format!("/v1/tables/w/rows/a?{query}")).send().expect_error(400, code);
    }
    here.get("/v1/tables/raw/rows/a?window=10").send().expect_error(400, "unknown_parameter");
    here.post("/v1/tables/w/rows:get", r#"{"keys":["a"]}"#).send().expect_error(400, "windowed_keys");
    here.put("/v1/tables/w/rows/a", "v").send().expect_error(403, "read_only");
    here.delete("/v1/tables/w/rows/a").send().expect_error(403, "read_only");
    let write = r#"{"writes":[{"key":"a","value":"v"}]}"#;
    here.post("/v1/tables/w/rows:write", write).send().expect_error(403, "read_only");
    here.request("PATCH", "/v1/tables/w")
        .json(&json!({"read_only": false}))
        .send()
        .expect_error(422, "bad_table");
    here.delete("/v1/tables/w?delete-topic=true").send().expect_error(403, "read_only");
    let declare = |name: &str, window: Value| {
        let spec = json!({"name": name, "topic": "w", "key": "string", "value": "string", "window": window});
        here.request("POST", "/v1/tables").json(&spec).send()
    };
    declare("v", json!({"kind": "time"})).expect_error(422, "bad_table");
    declare("v", json!({"kind": "session", "size_ms": 5})).expect_error(422, "bad_table");
    declare("v", json!({"kind": "hopping"})).expect_error(400, "bad_request");
    declare("w", json!({"kind": "time", "size_ms": 5})).expect(200);
    declare("w", json!({"kind": "time", "size_ms": 6})).expect_error(409, "table_differs");
    assert_eq!(here.describe("w")["window"], json!({"kind": "time", "sequence": false, "size_ms": 5}));
}

#[test]
fn sessions_and_what_retention_hides() {
    let mut topic = Topic::new();
    let session =
        |key: i32, start: i64, end: i64| [key.to_be_bytes().to_vec(), time(end).into(), time(start).into()];
    let put = |topic: &Topic, key, start, end| {
        let key = session(key, start, end);
        topic.put(&[&key[0], &key[1], &key[2]], Some(&format!("{start}..{end}")));
    };
    for (key, start, end) in [(-1, 0, 100), (-1, 200, 200), (3, 50, 900), (3, 950, 960)] {
        put(&topic, key, start, end);
    }
    topic.declare("all", "int", &json!({"kind": "session"}));
    topic.declare("kept", "int", &json!({"kind": "session", "retention_ms": 800}));
    let row = |key: i32, start: i64, end: i64| json!([key, {"start": start, "end": end}, format!("{start}..{end}")]);
    let rows = [row(-1, 0, 100), row(-1, 200, 200), row(3, 50, 900), row(3, 950, 960)];
    assert_eq!(topic.rows("/v1/tables/all/rows"), rows);
    assert_eq!(topic.rows("/v1/tables/all/rows/3?from=51"), rows[3..]);
    assert_eq!(topic.rows("/v1/tables/all/rows/3?to=950"), rows[2..3]);
    let one = topic.here.get("/v1/tables/all/rows/-1?window=0..100").send().expect(200);
    assert_eq!(one.text(), "0..100");
    topic.here.get("/v1/tables/all/rows/-1?window=0").send().expect_error(400, "bad_parameter");

    // What ends below 960 - 800 + 1 is hidden.
    assert_eq!(topic.rows("/v1/tables/kept/rows"), rows[1..]);
    topic.here.get("/v1/tables/kept/rows/-1?window=0..100").send().expect_error(404, "row_not_found");
    assert_eq!(topic.here.count("kept"), 3);
    put(&topic, 9, 999, 999);
    let shown = [row(3, 50, 900), row(3, 950, 960), row(9, 999, 999)];
    until("the time", || (topic.here.count("kept") == 4).then_some(()));
    assert_eq!(topic.rows("/v1/tables/kept/rows/-1"), [row(-1, 200, 200)]);
    put(&topic, 9, 1_000, 1_000);
    until("the next time", || (topic.rows("/v1/tables/kept/rows/-1").is_empty()).then_some(()));
    assert_eq!(topic.rows("/v1/tables/kept/rows")[..3], shown);
    assert_eq!(topic.here.count("all"), 6);

    // The time survives with the rows, and is found again where they are lost.
    topic.here.restart();
    assert_eq!(topic.here.count("kept"), 4);
    topic.here.lose_state();
    topic.here.until_ready("kept");
    assert_eq!(topic.here.count("kept"), 4);
}

#[test]
fn watched() {
    let topic = Topic::new();
    topic.put(&[b"a", &time(5), &sequence(0)], Some("first"));
    topic.put(&[b"ab", &time(5), &sequence(0)], Some("other"));
    topic.declare("w", "string", &json!({"kind": "time", "sequence": true}));
    let mut events = topic.here.get("/v1/tables/w/watch?key=a").lines();
    let event = events.next_named("put").json();
    assert_eq!((&event["key"], &event["window"]), (&json!("a"), &json!({"start": 5})));
    events.next_named("snapshot-end");
    topic.put(&[b"ab", &time(6), &sequence(0)], Some("other"));
    topic.put(&[b"a", &time(6), &sequence(0)], Some("second"));
    topic.put(&[b"a", &time(5), &sequence(0)], None);
    let event = events.next_named("put").json();
    assert_eq!((&event["value"], &event["window"]), (&json!("second"), &json!({"start": 6})));
    let event = events.next_named("delete").json();
    assert_eq!((&event["key"], &event["window"]), (&json!("a"), &json!({"start": 5})));
}

#[test]
fn on_the_command_line() {
    let topic = Topic::new();
    for start in 0..3 {
        topic.put(&[b"a", &time(start)], Some(&format!("v{start}")));
    }
    let run = |arguments: &[&str]| {
        let output = topic.here.run(arguments);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        assert!(output.status.success(), "{arguments:?}: {}", text(output.stderr));
        text(output.stdout)
    };
    let create = ["table", "create", "w", "--key", "string", "--value", "string", "--window", "time"];
    run(&[&create[..], &["--window-size", "1s", "--wait"]].concat());
    assert_eq!(topic.here.run(&create).status.code(), Some(2));
    assert_eq!(run(&["get", "w", "a", "--window", "1"]), "v1");
    let line = |start: i64| {
        format!(
            "{{\"key\":\"a\",\"window\":{{\"start\":{start},\"end\":{}}},\"value\":\"v{start}\"}}\n",
            start + 1_000
        )
    };
    assert_eq!(run(&["get", "w", "a"]), line(0) + &line(1) + &line(2));
    assert_eq!(run(&["scan", "w", "--key", "a", "--from", "1", "--to", "2"]), line(1));
    assert_eq!(run(&["scan", "w", "--from", "2"]), line(2));
}
