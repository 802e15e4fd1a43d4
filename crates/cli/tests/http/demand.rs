//! What a reader may demand: tokens, age, time.
use std::time::{Duration, Instant};

use serde_json::json;

use crate::fixture::{Here, later, text, token, token_parts};
use crate::harness::Request;

/// Every kind of read of the table `t`.
fn reads(here: &Here) -> Vec<(&'static str, Request)> {
    vec![
        ("get", here.get("/v1/tables/t/rows/k")),
        ("head", here.request("HEAD", "/v1/tables/t/rows/k")),
        ("scan", here.get("/v1/tables/t/rows")),
        ("lines", here.get("/v1/tables/t/rows").header("Accept", "application/x-ndjson")),
        ("count", here.get("/v1/tables/t/rows:count")),
        ("rows:get", here.request("POST", "/v1/tables/t/rows:get").json(&json!({"keys": ["k"]}))),
        ("watch", here.get("/v1/tables/t/watch")),
    ]
}

#[test]
fn at_least_waits_for_the_write() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 1);
    let first = token(&here.put("/v1/tables/t/rows/k", "0").send().expect(200));
    let reads = reads(&here).into_iter().filter(|(kind, _)| *kind != "watch");
    for (round, (kind, read)) in reads.enumerate() {
        let awaited = later(&first, round as u64 + 1);
        let read = read.header("Lentic-At-Least", &format!("{first}, {awaited}"));
        std::thread::scope(|scope| {
            let began = Instant::now();
            let waiting = scope.spawn(move || read.send().expect(200));
            // The reader waits, or comes later and has nothing to wait for: both are right.
            std::thread::yield_now();
            let put = here.put("/v1/tables/t/rows/k", (round + 1).to_string()).send().expect(200);
            assert_eq!(token(&put), awaited);
            let got = waiting.join().expect("a thread");
            assert!(began.elapsed() < Duration::from_secs(5), "{kind}: it was woken");
            if kind == "get" {
                assert_eq!(got.text(), (round + 1).to_string());
            }
            let position = token_parts(got.header("lentic-position").expect("a position"));
            assert!(position.2 > round as u64, "{kind}: {position:?}");
        });
    }
}

#[test]
fn at_least_is_bounded_and_says_how_far_the_store_is() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 1);
    let put = token(&here.put("/v1/tables/t/rows/k", "0").send().expect(200));
    let future = later(&put, 1_000);
    for (kind, read) in reads(&here) {
        let began = Instant::now();
        let read = read.header("Lentic-At-Least", &future).header("Lentic-Timeout", "100ms");
        let answer = read.send().expect(504);
        assert!(began.elapsed() >= Duration::from_millis(100), "{kind}");
        assert_eq!(answer.header("lentic-error"), Some("not_reached"), "{kind}");
        if kind != "head" {
            let body = answer.json();
            assert_eq!(body["position"], 1, "{kind}: {body}");
            assert!(text(&body["error"], "message").contains(&future), "{kind}: {body}");
        }
    }
}

#[test]
fn foreign_tokens() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 2);
    here.create_table("u", "string", "int", 2);
    here.declare(&json!({"name": "same", "topic": "t", "key": "string", "value": "int"}));
    let mine = token(&here.put("/v1/tables/t/rows/k", "0").send().expect(200));
    let other = token(&here.put("/v1/tables/u/rows/k", "0").send().expect(200));
    let (topic, partition, offset, tag) = token_parts(&mine);
    let untrue = u16::from_str_radix(&tag, 16).expect("hexadecimal") ^ 1;
    let bad = [
        other,
        format!("{topic}/{partition}@{offset}.{untrue:04x}"),
        format!("{topic}/7@{offset}.{tag}"),
        format!("{mine}, {topic}/7@{offset}.{tag}"),
        format!("{topic}/{partition}@{offset}"),
        "soon".to_owned(),
        format!("\"{mine}\""),
    ];
    for token in &bad {
        for (kind, read) in reads(&here) {
            let answer = read.header("Lentic-At-Least", token).send().expect(400);
            assert_eq!(answer.header("lentic-error"), Some("bad_token"), "{kind}: {token}");
        }
    }
    // A token is good for every table whose task reads that topic.
    here.get("/v1/tables/same/rows/k").header("Lentic-At-Least", &mine).send().expect(200);
    // A topic that was created again does not satisfy old tokens.
    here.delete("/v1/tables/same").send().expect(200);
    here.delete("/v1/tables/t?delete-topic=true").send().expect(200);
    here.create_table("t", "string", "int", 2);
    here.put("/v1/tables/t/rows/k", "0").send().expect(200);
    let answer = here.get("/v1/tables/t/rows/k").header("Lentic-At-Least", &mine).send();
    answer.expect_error(400, "bad_token");
}

