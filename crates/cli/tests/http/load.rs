//! `rows:load`, and what it makes of the lines of a scan.
use serde_json::json;

use crate::fixture::{Here, base64, lines, row, stored_row, text, token_parts};
use crate::harness::{Answer, Node};

const NDJSON: &str = "application/x-ndjson";

fn load(node: &Node, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    node.post(&format!("/v1/tables/{path}"), body).header("Content-Type", NDJSON).send()
}

fn dump(node: &Node, table: &str) -> String {
    let answer = node.get(&format!("/v1/tables/{table}/rows")).header("Accept", NDJSON).send().expect(200);
    answer.text().to_owned()
}

#[test]
fn lines_of_every_kind() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "json", 3);
    here.put(&row("t", b"gone"), "1").send().expect(200);
    let body = concat!(
        "{\"key\":\"a\",\"value\":{ \"n\" : 1.0 }}\n",
        "\n",
        "  {\"value\":null,\"key\":\"b\\u00e9\"}  \r\n",
        "{\"key\":\"gone\",\"delete\":true}\n",
        "{\"key\":\"c\",\"value\":1}\n",
        "{\"key\":\"c\",\"value\":2,\"delete\":false}\n",
        "{\"key_base64\":\"/w==\",\"value_base64\":\"ew==\"}\n",
        "{\"key\":\"last\",\"value\":\"without a line feed\"}",
    );
    let loaded = load(&here, "t/rows:load", body).expect(200);
    let report = loaded.json();
    assert_eq!(
        (&report["written"], &report["skipped"], &report["errors"]),
        (&json!(7), &json!(0), &json!([]))
    );
    assert_eq!((&report["applied"], loaded.header("lentic-applied")), (&json!(true), Some("true")));
    let positions: Vec<_> = report["positions"].as_array().expect("positions").iter().collect();
    let listed = positions.iter().map(|token| token.as_str().expect("text")).collect::<Vec<_>>().join(", ");
    assert_eq!(loaded.header("lentic-token"), Some(listed.as_str()));
    let written: u64 = listed.split(", ").map(|token| token_parts(token).2 + 1).sum();
    assert_eq!(written, 8, "the last of each partition: {listed}");
    for (key, value) in
        [("a", "{ \"n\" : 1.0 }"), ("bé", "null"), ("c", "2"), ("last", "\"without a line feed\"")]
    {
        assert_eq!(here.get(&row("t", key.as_bytes())).send().expect(200).text(), value);
    }
    here.get(&row("t", b"gone")).send().expect_error(404, "row_not_found");
    let raw = here.get(&stored_row("t", b"\xff")).header("Accept", "application/octet-stream").send();
    assert_eq!(raw.expect(200).body, b"{");
    let nothing = load(&here, "t/rows:load", "\n\n").expect(200);
    assert_eq!((nothing.json()["written"].clone(), nothing.header("lentic-token")), (json!(0), None));
    let early = load(&here, "t/rows:load?ack=log", "{\"key\":\"a\",\"value\":3}").expect(200);
    assert_eq!(early.json()["applied"], false);
    load(&here, "t/rows:load?on-error=ask", "").expect_error(400, "bad_parameter");
    load(&here, "absent/rows:load", "").expect_error(404, "table_not_found");
}

/// (a bad line, the code it is reported with).
const BAD: [(&str, &str); 10] = [
    ("nonsense", "bad_request"),
    ("[]", "bad_request"),
    ("{\"key\":\"k\",\"value\":1} {}", "bad_request"),
    ("{\"key\":\"k\",\"value\":1,\"ttl\":1}", "bad_request"),
    ("{\"value\":1}", "bad_key"),
    ("{\"key\":1,\"value\":1}", "bad_key"),
    ("{\"key\":\"k\"}", "bad_value"),
    ("{\"key\":\"k\",\"value\":\"x\"}", "bad_value"),
    ("{\"key\":\"k\",\"value_base64\":\"*\"}", "bad_value"),
    ("{\"key\":\"much too long\",\"value\":1}", "too_large"),
];

