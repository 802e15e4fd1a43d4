//! Watching: a snapshot, its end, then every change.
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fixture::{Here, base64, lines as lines_of, row, stored_row, text, token};
use crate::harness::http::{Event, Lines};
use crate::harness::{Node, until};

/// Opens a watch.
pub fn watch(node: &Node, table: &str, parameters: &str, after: Option<&str>) -> Lines {
    let request = node.get(&format!("/v1/tables/{table}/watch?{parameters}"));
    let lines = match after {
        Some(id) => request.header("Last-Event-ID", id).lines(),
        None => request.lines(),
    };
    assert_eq!(lines.status, 200);
    lines
}

/// The next event that is no sign of life.
#[track_caller]
pub fn next(lines: &mut Lines) -> Event {
    loop {
        let event = lines.next_event().expect("an event");
        if event.event != "heartbeat" && event.event != ":" {
            return event;
        }
    }
}

/// The rows of the snapshot by key, and the id at its end.
#[track_caller]
pub fn snapshot(lines: &mut Lines) -> (Vec<Value>, String) {
    let mut rows = Vec::new();
    loop {
        let event = next(lines);
        if event.event == "snapshot-end" {
            rows.sort_by_key(|row: &Value| row["key"].to_string());
            return (rows, event.id.expect("an id"));
        }
        assert_eq!((event.event.as_str(), &event.id), ("put", &None), "{event:?}");
        rows.push(event.json());
    }
}

#[test]
fn a_snapshot_and_every_change() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "json", 3);
    let mut rows = Vec::new();
    for key in ["a", "b", "c", "d", "e"] {
        let put = here.put(&row("t", key.as_bytes()), "{\n\"x\": 1.0}").send().expect(200).json();
        rows.push(
            json!({"key": key, "value": {"x": 1.0}, "timestamp": put["timestamp"], "token": put["token"]}),
        );
    }
    let answer = here.get("/v1/tables/t/watch?key=none&snapshot=false");
    assert_eq!(answer.lines().status, 200);
    let mut lines = watch(&here, "t", "", None);
    let (seen, _) = snapshot(&mut lines);
    assert_eq!(seen, rows);
    let mut ids = std::collections::BTreeSet::new();
    for (key, value) in
        [("a", Some("2")), ("z", Some("null")), ("a", None), ("nobody", None), ("a", Some("\"é\""))]
    {
        let path = row("t", key.as_bytes());
        let written = match value {
            Some(value) => here.put(&path, value).send(),
            None => here.delete(&path).send(),
        };
        let written = written.expect(200).json();
        let event = next(&mut lines);
        assert_eq!(event.event, if value.is_some() { "put" } else { "delete" });
        let mut expected = json!({"key": key, "timestamp": written["timestamp"], "token": written["token"]});
        if let Some(value) = value {
            expected["value"] = serde_json::from_str(value).expect("JSON");
        }
        assert_eq!(event.json(), expected);
        assert!(ids.insert(event.id.clone().expect("an id")), "{event:?}");
    }
    // Without a snapshot: from the next change on.
    let mut lines = watch(&here, "t", "snapshot=false", None);
    here.put(&row("t", b"a"), "3").send().expect(200);
    let event = next(&mut lines);
    assert_eq!((event.event.as_str(), event.json()["value"].clone()), ("put", json!(3)));
}

