//! `scan`: bounds, order, limits, and backup.
use serde_json::Value;

use super::{fed, node, printed, stdout};

#[test]
fn bounds_and_order() {
    let (node, _dir) = node();
    node.create_table("t", "string", "json", 3);
    for key in ["a", "b1", "b2", "b3", "c"] {
        node.put_row("t", key, &format!("{{\"is\":\"{key}\"}}"));
    }
    node.create_table("n", "int", "int", 3);
    for key in ["-10", "-9", "0", "5", "10"] {
        node.put_row("n", key, key);
    }
    for (arguments, keys) in [
        (&["t"][..], &["\"a\"", "\"b1\"", "\"b2\"", "\"b3\"", "\"c\""][..]),
        (&["t", "--prefix", "b"], &["\"b1\"", "\"b2\"", "\"b3\""]),
        (&["t", "--from", "b1", "--to", "b3"], &["\"b1\"", "\"b2\""]),
        (&["t", "--from", "b2", "--limit", "2"], &["\"b2\"", "\"b3\""]),
        (&["t", "--order", "desc", "--limit", "2"], &["\"c\"", "\"b3\""]),
        (&["t", "--reverse", "--prefix", "b"], &["\"b3\"", "\"b2\"", "\"b1\""]),
        (&["t", "--from", "x"], &[]),
        (&["n"], &["-10", "-9", "0", "5", "10"]),
        (&["n", "--from", "-9", "--to", "10"], &["-9", "0", "5"]),
    ] {
        let found = |extra: &[&str]| -> Vec<String> {
            let text = printed(&node, &[&["scan"], arguments, extra].concat());
            let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            rows.map(|row| row["key"].to_string()).collect()
        };
        assert_eq!(found(&[]), keys, "{arguments:?}");
        assert_eq!(found(&["--json"]), keys, "{arguments:?}");
    }
    let text = printed(&node, &["scan", "t", "--limit", "1"]);
    assert_eq!(text, "{\"key\":\"a\",\"value\":{\"is\":\"a\"}}\n");
    let row: Value = serde_json::from_str(&printed(&node, &["scan", "t", "--limit", "1", "--json"])).unwrap();
    assert!(row["timestamp"].is_u64() && row["token"].as_str().unwrap().starts_with("t/"), "{row}");
    assert_eq!(node.run(&["scan", "t", "--prefix", "b", "--from", "b"]).status.code(), Some(2));
}

/// Without being asked for all, a scan ends early and says so; exactly all is not early.
#[test]
fn it_says_when_there_are_more() {
    let (node, _dir) = node();
    node.create_table("t", "string", "json", 2);
    node.load(
        "t",
        (0..12_000).map(|n| format!("{{\"key\":\"k{n:05}\",\"value\":{n}}}\n")).collect::<String>(),
    );
    for (arguments, lines, more) in [
        (&[][..], 100, true),
        (&["--limit", "11999"], 11_999, true),
        (&["--limit", "12000"], 12_000, false),
        (&["--limit", "12001"], 12_000, false),
        (&["--all"], 12_000, false),
        (&["--from", "k11950"], 50, false),
        (&["--limit", "0"], 0, true),
    ] {
        for json in [&[][..], &["--json"]] {
            let output = node.run(&[&["scan", "t"], arguments, json].concat());
            assert_eq!(stdout(&output).lines().count(), lines, "{arguments:?} {json:?}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(said.starts_with("stopped after "), more, "{arguments:?} {json:?}: {said}");
        }
    }
}

/// What scan prints is what load takes: for every format, byte for byte.
#[test]
fn backup() {
    let (node, _dir) = node();
    let values: [(&str, &str, &[&[u8]]); 4] = [
        ("string", "json", &[b"{\"a\": 1.50}", b"null", b" [1,\n2] ", b"\xff", b""]),
        ("bytes", "bytes", &[b"", b"\0\xff", b"text"]),
        ("json", "string", &[b"", "ü\n\"".as_bytes(), b"\xff"]),
        ("bigint", "double", &[&1.5f64.to_be_bytes(), &f64::NAN.to_be_bytes(), b"odd"]),
    ];
    for (n, (key, value, rows)) in values.into_iter().enumerate() {
        let (from, to) = (format!("from{n}"), format!("to{n}"));
        for table in [&from, &to] {
            node.create_table(table, key, value, 2);
        }
        for (i, row) in rows.iter().enumerate() {
            let path = format!("/v1/tables/{from}/rows/{i}");
            node.put(&path, *row).header("content-type", "application/octet-stream").send().expect(200);
        }
        // A key that is none of its format's.
        let odd = format!("/v1/tables/{from}/rows/_w?key-encoding=base64url");
        node.put(&odd, rows[0]).header("content-type", "application/octet-stream").send().expect(200);
        let lines = printed(&node, &["scan", &from, "--all"]);
        assert_eq!(lines.lines().count(), rows.len() + 1, "{lines}");
        stdout(&fed(&node, &["load", &to, "-"], lines.as_bytes()));
        assert_eq!(printed(&node, &["scan", &to, "--all"]), lines);
        for (i, row) in rows.iter().enumerate() {
            let read =
                node.get(&format!("/v1/tables/{to}/rows/{i}")).header("accept", "application/octet-stream");
            assert_eq!(read.send().expect(200).body, *row, "{key} {value} {i}");
        }
    }
}
