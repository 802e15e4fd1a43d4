//! One row: how keys are spelled, what answers carry, conditions of reads.
use serde_json::{Value, json};

use crate::fixture::{Here, now_ms, row, says_how_fresh, stored_row, token, token_parts};

/// (key format, key as the path spells it, its bytes in the log, the key in JSON).
fn keys() -> Vec<(&'static str, &'static str, Vec<u8>, Value)> {
    let text = |spelled, key: &str| ("string", spelled, key.as_bytes().to_vec(), json!(key));
    let exact = |spelled, key: &str| {
        ("json", spelled, key.as_bytes().to_vec(), serde_json::from_str(key).expect("JSON"))
    };
    let double = |spelled, number: f64, json| ("double", spelled, number.to_be_bytes().to_vec(), json);
    vec![
        text("N14228", "N14228"),
        text("", ""),
        text("/", "/"),
        text("a/b", "a/b"),
        text("a//b/", "a//b/"),
        text("./..", "./.."),
        text("%252F", "%2F"),
        text("100%", "100%"),
        text("1+1", "1+1"),
        text("%20%3F%23", " ?#"),
        text("%C3%A9%E2%82%AC", "é€"),
        text("rows:get", "rows:get"),
        text("%00", "\0"),
        ("bytes", "%FF%00%2f", vec![0xff, 0, b'/'], json!("/wAv")),
        ("bytes", "", vec![], json!("")),
        ("int", "0", 0_i32.to_be_bytes().to_vec(), json!(0)),
        ("int", "-7", (-7_i32).to_be_bytes().to_vec(), json!(-7)),
        ("int", "2147483647", i32::MAX.to_be_bytes().to_vec(), json!(i32::MAX)),
        ("bigint", "-9223372036854775808", i64::MIN.to_be_bytes().to_vec(), json!(i64::MIN)),
        double("1.5", 1.5, json!(1.5)),
        double("-2e-3", -0.002, json!(-0.002)),
        double("NaN", f64::NAN, json!("NaN")),
        double("-Infinity", f64::NEG_INFINITY, json!("-Infinity")),
        exact("%22a%22", r#""a""#),
        exact("%7B%22b%22:1%7D", r#"{"b":1}"#),
        exact("%7B%22b%22:%201%7D", r#"{"b": 1}"#),
        exact("null", "null"),
    ]
}

#[test]
fn keys_of_every_format() {
    let here = Here::start(&[]);
    for format in ["string", "bytes", "int", "bigint", "double", "json"] {
        here.create_table(format, format, "string", 4);
    }
    for (index, (format, spelled, stored, json)) in keys().into_iter().enumerate() {
        let case = format!("{format} {spelled}");
        let path = format!("/v1/tables/{format}/rows/{spelled}");
        here.get(&path).send().expect_error(404, "row_not_found");
        let value = format!("value {index}");
        let put = here.put(&path, value.as_str()).send().expect(200);
        let etag = format!("\"{}\"", token(&put));
        for other in [path, row(format, &text_of(format, spelled)), stored_row(format, &stored)] {
            let got = here.get(&other).send().expect(200);
            assert_eq!((got.text(), got.header("etag")), (value.as_str(), Some(etag.as_str())), "{case}");
        }
        let found = here.request("POST", &format!("/v1/tables/{format}/rows:get"));
        let found = found.json(&json!({"keys": [json]})).send().expect(200).json();
        // Of two JSON keys that differ in spaces only one is spelled as serde spells it.
        if format != "json" || stored == json.to_string().as_bytes() {
            assert_eq!(found["rows"][0]["value"], value, "{case}: {found}");
            assert_eq!(found["rows"][0]["key"], json, "{case}: {found}");
        }
        here.delete(&stored_row(format, &stored)).send().expect(200);
        here.get(&stored_row(format, &stored)).send().expect_error(404, "row_not_found");
    }
}

/// The key as text, percent-decoded.
fn text_of(format: &str, spelled: &str) -> Vec<u8> {
    let (_, _, stored, json) =
        keys().into_iter().find(|case| case.0 == format && case.1 == spelled).expect("a case");
    match format {
        "string" | "bytes" | "json" => stored,
        _ => json.as_str().map_or_else(|| spelled.to_owned(), str::to_owned).into_bytes(),
    }
}

#[test]
fn spellings_of_one_key() {
    let here = Here::start(&[]);
    here.create_table("string", "string", "string", 3);
    here.create_table("double", "double", "string", 3);
    let same = [
        ("string", "a/b", "a%2Fb"),
        ("string", "a/b", "%61/%62"),
        ("string", "a%20b", "a%20%62"),
        ("double", "1000", "1e3"),
        ("double", "0.5", "5.0E-1"),
    ];
    for (table, one, other) in same {
        let put = here.put(&format!("/v1/tables/{table}/rows/{one}"), one).send().expect(200);
        let got = here.get(&format!("/v1/tables/{table}/rows/{other}")).send().expect(200);
        assert_eq!(got.header("etag"), put.header("etag"), "{one} {other}");
    }
    let count = |table| here.get(&format!("/v1/tables/{table}/rows:count")).send().expect(200).json();
    assert_eq!((count("string")["count"].clone(), count("double")["count"].clone()), (json!(2), json!(2)));
}

#[test]
fn keys_that_are_none() {
    let here = Here::start(&[]);
    for format in ["string", "int", "bigint", "double", "json"] {
        here.create_table(format, format, "string", 2);
    }
    let bad = [
        ("string", "%FF"),
        ("int", ""),
        ("int", "x"),
        ("int", "1.5"),
        ("int", "+1"),
        ("int", "007"),
        ("int", "0x10"),
        ("int", "2147483648"),
        ("bigint", "9223372036854775808"),
        ("double", "inf"),
        ("double", "1e999"),
        ("json", ""),
        ("json", "a"),
        ("json", "%201"),
        ("json", "1%0A"),
    ];
    for (table, spelled) in bad {
        let path = format!("/v1/tables/{table}/rows/{spelled}");
        // The first one takes the way past the cache of tables, the second one the short way.
        for _ in 0..2 {
            here.get(&path).send().expect_error(400, "bad_key");
            let head = here.request("HEAD", &path).send().expect(400);
            assert_eq!(head.header("lentic-error"), Some("bad_key"), "{path}");
        }
        here.put(&path, "v").send().expect_error(400, "bad_key");
        here.delete(&path).send().expect_error(400, "bad_key");
    }
    for encoded in ["%25", "a", "YQ=", "YQ+/"] {
        let path = format!("/v1/tables/string/rows/{encoded}?key-encoding=base64url");
        here.get(&path).send().expect_error(400, "bad_key");
    }
    here.get("/v1/tables/string/rows/a?key-encoding=hex").send().expect_error(400, "bad_parameter");
}

#[test]
fn any_stored_key_can_be_addressed() {
    let here = Here::start(&[]);
    for (format, stored) in
        [("string", &b"\xff\xfe"[..]), ("int", b"abc"), ("json", b"{ \n"), ("double", b"")]
    {
        here.create_table(format, format, "json", 3);
        let path = stored_row(format, stored);
        here.put(&path, "[1]").send().expect(200);
        assert_eq!(here.get(&path).send().expect(200).text(), "[1]");
        let page = here.get(&format!("/v1/tables/{format}/rows")).send().expect(200).json();
        let encoded = crate::fixture::base64(stored);
        assert_eq!(page["rows"][0]["key_base64"], encoded, "{page}");
        assert_eq!(page["rows"][0].get("key"), None, "{page}");
        let body = json!({"keys": [], "keys_base64": [encoded]});
        let found = here.request("POST", &format!("/v1/tables/{format}/rows:get")).json(&body).send();
        assert_eq!(found.expect(200).json()["rows"][0]["value"], json!([1]));
        here.delete(&path).send().expect(200);
        here.get(&path).send().expect_error(404, "row_not_found");
    }
}

#[test]
fn answers_say_where_they_come_from() {
    let here = Here::start(&[]);
    here.create_table("planes", "string", "json", 3);
    let path = "/v1/tables/planes/rows/N1";
    let absent = here.get(path).send().expect_error(404, "row_not_found");
    says_how_fresh(&absent);
    let before = now_ms();
    let put = here.put(path, r#"{"seats":1}"#).send().expect(200);
    let token = token(&put);
    assert_eq!(put.header("etag"), Some(format!("\"{token}\"").as_str()));
    assert_eq!(put.header("lentic-applied"), Some("true"));
    assert_eq!(put.json(), json!({"token": token, "timestamp": put.json()["timestamp"], "applied": true}));
    let (topic, partition, offset, _) = token_parts(&token);
    assert_eq!((topic.as_str(), offset), ("planes", 0));
    // By the short way, by the long way, and by HEAD.
    for (method, header) in [("GET", None), ("GET", Some("5s")), ("HEAD", None), ("HEAD", Some("5s"))] {
        let request = here.request(method, path);
        let request = match header {
            Some(timeout) => request.header("Lentic-Timeout", timeout),
            None => request,
        };
        let got = request.send().expect(200);
        says_how_fresh(&got);
        assert_eq!(got.header("etag"), put.header("etag"));
        assert_eq!(got.header("content-type"), Some("application/json"));
        assert_eq!(got.header("content-length"), Some("11"));
        assert_eq!(got.header("lentic-lag-records"), Some("0"));
        let timestamp: i64 = got.header("lentic-timestamp").expect("it").parse().expect("a number");
        assert!((before..=now_ms()).contains(&timestamp), "{timestamp}");
        assert_eq!(put.json()["timestamp"], timestamp);
        let position = token_parts(got.header("lentic-position").expect("it"));
        assert_eq!((position.0.as_str(), position.1, position.2), ("planes", partition, offset));
        assert_eq!(got.body.is_empty(), method == "HEAD");
    }
    let deleted = here.delete(path).send().expect(200);
    assert_eq!(token_parts(&crate::fixture::token(&deleted)).2, 1);
    let absent = here.get(path).send().expect_error(404, "row_not_found");
    assert_eq!(token_parts(absent.header("lentic-position").expect("it")).2, 1, "it saw the delete");
    // An absent row can be deleted, too, and that is a write.
    let again = here.delete(path).send().expect(200);
    assert_eq!(token_parts(&crate::fixture::token(&again)).2, 2);
}

#[test]
fn an_unchanged_row_is_304() {
    let here = Here::start(&[]);
    here.create_table("t", "string", "string", 1);
    let path = "/v1/tables/t/rows/k";
    let put = here.put(path, "one").send().expect(200);
    let etag = put.header("etag").expect("an ETag").to_owned();
    let other = "\"t/0@99.0000\"";
    let cases = [
        ("If-None-Match", etag.clone(), 304),
        ("If-None-Match", format!("W/{etag}"), 304),
        ("If-None-Match", format!("{other}, {etag}"), 304),
        ("If-None-Match", "*".to_owned(), 304),
        ("If-None-Match", other.to_owned(), 200),
        ("If-None-Match", "\"anything\"".to_owned(), 200),
        ("If-Match", etag.clone(), 200),
        ("If-Match", format!("W/{etag}"), 200),
        ("If-Match", "*".to_owned(), 200),
        ("If-Match", other.to_owned(), 412),
        ("If-None-Match", "unquoted".to_owned(), 400),
    ];
    for (name, value, status) in &cases {
        for method in ["GET", "HEAD"] {
            let answer = here.request(method, path).header(name, value).send().expect(*status);
            if *status != 400 {
                assert_eq!(answer.header("etag"), Some(etag.as_str()), "{name}: {value}");
            }
            if *status == 304 {
                assert!(answer.body.is_empty() && answer.header("lentic-timestamp").is_some(), "{answer:?}");
            }
        }
    }
    here.put(path, "two").send().expect(200);
    assert_eq!(here.get(path).header("If-None-Match", &etag).send().expect(200).text(), "two");
    here.get(path).header("If-Match", &etag).send().expect_error(412, "precondition_failed");
    here.delete(path).send().expect(200);
    here.get(path).header("If-None-Match", &etag).send().expect_error(404, "row_not_found");
    here.get(path).header("If-Match", "*").send().expect_error(412, "precondition_failed");
}