#[test]
fn max_staleness() {
    let here = Here::start(&["--ends-refresh-ms", "50ms"]);
    here.create_table("t", "string", "int", 2);
    here.put("/v1/tables/t/rows/k", "0").send().expect(200);
    for (kind, read) in reads(&here) {
        if kind == "watch" {
            assert_eq!(read.header("Lentic-Max-Staleness", "1m").lines().status, 200);
            continue;
        }
        let answer = read.header("Lentic-Max-Staleness", "1m").send().expect(200);
        let staleness: u64 = answer.header("lentic-staleness-ms").expect(kind).parse().expect("a number");
        assert!(staleness < 60_000, "{kind}");
    }
    for (kind, read) in reads(&here) {
        // Nothing is as fresh as that: a proof takes some time to arrive.
        let read = read.header("Lentic-Max-Staleness", "0").header("Lentic-Timeout", "1ms");
        let answer = read.send();
        if answer.status == 200 {
            // Proven within the same millisecond.
            continue;
        }
        let answer = answer.expect(503);
        assert_eq!(answer.header("lentic-error"), Some("too_stale"), "{kind}");
        assert_eq!(answer.header("retry-after"), Some("1"), "{kind}");
        if kind != "head" {
            assert!(answer.json()["staleness_ms"].is_u64(), "{kind}: {answer:?}");
        }
    }
    // With time to wait for the next proof a low limit is met.
    let read = here.get("/v1/tables/t/rows/k").header("Lentic-Max-Staleness", "40ms");
    read.header("Lentic-Timeout", "5s").send().expect(200);
}

/// A misspelt demand would be a silent stale read.
#[test]
fn unknown_and_unreadable_headers() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 1);
    here.put("/v1/tables/t/rows/k", "0").send().expect(200);
    let bad = [
        ("Lentic-Atleast", "t/0@0.0000", "unknown_header"),
        ("Lentic-Token", "t/0@0.0000", "unknown_header"),
        ("Lentic-Max-Stalenes", "5s", "unknown_header"),
        ("Lentic-Max-Staleness", "soon", "bad_header"),
        ("Lentic-Max-Staleness", "-1s", "bad_header"),
        ("Lentic-Timeout", "", "bad_header"),
        ("Lentic-Timeout", "1 parsec", "bad_header"),
        ("Lentic-Timeout", "61s", "bad_header"),
    ];
    for (name, value, code) in bad {
        let mut requests = reads(&here);
        requests.push(("put", here.put("/v1/tables/t/rows/k", "1")));
        requests.push(("delete", here.delete("/v1/tables/t/rows/k")));
        requests.push(("rows:write", here.post("/v1/tables/t/rows:write", r#"{"writes":[]}"#)));
        requests.push(("rows:load", here.post("/v1/tables/t/rows:load", "")));
        requests.push(("table", here.get("/v1/tables/t")));
        for (kind, request) in requests {
            let answer = request.header(name, value).send().expect(400);
            assert_eq!(answer.header("lentic-error"), Some(code), "{kind}: {name}: {value}");
        }
    }
    for (kind, read) in reads(&here) {
        let twice = read.header("Lentic-Timeout", "1s").header("Lentic-Timeout", "2s").send().expect(400);
        assert_eq!(twice.header("lentic-error"), Some("bad_header"), "{kind}");
    }
    // Demands of reads mean nothing to a write.
    for name in ["Lentic-At-Least", "Lentic-Max-Staleness"] {
        let value = if name.ends_with("Least") { "t/0@0.0000" } else { "5s" };
        here.put("/v1/tables/t/rows/k", "1").header(name, value).send().expect_error(400, "bad_header");
        let one = r#"{"key":"k","value":1}"#;
        let load = here.post("/v1/tables/t/rows:load", one).header(name, value).send();
        load.expect_error(400, "bad_header");
    }
    assert_eq!(here.get("/v1/tables/t/rows/k").send().expect(200).text(), "0", "nothing was written");
}
