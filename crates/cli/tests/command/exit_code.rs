//! Exit codes: 0 done, 1 failed, 2 usage, 3 no row, 4 precondition, 5 unavailable or timed out.
use std::process::Stdio;

use super::harness::lentic;
use super::{node, printed};

#[test]
fn every_code() {
    let (node, dir) = node();
    node.create_table("t", "string", "json", 1);
    let token = printed(&node, &["put", "t", "a", "1"]).trim().to_owned();
    let never = token.replace("@0.", "@9.");
    let csv = dir.path().join("rows.csv");
    std::fs::write(&csv, "id,n\na,1\nb\n").unwrap();
    let csv = csv.to_str().unwrap();
    for (arguments, code, said) in [
        (&["get", "t", "a"][..], 0, ""),
        (&["delete", "t", "none"], 0, ""),
        (&["scan", "t"], 0, ""),
        (&["status"], 0, ""),
        (&["--version"], 0, ""),
        (&["load", "--help"], 0, ""),
        (&["get", "none", "a"], 1, "error: table_not_found: "),
        (&["put", "t", "a", "{"], 1, "error: bad_value: "),
        (&["table", "describe", "none"], 1, "error: table_not_found: "),
        (&["table", "create", "t", "--key", "int", "--value", "json"], 1, "error: table_differs: "),
        (&["table", "guess", "none"], 1, "error: topic_not_found: "),
        (&["watch", "none"], 1, "error: table_not_found: "),
        (&["load", "t", "/no/such/file", "--key", "id"], 1, "error: input_unreadable: /no/such/file: "),
        (
            &["load", "t", csv, "--key", "id"],
            1,
            "error: input_invalid: line 3: 1 fields where the heading has 2 (1 rows",
        ),
        (&["get", "t", "a", "--as-of", "1970-01-01T00:00:00Z"], 1, "error: not_versioned: "),
        (&["get", "t", "a", "--at-least", "nonsense"], 1, "error: bad_token: "),
        (&["sql", "-e", "LIST STREAMS;"], 0, ""),
        (&["sql", "-e", "NONSENSE;"], 1, "ERROR line 1:1: "),
        (&["sql", "-f", "/no/such/file"], 1, "error: script_unreadable: cannot read /no/such/file: "),
        (
            &["sql", "--ca-file", "/no/such/file"],
            1,
            "error: ca_unreadable: no certificates in /no/such/file: ",
        ),
        (&["sql", "ftp://x"], 2, "error: usage: \"ftp://x\" is no address of a server"),
        (&["sql", "-p", "x"], 2, "error: usage: a password needs a user"),
        (&["sql", "-d", "x"], 2, "error: invalid value"),
        (&["fetch", "t"], 2, "error: unrecognized subcommand"),
        (&["get", "t"], 2, "error: the following required arguments"),
        (&["get", "t", "a", "--max-staleness", "long"], 2, "error: usage: --max-staleness: "),
        (&["get", "t", "a", "--url", "nowhere"], 2, "error: usage: "),
        (&["load", "t", csv], 2, "error: usage: CSV needs --key"),
        (&["load", "t", csv, "--key", "none"], 2, "error: usage: the heading has no column \"none\""),
        (&["table", "create", "a b", "--key", "int", "--value", "json"], 2, "error: invalid value"),
        (&["table", "create", "u", "--key", "text", "--value", "json"], 2, "error: invalid value"),
        (&["config", "--fsync", "often"], 2, "error: invalid value"),
        (&["config", "--listen", "here"], 2, "error: config_invalid: "),
        (&["get", "t", "none"], 3, "error: row_not_found: "),
        (&["get", "t", "none", "--json"], 3, "error: row_not_found: "),
        (&["put", "t", "a", "2", "--if-none-match"], 4, "error: precondition_failed: "),
        (&["put", "t", "a", "2", "--if-match", &never], 4, "error: precondition_failed: "),
        (&["delete", "t", "a", "--if-match", &never], 4, "error: precondition_failed: "),
        (&["get", "t", "a", "--at-least", &never, "--timeout", "50ms"], 5, "error: not_reached: "),
        (&["scan", "t", "--at-least", &never, "--timeout", "50ms"], 5, "error: not_reached: "),
        (&["get", "t", "a", "--url", "http://127.0.0.1:1"], 5, "error: node_unreachable: no node answers at"),
        (&["sql", "http://127.0.0.1:1", "-e", "LIST STREAMS;"], 5, "ERROR no server answers at"),
        (&["status", "--url", "http://127.0.0.1:1"], 5, "error: node_unreachable: "),
        (&["load", "t", csv, "--key", "id", "--url", "http://127.0.0.1:1"], 5, "error: node_unreachable: "),
        (&["watch", "t", "--url", "http://127.0.0.1:1"], 5, "error: node_unreachable: "),
    ] {
        let output = node.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.starts_with(said), "{arguments:?}: {errors}");
        if code == 0 {
            assert!(errors.is_empty(), "{arguments:?}: {errors}");
        } else {
            assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
        }
    }
}

/// A reader that has seen enough, as `head` is one, is no failure.
#[test]
fn a_reader_that_leaves() {
    let (node, _dir) = node();
    node.create_table("t", "string", "json", 1);
    node.load("t", (0..20_000).map(|n| format!("{{\"key\":\"k{n}\",\"value\":{n}}}\n")).collect::<String>());
    let mut command = lentic(&["scan", "t", "--all"]);
    command.env("LENTIC_URL", &node.url).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