#[test]
fn one_key_or_those_that_begin_so() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 3);
    here.create_table("n", "bigint", "int", 3);
    let keys = ["", "a", "a/b", "ab", "b", "%"];
    for key in keys {
        here.put(&row("t", key.as_bytes()), "0").send().expect(200);
    }
    for key in [-1, 1, 10, 256] {
        here.put(&format!("/v1/tables/n/rows/{key}"), "0").send().expect(200);
    }
    let cases: [(&str, &str, Vec<Value>); 10] = [
        ("t", "key=a", vec![json!("a")]),
        ("t", "key=", vec![json!("")]),
        ("t", "key=a%2Fb", vec![json!("a/b")]),
        ("t", "key=%25", vec![json!("%")]),
        ("t", "key=YWI&key-encoding=base64url", vec![json!("ab")]),
        ("t", "key=absent", vec![]),
        ("t", "prefix=a", vec![json!("a"), json!("a/b"), json!("ab")]),
        ("t", "prefix=YQ&key-encoding=base64url", vec![json!("a"), json!("a/b"), json!("ab")]),
        ("n", "key=-1", vec![json!(-1)]),
        ("n", "key=256", vec![json!(256)]),
    ];
    for (table, parameters, expected) in cases {
        let mut lines = watch(&here, table, parameters, None);
        let (rows, _) = snapshot(&mut lines);
        let seen: Vec<_> = rows.into_iter().map(|row| row["key"].clone()).collect();
        assert_eq!(seen, expected, "{parameters}");
        // Every key changes; those are told of that are asked for.
        let all = here.get(&format!("/v1/tables/{table}/rows")).send().expect(200).json();
        for key in all["rows"].as_array().expect("rows") {
            let put = json!({"writes": [{"key": key["key"], "value": 1}]});
            here.request("POST", &format!("/v1/tables/{table}/rows:write")).json(&put).send().expect(200);
        }
        let mut changed: Vec<_> = expected.iter().map(|_| next(&mut lines).json()["key"].clone()).collect();
        changed.sort_by_key(Value::to_string);
        assert_eq!(changed, expected, "{parameters}");
    }
    for (parameters, code) in [
        ("key=a&prefix=b", "bad_parameter"),
        ("snapshot=yes", "bad_parameter"),
        ("from=a", "unknown_parameter"),
        ("key=a&key=b", "unknown_parameter"),
    ] {
        here.get(&format!("/v1/tables/t/watch?{parameters}")).send().expect_error(400, code);
    }
    here.get("/v1/tables/n/watch?key=x").send().expect_error(400, "bad_key");
    here.get("/v1/tables/n/watch?prefix=1").send().expect_error(400, "bad_parameter");
    here.get("/v1/tables/absent/watch").send().expect_error(404, "table_not_found");
}

#[test]
fn what_does_not_decode_is_told_in_base64() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "json", 1);
    let raw = |key: &[u8], value: &[u8]| {
        let put = here.put(&stored_row("t", key), value);
        put.header("Content-Type", "application/octet-stream").send().expect(200);
    };
    raw(b"\xff", b"{\n");
    let mut lines = watch(&here, "t", "", None);
    let event = next(&mut lines).json();
    assert_eq!(
        (&event["key_base64"], &event["value_base64"]),
        (&json!(base64(b"\xff")), &json!(base64(b"{\n")))
    );
    assert_eq!(next(&mut lines).event, "snapshot-end");
    raw(b"\xff", b"");
    let event = next(&mut lines).json();
    assert_eq!((&event["key_base64"], &event["value_base64"]), (&json!(base64(b"\xff")), &json!("")));
    here.delete(&stored_row("t", b"\xff")).send().expect(200);
    let event = next(&mut lines);
    assert_eq!((event.event.as_str(), &event.json()["key_base64"]), ("delete", &json!(base64(b"\xff"))));
}

/// A sign of life carries the newest id: what the filter passed over is behind it.
#[test]
fn heartbeats() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 2);
    let mut quiet = watch(&here, "t", "key=mine", None);
    let mut empty = watch(&here, "t", "snapshot=false", None);
    snapshot(&mut quiet);
    for n in 0..20 {
        here.put(&row("t", format!("k{n}").as_bytes()), "0").send().expect(200);
    }
    let began = Instant::now();
    let beat = quiet.next_named("heartbeat");
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(beat.data, "");
    let other = empty.next_named("heartbeat").id.expect("an id");
    here.put(&row("t", b"k0"), "7").send().expect(200);
    for id in [beat.id.expect("an id"), other] {
        // Whoever comes back with it hears of nothing that was before it.
        let mut lines = watch(&here, "t", "", Some(&id));
        let event = next(&mut lines);
        assert_eq!((event.event.as_str(), event.json()["value"].clone()), ("put", json!(7)));
    }
}

