//! The command line against a running node: in a pipe, as JSON, on a terminal, and its exit codes.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]
#![expect(clippy::format_collect, reason = "clear, and fast enough for tests")]
#[path = "../harness/mod.rs"]
mod harness;

mod completions;
mod demo_data;
mod exit_code;
mod load;
mod manual;
mod row;
mod scan;
mod shell;
mod sql;
mod status;
mod table;
mod terminal;
mod watch;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use harness::{Node, lentic};

/// A node that is ready, in a directory that lives as long.
fn node() -> (Node, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (Node::ready(dir.path(), &[]), dir)
}

/// What a command printed into a pipe; it must have succeeded.
#[track_caller]
fn printed(node: &Node, arguments: &[&str]) -> String {
    stdout(&node.run(arguments))
}

#[track_caller]
fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Runs a command with something on its standard input.
fn fed(node: &Node, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = lentic(arguments);
    command.env("LENTIC_URL", &node.url).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that has read enough closes its end.
    drop(child.stdin.take().unwrap().write_all(input));
    child.wait_with_output().unwrap()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}
