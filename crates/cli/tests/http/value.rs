//! One row: what values are taken, how they are stored and answered.
use serde_json::{Value, json};

use crate::fixture::{Here, base64, counter, row};

struct Case {
    format: &'static str,
    body: Vec<u8>,
    stored: Vec<u8>,
    /// Of the answer to a GET that accepts anything.
    plain: (&'static str, Vec<u8>),
    json: Value,
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const OCTETS: &str = "application/octet-stream";

fn cases() -> Vec<Case> {
    let kept = |format, body: &[u8], content_type, json| Case {
        format,
        body: body.to_vec(),
        stored: body.to_vec(),
        plain: (content_type, body.to_vec()),
        json,
    };
    let number = |format, body: &str, stored: &[u8], printed: &str| Case {
        format,
        body: body.as_bytes().to_vec(),
        stored: stored.to_vec(),
        plain: (JSON, printed.as_bytes().to_vec()),
        json: serde_json::from_str(printed).expect("JSON"),
    };
    vec![
        kept("string", b"hello", TEXT, json!("hello")),
        kept("string", b"", TEXT, json!("")),
        kept("string", "é\n\"€\"\0".as_bytes(), TEXT, json!("é\n\"€\"\0")),
        kept("bytes", b"\x00\xff", OCTETS, json!(base64(b"\x00\xff"))),
        kept("bytes", b"", OCTETS, json!("")),
        kept("json", b"{\"seats\":1}", JSON, json!({"seats": 1})),
        kept("json", b" { \"a\" : 1.0,\r\n \"a\":2 }\n", JSON, json!({"a": 2})),
        kept("json", b"null", JSON, Value::Null),
        kept("json", b"12345678901234567890123", JSON, json!(12_345_678_901_234_567_890_123_f64)),
        number("int", " 42\n", &42_i32.to_be_bytes(), "42"),
        number("int", "-2147483648", &i32::MIN.to_be_bytes(), "-2147483648"),
        number("bigint", "9223372036854775807", &i64::MAX.to_be_bytes(), "9223372036854775807"),
        number("double", "1.50", &1.5_f64.to_be_bytes(), "1.5"),
        number("double", "-0.0", &(-0.0_f64).to_be_bytes(), "-0.0"),
        number("double", "\"NaN\"", &f64::NAN.to_be_bytes(), "\"NaN\""),
        number("double", "\"-Infinity\"", &f64::NEG_INFINITY.to_be_bytes(), "\"-Infinity\""),
    ]
}

#[test]
fn values_of_every_format() {
    let here = Here::start(&[]);
    for format in ["string", "bytes", "json", "int", "bigint", "double"] {
        here.create_table(format, "string", format, 2);
    }
    for (index, case) in cases().into_iter().enumerate() {
        let path = row(case.format, format!("key {index}").as_bytes());
        let what = format!("{} {:?}", case.format, String::from_utf8_lossy(&case.body));
        // curl says x-www-form-urlencoded for whatever one gives it.
        for content_type in [None, Some("application/x-www-form-urlencoded"), Some(JSON), Some("text/csv")] {
            let request = here.put(&path, case.body.clone());
            let request = match content_type {
                Some(content_type) => request.header("Content-Type", content_type),
                None => request,
            };
            request.send().expect(200);
            let stored = here.get(&path).header("Accept", OCTETS).send().expect(200);
            assert_eq!((stored.header("content-type"), &stored.body), (Some(OCTETS), &case.stored), "{what}");
        }
        let plain = here.get(&path).send().expect(200);
        assert_eq!(
            (plain.header("content-type"), &plain.body),
            (Some(case.plain.0), &case.plain.1),
            "{what}"
        );
        let as_json = here.get(&path).header("Accept", JSON).send().expect(200);
        assert_eq!((as_json.header("content-type"), as_json.json()), (Some(JSON), case.json), "{what}");
        // The stored bytes can be put back as they are.
        let back = here.put(&path, case.stored.clone()).header("Content-Type", OCTETS);
        back.send().expect(200);
        assert_eq!(here.get(&path).send().expect(200).body, plain.body, "{what}");
    }
}

#[test]
fn values_that_are_none() {
    let here = Here::start(&[]);
    let deep = "[".repeat(200) + &"]".repeat(200);
    let bad: [(&str, &[u8]); 14] = [
        ("string", b"\xff"),
        ("json", b""),
        ("json", b"{"),
        ("json", b"{} {}"),
        ("json", b"nul"),
        ("json", b"01"),
        ("json", b"\"\xff\""),
        ("json", deep.as_bytes()),
        ("int", b""),
        ("int", b"x"),
        ("int", b"1.0"),
        ("int", b"2147483648"),
        ("bigint", b"\"7\""),
        ("double", b"1e999"),
    ];
    for format in ["string", "json", "int", "bigint", "double"] {
        here.create_table(format, "string", format, 1);
        here.put(&row(format, b"k"), "1").send().expect(200);
    }
    for (format, body) in bad {
        let before = here.get(&row(format, b"k")).send().expect(200);
        here.put(&row(format, b"k"), body).send().expect_error(422, "bad_value");
        let after = here.get(&row(format, b"k")).send().expect(200);
        assert_eq!(after.header("etag"), before.header("etag"), "{format}: nothing was written");
    }
}

#[test]
fn accepted_media_types() {
    let here = Here::start(&[]);
    let cases: [(&str, &str, Option<&str>); 14] = [
        ("json", "*/*", Some(JSON)),
        ("json", "application/*", Some(JSON)),
        ("json", "text/html,application/xhtml+xml,*/*;q=0.8", Some(JSON)),
        ("json", "application/octet-stream, */*", Some(OCTETS)),
        ("json", "text/plain", None),
        ("json", "application/json;q=0", None),
        ("int", "application/json", Some(JSON)),
        ("int", "text/csv", None),
        ("string", "text/*", Some(TEXT)),
        ("string", "application/json", Some(JSON)),
        ("string", "image/png", None),
        ("bytes", "*/*", Some(OCTETS)),
        ("bytes", "application/json", Some(JSON)),
        ("bytes", "text/plain", None),
    ];
    for format in ["string", "json", "int", "bytes"] {
        here.create_table(format, "string", format, 1);
        here.put(&row(format, b"k"), "1").send().expect(200);
    }
    for (format, accept, expected) in cases {
        let answer = here.get(&row(format, b"k")).header("Accept", accept).send();
        match expected {
            Some(content_type) => {
                let answer = answer.expect(200);
                assert_eq!(answer.header("content-type"), Some(content_type), "{format}: {accept}");
            }
            None => drop(answer.expect_error(406, "not_acceptable")),
        }
    }
    // Several lines of the header are one list.
    let lines = here.get(&row("json", b"k")).header("Accept", "text/html").header("Accept", OCTETS).send();
    assert_eq!(lines.expect(200).header("content-type"), Some(OCTETS));
}

/// Bytes that don't decode are a row all the same: raw on demand, an error as JSON, and counted.
#[test]
fn undecodable_rows() {
    let here = Here::start(&[]);
    let counted =
        |table: &str| counter(&here, &format!("lentic_table_rows_undecodable_total{{table=\"{table}\"}} "));
    let cases: [(&str, &[u8]); 5] =
        [("string", b"\xff"), ("json", b"{"), ("json-empty", b""), ("int", b"abc"), ("double", b"")];
    for (table, stored) in cases {
        here.create_table(table, "string", table.trim_end_matches("-empty"), 1);
        let path = row(table, b"k");
        let put = here.put(&path, stored).header("Content-Type", "Application/Octet-Stream; x=y");
        let etag = put.send().expect(200).header("etag").expect("an ETag").to_owned();
        assert_eq!(counted(table), 0, "{table}");
        let refused = here.get(&path).send().expect_error(422, "row_undecodable");
        assert_eq!(refused.header("etag"), Some(etag.as_str()), "{table}");
        assert_eq!(counted(table), 1, "{table}");
        let head = here.request("HEAD", &path).send().expect(422);
        assert_eq!(head.header("lentic-error"), Some("row_undecodable"));
        let raw = here.get(&path).header("Accept", OCTETS).send().expect(200);
        assert_eq!((&raw.body[..], raw.header("etag")), (stored, Some(etag.as_str())), "{table}");
        let before = counted(table);
        let page = here.get(&format!("/v1/tables/{table}/rows")).send().expect(200).json();
        assert_eq!(page["rows"][0]["value_base64"], base64(stored), "{page}");
        assert_eq!(page["rows"][0].get("value"), None, "{page}");
        assert_eq!(counted(table), before + 1, "{table}");
        let count = here.get(&format!("/v1/tables/{table}/rows:count")).send().expect(200).json();
        assert_eq!(count["count"], 1, "it is a row");
        here.delete(&path).send().expect(200);
        here.get(&path).send().expect_error(404, "row_not_found");
    }
}

#[test]
fn null_is_a_value_and_only_delete_deletes() {
    let here = Here::start(&[]);
    here.create_table("json", "string", "json", 1);
    let path = row("json", b"k");
    here.put(&path, "null").send().expect(200);
    assert_eq!(here.get(&path).send().expect(200).text(), "null");
    let page = here.get("/v1/tables/json/rows").send().expect(200).json();
    assert_eq!(page["rows"][0].get("value"), Some(&Value::Null), "{page}");
    here.delete(&path).send().expect(200);
    here.get(&path).send().expect_error(404, "row_not_found");
    assert_eq!(here.get("/v1/tables/json/rows:count").send().expect(200).json()["count"], 0);
}
