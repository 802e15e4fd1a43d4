//! `watch`: rows, then changes, over broken connections.
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use super::harness::{Node, lentic, until};
use super::node;

/// Waits until a node has this many watches open.
pub fn opened(node: &Node, count: u32) {
    until("the watch to be open", || (node.metric("lentic_watches", "") as u32 == count).then_some(()));
}

struct Watching {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Watching {
    fn start(node: &Node, arguments: &[&str]) -> Self {
        let mut command = lentic(&["watch"]);
        command.args(arguments).env("LENTIC_URL", &node.url).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line: event, key, and the value as text.
    fn next(&mut self) -> (String, String, String) {
        let line = self.lines.next().expect("a line").unwrap();
        let change: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        for field in ["timestamp", "token"] {
            assert!(!change[field].is_null(), "{line}");
        }
        let text =
            |field: &str| change[field].as_str().map_or_else(|| change[field].to_string(), str::to_owned);
        (text("event"), text("key"), text("value"))
    }

    fn expect(&mut self, event: &str, key: &str, value: &str) {
        assert_eq!(self.next(), (event.to_owned(), key.to_owned(), value.to_owned()));
    }

    /// Its exit code; it must have printed all that was read.
    fn end(mut self) -> Option<i32> {
        assert!(self.lines.next().is_none());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn rows_and_changes() {
    let (node, _dir) = node();
    node.create_table("t", "string", "json", 3);
    for key in ["a1", "a2", "b1"] {
        node.put_row("t", key, "0");
    }
    let mut all = Watching::start(&node, &["t", "--count", "4"]);
    let mut prefix = Watching::start(&node, &["t", "--prefix", "a", "--count", "3"]);
    let mut key = Watching::start(&node, &["t", "--key", "b1", "--count", "1"]);
    let mut now = Watching::start(&node, &["t", "--no-snapshot", "--count", "4", "--json"]);
    opened(&node, 4);
    // The rows of several partitions come in no order.
    for (watch, keys) in
        [(&mut all, &["a1", "a2", "b1"][..]), (&mut prefix, &["a1", "a2"]), (&mut key, &["b1"])]
    {
        let mut rows: Vec<_> = keys.iter().map(|_| watch.next()).collect();
        rows.sort();
        let expected: Vec<_> =
            keys.iter().map(|key| ("put".to_owned(), (*key).to_owned(), "0".to_owned())).collect();
        assert_eq!(rows, expected);
    }
    node.put_row("t", "a1", "{\"n\":1.50}");
    node.put_row("t", "b1", "null");
    node.delete_row("t", "a2");
    node.put_row("t", "a3", "3");
    for (event, row, value) in
        [("put", "a1", "{\"n\":1.50}"), ("put", "b1", "null"), ("delete", "a2", "null"), ("put", "a3", "3")]
    {
        let value = if row == "a1" { "{\"n\":1.5}" } else { value };
        all.expect(event, row, value);
        now.expect(event, row, value);
        if row.starts_with('a') {
            prefix.expect(event, row, value);
        } else {
            key.expect(event, row, value);
        }
    }
    for watch in [all, prefix, key, now] {
        assert_eq!(watch.end(), Some(0));
    }
    assert_eq!(node.run(&["watch", "t", "--key", "a", "--prefix", "b"]).status.code(), Some(2));
}

/// The node goes away and comes back at the same address: no change is missed, none comes twice.
#[test]
fn over_a_restart() {
    let (node, dir) = node();
    node.create_table("t", "string", "json", 2);
    node.put_row("t", "a", "0");
    let mut watch = Watching::start(&node, &["t", "--count", "4"]);
    watch.expect("put", "a", "0");
    opened(&node, 1);
    node.put_row("t", "a", "1");
    watch.expect("put", "a", "1");
    let address = node.url.trim_start_matches("http://").to_owned();
    assert!(node.stop().success());
    // Changes that nobody watches: the node is at another address for a while.
    let elsewhere = Node::ready(dir.path(), &[]);
    elsewhere.put_row("t", "b", "2");
    elsewhere.put_row("t", "a", "3");
    assert!(elsewhere.stop().success());
    let node = Node::ready(dir.path(), &["--listen", &address]);
    let mut missed = [watch.next(), watch.next()];
    missed.sort();
    let change = |key: &str, value: &str| ("put".to_owned(), key.to_owned(), value.to_owned());
    assert_eq!(missed, [change("a", "3"), change("b", "2")]);
    node.put_row("t", "c", "4");
    watch.expect("put", "c", "4");
    assert_eq!(watch.end(), Some(0));
}
