//! Scans: order and bounds in every key format, over several partitions; counts; lines.
use serde_json::{Value, json};

use crate::fixture::{self, Here, base64, escaped, row, says_how_fresh, stored_row, token_parts};
use crate::harness::Node;

/// The keys of a format in the order of its scans: (in JSON, stored, as a parameter spells it).
fn ordered(format: &str) -> Vec<(Value, Vec<u8>, String)> {
    let text = |key: &str| (json!(key), key.as_bytes().to_vec(), escaped(key.as_bytes()));
    let exact = |key: &str| {
        (serde_json::from_str(key).expect("JSON"), key.as_bytes().to_vec(), escaped(key.as_bytes()))
    };
    match format {
        "string" => ["", "\0", "0", "10", "9", "A", "a", "a/b", "aa", "ab", "b", "é", "😀"]
            .into_iter()
            .map(text)
            .collect(),
        "bytes" => [&b""[..], b"\0", b"\0\0", b"\x01", b"a", b"a\xff", b"b", b"\xff", b"\xff\xff"]
            .into_iter()
            .map(|key| (json!(base64(key)), key.to_vec(), escaped(key)))
            .collect(),
        "int" => [i32::MIN, -10, -9, -1, 0, 1, 9, 10, 255, 256, 70_000, i32::MAX]
            .into_iter()
            .map(|key| (json!(key), key.to_be_bytes().to_vec(), key.to_string()))
            .collect(),
        "bigint" => [i64::MIN, -5_000_000_000, -10, -9, 0, 9, 10, 5_000_000_000, i64::MAX]
            .into_iter()
            .map(|key| (json!(key), key.to_be_bytes().to_vec(), key.to_string()))
            .collect(),
        "double" => [-1e300, -10.5, -10.0, -9.0, -1e-300, -0.0, 0.0, 1e-300, 0.5, 9.0, 10.0, 1e300]
            .into_iter()
            .map(|key: f64| (json!(key), key.to_be_bytes().to_vec(), json!(key).to_string()))
            .collect(),
        "json" => {
            ["\"a\"", "-1", "10", "9", "[1]", "null", "true", "{\"a\":1}"].into_iter().map(exact).collect()
        }
        _ => panic!("{format}"),
    }
}

fn keys(node: &Node, table: &str, parameters: &str) -> Vec<Value> {
    let answer = node.get(&format!("/v1/tables/{table}/rows?{parameters}")).send().expect(200);
    let rows = answer.json()["rows"].as_array().expect("rows").clone();
    rows.into_iter().map(|row| row["key"].clone()).collect()
}

#[test]
fn order_and_bounds() {
    let here = Here::start(&[]);
    for format in ["string", "bytes", "int", "bigint", "double", "json"] {
        here.create_table(format, format, "int", 4);
        let ordered = ordered(format);
        // Written in another order than they are read in.
        for index in (0..ordered.len()).map(|index| index * 7 % 13 % ordered.len()).chain(0..ordered.len()) {
            here.put(&stored_row(format, &ordered[index].1), index.to_string()).send().expect(200);
        }
        let all: Vec<_> = ordered.iter().map(|key| key.0.clone()).collect();
        assert_eq!(keys(&here, format, ""), all, "{format}");
        assert_eq!(
            keys(&here, format, "order=desc"),
            all.iter().rev().cloned().collect::<Vec<_>>(),
            "{format}"
        );
        let (from, to) = (2, all.len() - 2);
        let (low, high) = (&ordered[from].2, &ordered[to].2);
        for (parameters, expected) in [
            (format!("from={low}"), &all[from..]),
            (format!("to={high}"), &all[..to]),
            (format!("from={low}&to={high}"), &all[from..to]),
            (format!("from={low}&to={low}"), &[][..]),
            (format!("from={high}&to={low}"), &[][..]),
            (format!("from={low}&limit=2"), &all[from..from + 2]),
        ] {
            assert_eq!(keys(&here, format, &parameters), expected, "{format} {parameters}");
            let downwards: Vec<_> = if parameters.contains("limit") {
                all.iter().rev().take(2).cloned().collect()
            } else {
                expected.iter().rev().cloned().collect()
            };
            assert_eq!(
                keys(&here, format, &format!("{parameters}&order=desc")),
                downwards,
                "{format} {parameters}"
            );
            if !parameters.contains("limit") {
                let count =
                    here.get(&format!("/v1/tables/{format}/rows:count?{parameters}")).send().expect(200);
                says_how_fresh(&count);
                assert_eq!(count.json()["count"], expected.len(), "{format} {parameters}");
            }
        }
        if matches!(format, "int" | "bigint" | "double") {
            let refused = here.get(&format!("/v1/tables/{format}/rows?prefix=1")).send();
            refused.expect_error(400, "bad_parameter");
        }
    }
}