#[test]
fn a_slow_reader_is_cut_off_and_told_why() {
    const ROWS: usize = 120;
    let here = Here::start(&["--watch-buffer-bytes", "64KiB", "--fsync", "never"]);
    here.create_table("t", "int", "string", 1);
    let mut lines = watch(&here, "t", "", None);
    let (_, mut id) = snapshot(&mut lines);
    // Some 100 MB: more than the buffers of sockets take, however far the system lets them grow.
    let value = "x".repeat(800_000);
    let body = lines_of(0..ROWS, |key| format!("{{\"key\":{key},\"value\":\"{value}\"}}"));
    here.post("/v1/tables/t/rows:load", body).send().expect(200);
    let mut seen = 0;
    let end = loop {
        let event = next(&mut lines);
        if event.event == "error" {
            break event;
        }
        assert_eq!((event.event.as_str(), &event.json()["key"]), ("put", &json!(seen)));
        seen += 1;
        id = event.id.expect("an id");
    };
    assert!(seen < ROWS, "it was cut off");
    let error = &end.json()["error"];
    assert_eq!(error["code"], "overloaded");
    assert!(text(error, "message").contains("watch_buffer_bytes"), "{error}");
    assert!(text(error, "hint").contains("Last-Event-ID"), "{error}");
    assert_eq!(lines.next_event(), None, "the answer is over");
    // It comes back and misses nothing.
    let mut lines = watch(&here, "t", "", Some(&id));
    for key in seen..ROWS {
        assert_eq!(next(&mut lines).json()["key"], key);
    }
}

#[test]
fn ends() {
    let here = Here::start(&["--max-watches", "2"]);
    here.create_table("t", "string", "int", 1);
    here.create_table("u", "string", "int", 1);
    let mut dropped = watch(&here, "u", "", None);
    let mut stopped = watch(&here, "t", "", None);
    let refused = here.get("/v1/tables/t/watch").send().expect_error(503, "overloaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(text(&refused.json()["error"], "message").contains("max_watches"));
    here.delete("/v1/tables/u").send().expect(200);
    assert_eq!(dropped.next_named("error").json()["error"]["code"], "table_not_found");
    assert_eq!(dropped.next_event(), None);
    // The place of one that left is free again.
    let left = until("a place", || {
        let lines = here.get("/v1/tables/t/watch").lines();
        (lines.status == 200).then_some(lines)
    });
    drop(left);
    until("a place", || (here.get("/v1/tables/t/watch").lines().status == 200).then_some(()));
    snapshot(&mut stopped);
    here.signal("TERM");
    assert_eq!(stopped.next_named("error").json()["error"]["code"], "stopping");
    assert_eq!(stopped.next_event(), None);
}

/// Each write is told of after it can be read, and once.
#[test]
fn many_watch_while_many_write() {
    const WRITERS: usize = 3;
    const EACH: usize = 60;
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 4);
    let watches: Vec<_> = (0..4).map(|_| watch(&here, "t", "", None)).collect();
    let written = std::thread::scope(|scope| {
        let write = |writer: usize| {
            let put = |n: usize| {
                token(&here.put(&row("t", format!("{writer}.{}", n % 9).as_bytes()), n.to_string()).send())
            };
            (0..EACH).map(put).collect::<Vec<_>>()
        };
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        let mut all: Vec<_> =
            writers.into_iter().flat_map(|writer| writer.join().expect("a thread")).collect();
        all.sort();
        all
    });
    for mut lines in watches {
        let mut seen: Vec<String> = Vec::new();
        while seen.len() < written.len() {
            let event = next(&mut lines);
            if event.event == "put" {
                seen.push(text(&event.json(), "token").to_owned());
            }
        }
        seen.sort();
        assert_eq!(seen, written);
    }
}
