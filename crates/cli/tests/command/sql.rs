//! `lentic sql`: its flags, in a pipe and on a terminal. What the shell does is tested with the shell.
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::harness::lentic;
use super::{fed, node, printed, stdout};

const STREAM: &str =
    "CREATE STREAM s (k INT KEY, v STRING) WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'JSON', PARTITIONS = 1);";

#[test]
fn statements_of_every_origin() {
    let (node, dir) = node();
    assert_eq!(printed(&node, &["sql", "-e", STREAM]), "Stream created\n");
    let script = dir.path().join("script.sql");
    std::fs::write(&script, "INSERT INTO s VALUES (1, '${word}');\n").unwrap();
    // The file first, then what stands in the call.
    let select = "SELECT v FROM s;";
    let arguments =
        ["sql", "-f", script.to_str().unwrap(), "-e", select, "-d", "word=a b", "--output", "JSON"];
    assert_eq!(printed(&node, &arguments), "{\"V\":\"a b\"}\n");
    let piped = stdout(&fed(&node, &["sql", "--output", "json"], select.as_bytes()));
    assert_eq!(piped, "{\"V\":\"a b\"}\n");
    let table = stdout(&fed(&node, &["sql"], select.as_bytes()));
    assert_eq!(table, " V\n-----\n a b\n(1 row)\nQuery Completed\n");
}

#[test]
fn queries_are_closed() {
    let (node, _dir) = node();
    printed(&node, &["sql", "-e", STREAM]);
    printed(&node, &["sql", "-e", "INSERT INTO s VALUES (1, 'a'); INSERT INTO s VALUES (2, 'b');"]);
    let query = "SET 'auto.offset.reset' = 'earliest'; SELECT k FROM s EMIT CHANGES;";
    for (flag, value) in [("--query-row-limit", "1"), ("--query-timeout", "3s")] {
        let said = printed(&node, &["sql", "--output", "json", flag, value, "-e", query]);
        assert!(said.contains("{\"K\":1}"), "{flag}: {said}");
        assert_eq!(said.contains("{\"K\":2}"), flag == "--query-timeout", "{flag}: {said}");
    }
}

/// The address may stand in the call, too, and goes before the variable.
#[test]
fn the_server_is_named() {
    let (node, _dir) = node();
    let mut command = lentic(&["sql", &node.url, "-e", "LIST STREAMS;"]);
    let output = command.env("LENTIC_URL", "http://127.0.0.1:1").output().unwrap();
    assert_eq!(stdout(&output), "There are no streams.\n");
}

/// Asked for on the terminal, and not shown.
#[test]
fn a_password_is_asked_for() {
    let (node, _dir) = node();
    let line = format!("'{}' sql '{}' --user ann -e 'LIST STREAMS;'", env!("CARGO_BIN_EXE_lentic"), node.url);
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().expect("script, of util-linux");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"hush-hush\n").unwrap();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Password of ann: "), "{text}");
    assert!(output.status.success(), "{text}");
}
