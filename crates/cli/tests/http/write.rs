//! Writes: tokens, reading one's own writes, acknowledgement by the log, conditions.
use serde_json::json;

use crate::fixture::{Here, later, row, token, token_parts};

#[test]
fn a_write_is_seen_by_the_plain_read_after_it() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 3);
    let mut last = [None; 3];
    for round in 0..150 {
        let path = row("t", format!("k{}", round % 7).as_bytes());
        if round % 5 == 4 {
            let deleted = here.delete(&path).send().expect(200);
            assert_eq!(deleted.header("etag"), None, "what is gone has no ETag");
            here.get(&path).send().expect_error(404, "row_not_found");
            note(&mut last, &token(&deleted));
            continue;
        }
        let put = here.put(&path, round.to_string()).send().expect(200);
        assert_eq!(put.header("lentic-applied"), Some("true"));
        let got = here.get(&path).send().expect(200);
        assert_eq!((got.text(), got.header("etag")), (round.to_string().as_str(), put.header("etag")));
        note(&mut last, &token(&put));
    }
    assert!(last.iter().all(Option::is_some), "every partition was written to");
}

/// Offsets of a partition never repeat and never go back.
fn note(last: &mut [Option<u64>], token: &str) {
    let (_, partition, offset, _) = token_parts(token);
    let last = &mut last[partition as usize];
    assert!(last.is_none_or(|last| last < offset), "{token} after {last:?}");
    *last = Some(offset);
}

#[test]
fn acknowledged_by_the_log() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 2);
    for round in 0..50 {
        let path = "/v1/tables/t/rows/k?ack=log";
        let put = here.put(path, round.to_string()).send().expect(200);
        assert_eq!(put.header("lentic-applied"), Some("false"));
        assert_eq!(put.json()["applied"], false);
        let got = here.get("/v1/tables/t/rows/k").header("Lentic-At-Least", &token(&put)).send();
        assert_eq!(got.expect(200).text(), round.to_string());
    }
    let deleted = here.delete("/v1/tables/t/rows/k?ack=log").send().expect(200);
    let got = here.get("/v1/tables/t/rows/k").header("Lentic-At-Least", &token(&deleted)).send();
    got.expect_error(404, "row_not_found");
    here.put("/v1/tables/t/rows/k?ack=applied", "1").send().expect(200);
    here.put("/v1/tables/t/rows/k?ack=all", "1").send().expect_error(400, "bad_parameter");
}

/// A write that takes longer than its time is never said to have failed unless it has, and what was said is so.
#[test]
fn a_write_in_too_little_time() {
    let here = Here::start(&[]);
    here.create_table("t", "int", "int", 1);
    for key in 0..60 {
        let path = format!("/v1/tables/t/rows/{key}");
        let put = here.put(&path, "7").header("Lentic-Timeout", "1ms").send();
        match (put.status, put.header("lentic-applied")) {
            (200, Some("true")) => drop(here.get(&path).send().expect(200)),
            (200, Some("false")) => {
                here.get(&path).header("Lentic-At-Least", &token(&put)).send().expect(200);
            }
            (504, None) => assert!(["write_outcome_unknown", "timeout"].contains(&put.error()), "{put:?}"),
            _ => panic!("{put:?}"),
        }
    }
    // What was unknown is settled by now: a write that comes later is applied later.
    let last = here.put("/v1/tables/t/rows/-1", "7").send().expect(200);
    let count = here.get("/v1/tables/t/rows:count").send().expect(200).json();
    assert_eq!(count["count"], token_parts(&token(&last)).2 + 1, "a key each, nothing repeated");
}

#[test]
fn tokens_outlive_the_process() {
    let mut here = Here::start(&[]);
    here.create_table("t", "string", "string", 2);
    let put = here.put("/v1/tables/t/rows/k", "v").send().expect(200);
    let (token, etag) = (token(&put), put.header("etag").expect("an ETag").to_owned());
    for again in [Here::restart, Here::crash] {
        again(&mut here);
        let got = here.get("/v1/tables/t/rows/k").header("Lentic-At-Least", &token).send().expect(200);
        assert_eq!((got.text(), got.header("etag")), ("v", Some(etag.as_str())));
        let unchanged = here.get("/v1/tables/t/rows/k").header("If-None-Match", &etag).send();
        unchanged.expect(304);
    }
    let next = here.put("/v1/tables/t/rows/k", "w").header("If-Match", &etag).send().expect(200);
    assert_eq!(crate::fixture::token(&next), later(&token, 1));
}

#[test]
fn a_read_only_table_refuses_every_write() {
    let here = Here::start(&[]);
    here.declare(&json!({"name": "t", "key": "string", "value": "json", "partitions": 1, "read_only": true}));
    let one = r#"{"key":"k","value":1}"#;
    here.put("/v1/tables/t/rows/k", "1").send().expect_error(403, "read_only");
    here.put("/v1/tables/t/rows/k", "1").header("If-None-Match", "*").send().expect_error(403, "read_only");
    here.delete("/v1/tables/t/rows/k").send().expect_error(403, "read_only");
    let many = format!("{{\"writes\":[{one}]}}");
    here.post("/v1/tables/t/rows:write", many).send().expect_error(403, "read_only");
    let loaded = here.post("/v1/tables/t/rows:load", one).send().expect_error(403, "read_only");
    assert_eq!(loaded.json()["written"], 0);
    here.get("/v1/tables/t/rows/k").send().expect_error(404, "row_not_found");
    here.request("PATCH", "/v1/tables/t").json(&json!({"read_only": false})).send().expect(200);
    here.put("/v1/tables/t/rows/k", "1").send().expect(200);
}
