//! `get`, `put`, `delete`.
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::{Value, json};

use super::harness::lentic;
use super::{fed, node, printed, stdout};

#[test]
fn bare_values_in_a_pipe() {
    let (node, _dir) = node();
    node.create_table("t", "string", "json", 2);
    let value = "{ \"n\": 1.50,\t\"big\": 12345678901234567890 }";
    let token = printed(&node, &["put", "t", "a", value]);
    let row = node.get("/v1/tables/t/rows/a").send().expect(200);
    assert_eq!(format!("\"{}\"", token.strip_suffix('\n').unwrap()), row.header("etag").unwrap());
    assert_eq!(printed(&node, &["get", "t", "a"]), value);
    let deleted = printed(&node, &["delete", "t", "a"]);
    assert!(deleted.starts_with("t/") && deleted.lines().count() == 1, "{deleted}");
    assert_eq!(printed(&node, &["delete", "t", "a"]).lines().count(), 1);
    assert_eq!(node.row("t", "a"), None);
}

#[test]
fn as_json() {
    let (node, _dir) = node();
    for (table, value, sent) in
        [("j", "json", "{\"n\": 1.50}"), ("s", "string", "text \"é\""), ("b", "bytes", "\u{7f}ü")]
    {
        node.create_table(table, "string", value, 1);
        let put: Value = serde_json::from_str(&printed(&node, &["put", table, "a", sent, "--json"])).unwrap();
        assert_eq!(put["applied"], true);
        let put_log: Value =
            serde_json::from_str(&printed(&node, &["put", table, "z", sent, "--json", "--ack", "log"]))
                .unwrap();
        assert_eq!(put_log["applied"], false);
        let line = printed(&node, &["get", table, "a", "--json"]);
        assert!(line.ends_with("}\n") && line.lines().count() == 1, "{line}");
        let got: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&got["key"], &got["token"], &got["role"]),
            (&json!("a"), &put["token"], &json!("active"))
        );
        for field in ["timestamp", "lag_records", "staleness_ms"] {
            assert!(got[field].is_u64(), "{field}: {line}");
        }
        assert!(got["position"].as_str().unwrap().starts_with(&format!("{table}/0@")), "{line}");
        match value {
            // The digits stay.
            "json" => assert!(line.contains("\"value\":{\"n\": 1.50}"), "{line}"),
            "string" => assert_eq!(got["value"], sent),
            _ => assert_eq!(got["value_base64"], "f8O8"),
        }
        let deleted: Value =
            serde_json::from_str(&printed(&node, &["delete", table, "a", "--json"])).unwrap();
        assert_eq!(deleted["applied"], true);
    }
    let output = node.run(&["get", "s", "z", "--verbose"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stdout(&output), "text \"é\"");
    for word in
        ["token: s/0@", "timestamp: ", "position: s/0@", "role: active", "lag_records: 0", "staleness_ms: "]
    {
        assert!(said.lines().any(|line| line.starts_with(word)), "{word}: {said}");
    }
}

/// Values may come by standard input, and be bytes that no argument could hold.
#[test]
fn values_from_standard_input() {
    let (node, _dir) = node();
    node.create_table("t", "string", "bytes", 1);
    node.create_table("j", "string", "json", 1);
    let bytes = b"\0\xff\n\r\n";
    stdout(&fed(&node, &["put", "t", "a", "-"], bytes));
    stdout(&fed(&node, &["put", "t", "b"], bytes));
    stdout(&fed(&node, &["put", "t", "empty", ""], b"not read"));
    stdout(&fed(&node, &["put", "j", "raw", "--raw"], bytes));
    for (table, key, value) in [("t", "a", &bytes[..]), ("t", "b", bytes), ("t", "empty", b"")] {
        assert_eq!(node.run(&["get", table, key]).stdout, value, "{table} {key}");
    }
    assert_eq!(node.run(&["get", "j", "raw", "--raw"]).stdout, bytes);
    let undecodable = node.run(&["get", "j", "raw"]);
    assert_eq!(undecodable.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&undecodable.stderr).starts_with("error: row_undecodable: "));
}

#[test]
fn any_key() {
    let (node, _dir) = node();
    node.create_table("t", "string", "string", 3);
    for key in ["a", "", "a/b", "/", "a//b", ".", "..", "a/../b", "a b", "ü%20+?&=#", "-n", "a\nb", "'\"\\"]
    {
        let token = printed(&node, &["put", "t", "--", key, key]);
        assert_eq!(printed(&node, &["get", "t", "--at-least", token.trim(), "--", key]), key, "{key:?}");
    }
    assert_eq!(node.count("t"), 13);
    for row in node.pages("t", 5) {
        assert_eq!(row["key"], row["value"]);
    }
    node.create_table("b", "bytes", "string", 1);
    let key = OsStr::from_bytes(b"\xff\xfe/");
    let run = |arguments: &[&OsStr]| {
        stdout(&lentic(&[]).args(arguments).env("LENTIC_URL", &node.url).output().unwrap())
    };
    run(&[OsStr::new("put"), OsStr::new("b"), key, OsStr::new("odd")]);
    assert_eq!(run(&[OsStr::new("get"), OsStr::new("b"), key]), "odd");
    assert_eq!(printed(&node, &["get", "b", "__4v", "--key-encoding", "base64url"]), "odd");

    node.create_table("n", "int", "double", 2);
    printed(&node, &["put", "n", "--", "-5", "-1.5"]);
    assert_eq!(printed(&node, &["get", "n", "--", "-5"]), "-1.5");
    let output = node.run(&["put", "n", "five", "1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: bad_key: "), "{output:?}");
}

/// Tokens are taken with and without quotes.
#[test]
fn compare_and_set() {
    let (node, _dir) = node();
    node.create_table("t", "string", "json", 1);
    let put = |value: &str, condition: &[&str]| {
        let output = node.run(&[&["put", "t", "a", value], condition].concat());
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    let (code, first) = put("1", &["--if-none-match"]);
    assert_eq!(code, 0);
    assert_eq!(put("2", &["--if-none-match"]).0, 4);
    let (code, second) = put("2", &["--if-match", &first]);
    assert_eq!(code, 0);
    assert_eq!(put("3", &["--if-match", &first]).0, 4);
    assert_eq!(put("3", &["--if-match", &format!("\"{second}\"")]).0, 0);
    assert_eq!(node.run(&["delete", "t", "a", "--if-match", &second]).status.code(), Some(4));
    let third = node.get("/v1/tables/t/rows/a").send().expect(200).header("etag").unwrap().to_owned();
    assert_eq!(node.run(&["delete", "t", "a", "--if-match", &format!("W/{third}")]).status.code(), Some(0));
    assert_eq!(node.row("t", "a"), None);
}