#[test]
fn the_first_bad_line_ends_a_load() {
    let here = Here::start(&["--max-key-bytes", "8"]);
    here.create_table("t", "string", "int", 2);
    for (index, (bad, code)) in BAD.iter().enumerate() {
        let good = |key: usize| format!("{{\"key\":\"{index}.{key}\",\"value\":{key}}}\n");
        let body = format!("{}{}\n{bad}\n{}", good(0), good(1), good(2));
        let answer = load(&here, "t/rows:load", body).expect_error(422, "bad_line");
        let report = answer.json();
        assert_eq!((&report["written"], &report["line"]), (&json!(2), &json!(4)), "{bad}: {report}");
        let message = text(&report["error"], "message");
        assert!(message.starts_with("line 4: ") && message.contains(code), "{bad}: {message}");
        // What was written before is there, and nothing behind it.
        let positions: Vec<_> = report["positions"].as_array().expect("positions").iter().collect();
        let tokens: Vec<_> = positions.iter().map(|token| token.as_str().expect("text")).collect();
        let scan = here.get(&format!("/v1/tables/t/rows:count?prefix={index}."));
        let scan = scan.header("Lentic-At-Least", &tokens.join(", ")).send().expect(200);
        assert_eq!(scan.json()["count"], 2, "{bad}");
    }
}

#[test]
fn bad_lines_are_reported_and_skipped() {
    let here = Here::start(&["--max-key-bytes", "8", "--max-value-bytes", "100", "--max-line-bytes", "1KiB"]);
    here.create_table("t", "string", "int", 2);
    let long = format!("{{\"key\":\"k\",\"value\":{}}}", "1".repeat(300_000));
    let bad = BAD.iter().map(|(bad, _)| *bad).chain([long.as_str()]).enumerate();
    let body = lines(bad, |(index, bad)| format!("{{\"key\":\"{index}\",\"value\":{index}}}\n{bad}"));
    let report = load(&here, "t/rows:load?on-error=skip", body.as_str()).expect(200).json();
    assert_eq!((&report["written"], &report["skipped"]), (&json!(BAD.len() + 1), &json!(BAD.len() + 1)));
    let errors = report["errors"].as_array().expect("errors");
    let codes = BAD.iter().map(|(_, code)| *code).chain(["too_large"]);
    for (index, (error, code)) in errors.iter().zip(codes).enumerate() {
        assert_eq!((&error["line"], &error["code"]), (&json!(2 * index + 2), &json!(code)), "{error}");
        assert!(!text(error, "message").is_empty());
    }
    assert_eq!(errors.len(), BAD.len() + 1);
    // At the end, without a line feed; and all of it.
    let report = load(&here, "t/rows:load?on-error=skip", long.as_str()).expect(200).json();
    assert_eq!((&report["written"], &report["skipped"]), (&json!(0), &json!(1)));
    load(&here, "t/rows:load", long.as_str()).expect_error(422, "bad_line");
    let many = "x\n".repeat(1_500);
    let report = load(&here, "t/rows:load?on-error=skip", many).expect(200).json();
    assert_eq!(report["skipped"], 1_500);
    assert_eq!(report["errors"].as_array().expect("errors").len(), 1_000, "the first thousand");
}

/// The answer reaches a client that is still sending.
#[test]
fn a_load_that_ends_early_is_answered() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 2);
    let body = "nonsense\n".to_owned() + &"{\"key\":\"k\",\"value\":1}\n".repeat(1 << 20);
    for _ in 0..3 {
        let report = load(&here, "t/rows:load", body.as_str()).expect_error(422, "bad_line").json();
        assert_eq!((&report["written"], &report["line"]), (&json!(0), &json!(1)));
    }
    assert_eq!(here.get("/v1/tables/t/rows:count").send().expect(200).json()["count"], 0);
}

/// A load that runs out of time says what is written at least.
#[test]
fn a_load_in_too_little_time() {
    let here = Here::start(&[]);
    here.create_table("t", "int", "int", 2);
    let body = lines(0..200_000, |key| format!("{{\"key\":{key},\"value\":{key}}}"));
    let request = here.post("/v1/tables/t/rows:load", body).header("Lentic-Timeout", "30ms");
    let answer = request.send().expect(504);
    assert!(["timeout", "write_outcome_unknown"].contains(&answer.error()), "{answer:?}");
    let written = answer.json()["written"].as_u64().expect("a number");
    // What comes later is applied later.
    for key in 0..20 {
        here.put(&format!("/v1/tables/t/rows/{}", -1 - key), "0").send().expect(200);
    }
    let count = here.get("/v1/tables/t/rows:count?from=0").send().expect(200).json()["count"].as_u64();
    let count = count.expect("a number");
    assert!((written..200_000).contains(&count), "{written} written, {count} there");
    if answer.error() == "timeout" {
        assert_eq!(count, written, "all of it was acknowledged");
    }
}

