//! `rows:get` and `rows:write`.
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::fixture::{Here, base64, row, says_how_fresh, token, token_parts};
use crate::harness::{Answer, Node};

fn get(node: &Node, table: &str, body: &Value) -> Answer {
    node.request("POST", &format!("/v1/tables/{table}/rows:get")).json(body).send()
}

fn write(node: &Node, table: &str, body: &Value) -> Answer {
    node.request("POST", &format!("/v1/tables/{table}/rows:write")).json(body).send()
}

#[test]
fn many_keys() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "json", 3);
    let mut tokens = Vec::new();
    for key in ["a", "b", "c", "d"] {
        let put = here.put(&row("t", key.as_bytes()), format!("{{\"k\": \"{key}\"}}")).send().expect(200);
        tokens.push(put.json());
    }
    let answer = get(&here, "t", &json!({"keys": ["c", "x", "a", "", "c"]})).expect(200);
    says_how_fresh(&answer);
    let body = answer.json();
    let expected = |key: &str, index: usize| {
        let written: &Value = &tokens[index];
        json!({"key": key, "value": {"k": key}, "timestamp": written["timestamp"], "token": written["token"]})
    };
    assert_eq!(body["rows"], json!([expected("c", 2), expected("a", 0), expected("c", 2)]));
    assert_eq!(body["missing"], json!(["x", ""]));
    let positions: Vec<_> = body["positions"].as_array().expect("positions").iter().collect();
    let listed = positions.iter().map(|token| token.as_str().expect("text")).collect::<Vec<_>>().join(", ");
    assert_eq!(answer.header("lentic-position"), Some(listed.as_str()));
    let stored = get(&here, "t", &json!({"keys": ["x"], "keys_base64": [base64(b"a"), "_w=="]}));
    stored.expect_error(400, "bad_key");
    let stored = get(&here, "t", &json!({"keys_base64": [base64(b"a"), base64(b"\xff")]})).expect(200).json();
    assert_eq!((&stored["rows"][0]["key"], &stored["missing_base64"]), (&json!("a"), &json!(["/w=="])));
    let none = get(&here, "t", &json!({"keys": []})).expect(200).json();
    assert_eq!((&none["rows"], &none["missing"], &none["positions"]), (&json!([]), &json!([]), &json!([])));
    // Keys that are missing come back as they were written.
    here.create_table("json", "json", "json", 2);
    let answer = here.post("/v1/tables/json/rows:get", r#"{"keys":[{"b":  1.0}, "s" , null]}"#).send();
    assert!(answer.expect(200).text().contains(r#""missing":[{"b":  1.0},"s",null]"#));
}

#[test]
fn many_keys_refused() {
    let here = Here::start(&[]);
    here.create_table("t", "int", "json", 1);
    for (body, code) in [
        ("", "bad_request"),
        ("[1]", "bad_request"),
        (r#"{"keys":[1],"limit":2}"#, "bad_request"),
        (r#"{"keys":[1],"keys":[2]}"#, "bad_request"),
        (r#"{"keys":1}"#, "bad_request"),
        (r#"{"keys":[1]} x"#, "bad_request"),
        (r#"{"keys":["1"]}"#, "bad_key"),
        (r#"{"keys":[null]}"#, "bad_key"),
        (r#"{"keys":[1.5]}"#, "bad_key"),
        (r#"{"keys":[],"keys_base64":["%"]}"#, "bad_key"),
    ] {
        here.post("/v1/tables/t/rows:get", body).send().expect_error(400, code);
    }
    here.post("/v1/tables/t/rows:get?limit=1", "{}").send().expect_error(400, "unknown_parameter");
}

#[test]
fn many_writes() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "json", 3);
    here.put("/v1/tables/t/rows/old", "1").send().expect(200);
    let body = json!({"writes": [
        {"key": "a", "value": {"seats": 3}},
        {"key": "old", "delete": true},
        {"key": "b", "value": null},
        {"key": "a", "value": 2},
        {"key": "absent", "delete": true},
        {"key_base64": base64(b"\xff"), "value_base64": base64(b"{")},
    ]});
    let answer = write(&here, "t", &body).expect(200);
    let written = answer.json();
    assert_eq!(written["applied"], true);
    assert_eq!(answer.header("lentic-applied"), Some("true"));
    let tokens: Vec<_> = written["tokens"].as_array().expect("tokens").iter().map(as_text).collect();
    assert_eq!(tokens.len(), 6);
    let positions: Vec<_> = written["positions"].as_array().expect("positions").iter().map(as_text).collect();
    assert_eq!(answer.header("lentic-token"), Some(positions.join(", ").as_str()));
    for token in &tokens {
        let (topic, partition, offset, _) = token_parts(token);
        let last = positions.iter().map(|text| token_parts(text)).find(|last| last.1 == partition);
        assert!(topic == "t" && last.is_some_and(|last| last.2 >= offset), "{token} {positions:?}");
    }
    // Of two writes of one key the later stays.
    let a = here.get("/v1/tables/t/rows/a").send().expect(200);
    assert_eq!((a.text(), a.header("etag")), ("2", Some(format!("\"{}\"", tokens[3]).as_str())));
    assert_eq!(here.get("/v1/tables/t/rows/b").send().expect(200).text(), "null");
    for gone in ["old", "absent"] {
        here.get(&row("t", gone.as_bytes())).send().expect_error(404, "row_not_found");
    }
    assert_eq!(here.get("/v1/tables/t/rows:count").send().expect(200).json()["count"], 3);
    let none = write(&here, "t", &json!({"writes": []})).expect(200);
    assert_eq!((none.json()["tokens"].clone(), none.header("lentic-token")), (json!([]), None));
    let path = "/v1/tables/t/rows:write?ack=log";
    let early = here.request("POST", path).json(&json!({"writes": [{"key": "z", "value": 1}]})).send();
    assert_eq!(early.header("lentic-applied"), Some("false"));
    let token = token(&early.expect(200));
    here.get("/v1/tables/t/rows/z").header("Lentic-At-Least", &token).send().expect(200);
}

fn as_text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// One bad write, and nothing is written.
#[test]
fn all_or_nothing() {
    let here = Here::start(&["--max-key-bytes", "8", "--max-value-bytes", "8"]);
    here.create_table("t", "string", "int", 3);
    let cases = [
        (json!({"key": 1, "value": 1}), 400, "bad_key"),
        (json!({"value": 1}), 400, "bad_key"),
        (json!({"key": "a", "key_base64": "YQ==", "value": 1}), 400, "bad_key"),
        (json!({"key": "a"}), 422, "bad_value"),
        (json!({"key": "a", "value": "x"}), 422, "bad_value"),
        (json!({"key": "a", "value": null}), 422, "bad_value"),
        (json!({"key": "a", "value": 1, "delete": true}), 422, "bad_value"),
        (json!({"key": "a", "value_base64": "?"}), 422, "bad_value"),
        (json!({"key": "ninebytes", "value": 1}), 413, "too_large"),
        (json!({"key": "a", "value_base64": base64(b"ninebytes")}), 413, "too_large"),
    ];
    for (bad, status, code) in cases {
        let good = json!({"key": "good", "value": 1});
        let answer = write(&here, "t", &json!({"writes": [good, good, bad, good]}));
        assert_eq!(answer.expect_error(status, code).json()["index"], 2, "{bad}");
    }
    for unreadable in [
        json!({"writes": [{"key": "good", "value": 1, "ttl": 5}]}),
        json!({"writes": [{"key": "good", "value": 1}], "if": "x"}),
        json!({"writes": [{"key": "good", "delete": 1}]}),
        json!({}),
    ] {
        write(&here, "t", &unreadable).expect_error(400, "bad_request");
    }
    assert_eq!(here.get("/v1/tables/t/rows:count").send().expect(200).json()["count"], 0);
}

/// A transaction in too little time happens as a whole or not at all, and what was said of it is so.
#[test]
fn many_writes_in_too_little_time() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 3);
    let (mut done, mut unknown) = (0, 0);
    for round in 0..40 {
        let writes: Vec<_> = (0..10).map(|n| json!({"key": format!("{round}.{n}"), "value": 1})).collect();
        let request = here.request("POST", "/v1/tables/t/rows:write").json(&json!({"writes": writes}));
        let answer = request.header("Lentic-Timeout", &format!("{}ms", round % 4)).send();
        match answer.status {
            200 => done += 1,
            503 => assert!(["log_unavailable", "undecided"].contains(&answer.error()), "{answer:?}"),
            504 if answer.error() == "timeout" => {}
            504 => {
                assert_eq!(answer.error(), "write_outcome_unknown");
                unknown += 1;
            }
            _ => panic!("{answer:?}"),
        }
    }
    // What comes later is applied later: in every partition.
    let marks: Vec<_> = (0..30).map(|n| json!({"key": format!("mark{n}"), "value": 1})).collect();
    write(&here, "t", &json!({"writes": marks})).expect(200);
    let mut whole = 0;
    for round in 0..40 {
        let count = here.get(&format!("/v1/tables/t/rows:count?prefix={round}.")).send().expect(200).json();
        let count = count["count"].as_u64().expect("a number");
        assert!(count == 0 || count == 10, "round {round}: {count}");
        whole += count / 10;
    }
    assert!((done..=done + unknown).contains(&whole), "{done} done, {unknown} unknown, {whole} there");
}

/// What one request writes to a partition is seen together: by gets, by scans, whatever its size.
#[test]
fn visible_together() {
    const KEYS: usize = 60;
    let here = Here::start(&["--fsync", "never"]);
    here.create_table("t", "int", "json", 1);
    let keys: Vec<_> = (0..KEYS).collect();
    // In sum more than is read from the log at a time.
    let padding = "x".repeat(40_000);
    let write_round = |round: u32| {
        let rows = keys.iter().map(|key| json!({"key": key, "value": {"round": round, "padding": padding}}));
        write(&here, "t", &json!({"writes": rows.collect::<Vec<_>>()})).expect(200);
    };
    write_round(0);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for scan in [false, true] {
            let (here, done, keys) = (&here, &done, &keys);
            scope.spawn(move || {
                let mut seen = 0;
                while !done.load(Ordering::Acquire) {
                    let answer = if scan {
                        here.get("/v1/tables/t/rows?limit=1000").send()
                    } else {
                        get(here, "t", &json!({"keys": keys}))
                    };
                    let body = answer.expect(200).json();
                    let rows = body["rows"].as_array().expect("rows");
                    let rounds: Vec<_> = rows.iter().map(|row| row["value"]["round"].as_u64()).collect();
                    assert_eq!(rounds.len(), KEYS);
                    assert!(rounds.iter().all(|round| *round == rounds[0]), "scan {scan}: {rounds:?}");
                    assert!(rounds[0] >= Some(seen), "{rounds:?} after {seen}");
                    seen = rounds[0].unwrap_or_default();
                }
            });
        }
        for round in 1..25 {
            write_round(round);
            // Single writes between them: a transaction may begin anywhere in what is read at a time.
            here.put("/v1/tables/t/rows/0?ack=log", format!("{{\"round\":{round}}}")).send().expect(200);
        }
        done.store(true, Ordering::Release);
    });
}