#[test]
fn prefixes() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "int", 4);
    let all = ["", "a", "a/b", "aa", "ab", "ab%", "b", "é", "ÿ", "\u{10ffff}"];
    for (index, key) in all.iter().enumerate() {
        here.put(&row("t", key.as_bytes()), index.to_string()).send().expect(200);
    }
    for (parameter, prefix) in [
        ("", ""),
        ("a", "a"),
        ("ab", "ab"),
        ("a%2F", "a/"),
        ("a/", "a/"),
        ("ab%25", "ab%"),
        ("%C3%A9", "é"),
        ("%F4%8F%BF%BF", "\u{10ffff}"),
        ("zz", "zz"),
    ] {
        let expected: Vec<_> =
            all.iter().filter(|key| key.starts_with(prefix)).map(|key| json!(key)).collect();
        assert_eq!(keys(&here, "t", &format!("prefix={parameter}")), expected, "{prefix}");
        let count = here.get(&format!("/v1/tables/t/rows:count?prefix={parameter}")).send().expect(200);
        assert_eq!(count.json()["count"], expected.len(), "{prefix}");
    }
    // A part of a character is a prefix, too; any stored one as base64url.
    assert_eq!(keys(&here, "t", "prefix=%C3"), [json!("é"), json!("ÿ")]);
    assert_eq!(keys(&here, "t", "prefix=YWI&key-encoding=base64url"), [json!("ab"), json!("ab%")]);
    assert_eq!(keys(&here, "t", "from=YWE&to=YWI&key-encoding=base64url"), [json!("aa")]);
    for parameters in ["prefix=a&from=a", "prefix=a&to=b"] {
        let refused = here.get(&format!("/v1/tables/t/rows?{parameters}")).send();
        refused.expect_error(400, "bad_parameter");
    }
}

#[test]
fn what_a_page_says() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "json", 3);
    let empty = here.get("/v1/tables/t/rows").send().expect(200);
    assert_eq!(empty.json(), json!({"rows": [], "positions": []}));
    let mut written = Vec::new();
    for key in ["c", "a", "b"] {
        let put = here.put(
            &row("t", key.as_bytes()),
            r#"{"x":
            [1.0]}"#,
        );
        written.push((key, put.send().expect(200).json()));
    }
    written.sort_by_key(|(key, _)| *key);
    let page = here.get("/v1/tables/t/rows").send().expect(200);
    says_how_fresh(&page);
    assert_eq!(page.header("content-type"), Some("application/json"));
    let body = page.json();
    let rows = written.iter().map(|(key, put)| {
        json!({"key": key, "value": {"x": [1.0]}, "timestamp": put["timestamp"], "token": put["token"]})
    });
    assert_eq!(body["rows"], rows.collect::<Value>());
    assert_eq!(body.get("cursor"), None);
    let positions: Vec<_> = body["positions"].as_array().expect("positions").iter().collect();
    let listed = positions.iter().map(|token| token.as_str().expect("text")).collect::<Vec<_>>().join(", ");
    assert_eq!(page.header("lentic-position"), Some(listed.as_str()));
    // Positions are tokens: what the answer contains.
    for (key, put) in &written {
        let (_, partition, offset, _) = token_parts(put["token"].as_str().expect("a token"));
        let position = listed.split(", ").map(token_parts).find(|position| position.1 == partition);
        assert!(position.is_some_and(|position| position.2 >= offset), "{key}: {listed}");
    }
    here.get("/v1/tables/t/rows").header("Lentic-At-Least", &listed).send().expect(200);
    here.get("/v1/tables/t/rows").header("Accept", "text/html").send().expect_error(406, "not_acceptable");
}

#[test]
fn lines() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "json", 3);
    let scan = |parameters: &str| {
        let answer = here.get(&format!("/v1/tables/t/rows?{parameters}"));
        let answer = answer.header("Accept", "application/x-ndjson").send().expect(200);
        says_how_fresh(&answer);
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        answer.text().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(scan(""), Vec::<String>::new());
    // More than a page, and more than is read at a time.
    let body =
        fixture::lines(0..12_000, |key| format!("{{\"key\":\"{key:05}\",\"value\":{{\"n\": {key}}}}}"));
    here.post("/v1/tables/t/rows:load", body.as_str()).send().expect(200);
    let lines = scan("");
    assert_eq!(lines.len(), 12_000);
    assert!(lines.iter().map(String::as_str).eq(body.lines()), "in key order, as they were loaded");
    let backwards: Vec<_> = lines.iter().rev().cloned().collect();
    assert!(scan("order=desc") == backwards);
    assert!(scan("from=00010&to=11000") == lines[10..11_000]);
    assert!(scan("prefix=119") == lines[11_900..]);
    assert!(scan("limit=10500") == lines[..10_500], "of all, not of a page");
    assert_eq!(scan("limit=0"), Vec::<String>::new());
    let refused = here.get("/v1/tables/t/rows?prefix=a&from=b").header("Accept", "application/x-ndjson");
    refused.send().expect_error(400, "bad_parameter");
}