#[test]
fn writes_of_one_key_keep_their_order() {
    // A small queue refuses most writes at first.
    let here = Here::start(&["--write-queue-bytes", "1MiB"]);
    here.create_table("t", "int", "json", 3);
    let padding = "x".repeat(200);
    let body =
        lines(0..30_000, |n| format!("{{\"key\":{},\"value\":{{\"n\":{n},\"p\":\"{padding}\"}}}}", n % 10));
    let report = load(&here, "t/rows:load", body).expect(200).json();
    assert_eq!(report["written"], 30_000);
    for key in 0..10 {
        let got = here.get(&format!("/v1/tables/t/rows/{key}")).send().expect(200);
        assert_eq!(got.json()["n"], 29_990 + key);
    }
}

/// A scan's lines are a backup: loaded elsewhere they give the same rows byte for byte.
#[test]
fn round_trip() {
    let here = Here::start(&[]);
    let double = |number: f64| number.to_be_bytes().to_vec();
    let formats: [(&str, Vec<Vec<u8>>); 6] = [
        (
            "string",
            vec![b"".to_vec(), "é\"\\\n\u{1}".as_bytes().to_vec(), b"\xff\xfe".to_vec(), b"plain".to_vec()],
        ),
        ("bytes", vec![b"".to_vec(), b"\0".to_vec(), (0..=255).collect()]),
        ("int", vec![(-7_i32).to_be_bytes().to_vec(), i32::MAX.to_be_bytes().to_vec(), b"abc".to_vec()]),
        ("bigint", vec![i64::MIN.to_be_bytes().to_vec(), 5_i64.to_be_bytes().to_vec(), b"".to_vec()]),
        (
            "double",
            vec![
                double(0.1),
                double(-0.0),
                double(5e-324),
                double(f64::NAN),
                double(f64::from_bits(0x7ff8_0000_0000_0001)),
                double(f64::NEG_INFINITY),
                b"1".to_vec(),
            ],
        ),
        (
            "json",
            vec![
                b"{\"a\" : 1.0, \"a\":1e2}".to_vec(),
                b"{\r\n}".to_vec(),
                b" 7".to_vec(),
                b"null".to_vec(),
                b"\"\\u00e9\\ud83d\"".to_vec(),
                b"{".to_vec(),
                b"".to_vec(),
            ],
        ),
    ];
    for (format, stored) in &formats {
        // All as keys, and all as values.
        for (table, key, value) in [("keys", *format, "bytes"), ("values", "int", *format)] {
            let (from, to) = (format!("{table}-{format}"), format!("{table}-{format}-2"));
            here.create_table(&from, key, value, 3);
            here.create_table(&to, key, value, 2);
            let rows: Vec<(Vec<u8>, &[u8])> = match table {
                "keys" => stored.iter().map(|key| (key.clone(), &b"v\0"[..])).collect(),
                _ => (0_i32..)
                    .map(|n| n.to_be_bytes().to_vec())
                    .zip(stored.iter().map(Vec::as_slice))
                    .collect(),
            };
            for (key, value) in &rows {
                let put = here.put(&stored_row(&from, key), *value);
                put.header("Content-Type", "application/octet-stream").send().expect(200);
            }
            let dumped = dump(&here, &from);
            assert_eq!(dumped.lines().count(), rows.len(), "{dumped}");
            let report = load(&here, &format!("{to}/rows:load"), dumped.as_str()).expect(200).json();
            assert_eq!(report["written"], rows.len());
            assert_eq!(dump(&here, &to), dumped);
            for (key, value) in rows {
                let got =
                    here.get(&stored_row(&to, &key)).header("Accept", "application/octet-stream").send();
                assert_eq!(base64(&got.expect(200).body), base64(value), "{from} {key:?}");
            }
        }
    }
}
