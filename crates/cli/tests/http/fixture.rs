//! A node in a directory of its own, and the small words of these tests.
use std::fmt::Write as _;
use std::ops::Deref;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::harness::{Answer, Node};

/// A node and its data directory.
pub struct Here {
    node: Option<Node>,
    arguments: Vec<String>,
    dir: tempfile::TempDir,
}

impl Here {
    pub fn start(arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let node = Some(Node::ready(dir.path(), arguments));
        Self { node, arguments: arguments.iter().map(|&text| text.to_owned()).collect(), dir }
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// SIGTERM, and a new process on the same directory.
    pub fn restart(&mut self) {
        let status = self.node.take().expect("it runs").stop();
        assert!(status.success(), "{status}");
        self.start_again();
    }

    /// `kill -9`, and a new process on the same directory.
    pub fn crash(&mut self) {
        self.node.take().expect("it runs").kill();
        self.start_again();
    }

    /// `kill -9`, the state is deleted, and a new process that may still be restoring.
    pub fn lose_state(&mut self) {
        self.node.take().expect("it runs").kill();
        std::fs::remove_dir_all(self.dir().join("state")).expect("state/");
        self.node = Some(Node::start(self.dir.path(), &self.arguments()));
    }

    fn start_again(&mut self) {
        self.node = Some(Node::ready(self.dir.path(), &self.arguments()));
    }

    fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }
}

impl Deref for Here {
    type Target = Node;

    fn deref(&self) -> &Node {
        self.node.as_ref().expect("it runs")
    }
}

/// The path of a row, with everything escaped that is no letter or digit.
pub fn row(table: &str, key: &[u8]) -> String {
    let mut path = format!("/v1/tables/{table}/rows/");
    for &byte in key {
        if byte.is_ascii_alphanumeric() {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").expect("a String takes everything");
        }
    }
    path
}

/// The path of a row by its stored key.
pub fn stored_row(table: &str, key: &[u8]) -> String {
    format!("/v1/tables/{table}/rows/{}?key-encoding=base64url", URL_SAFE_NO_PAD.encode(key))
}

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes as a parameter spells them.
pub fn escaped(text: &[u8]) -> String {
    text.iter().fold(String::new(), |mut all, byte| {
        write!(all, "%{byte:02X}").expect("a String takes everything");
        all
    })
}

/// A text of lines.
pub fn lines<T>(items: impl IntoIterator<Item = T>, line: impl Fn(T) -> String) -> String {
    let mut text = String::new();
    for item in items {
        text.push_str(&line(item));
        text.push('\n');
    }
    text
}

/// A token's parts: topic, partition, offset and tag.
pub fn token_parts(token: &str) -> (String, u32, u64, String) {
    let (topic, rest) = token.rsplit_once('/').expect(token);
    let (partition, rest) = rest.split_once('@').expect(token);
    let (offset, tag) = rest.split_once('.').expect(token);
    assert!(tag.len() == 4 && tag.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    let parse = |text: &str| text.parse().expect("a number");
    (topic.to_owned(), parse(partition) as u32, parse(offset), tag.to_owned())
}

/// The token of a write's answer.
#[track_caller]
pub fn token(answer: &Answer) -> String {
    let token = answer.header("lentic-token").unwrap_or_else(|| panic!("no token: {answer:?}"));
    token.to_owned()
}

/// The same token, `by` offsets further on.
pub fn later(token: &str, by: u64) -> String {
    let (topic, partition, offset, tag) = token_parts(token);
    format!("{topic}/{partition}@{}.{tag}", offset + by)
}

/// Asserts that an answer says how fresh it is.
#[track_caller]
pub fn says_how_fresh(answer: &Answer) {
    assert_eq!(answer.header("lentic-role"), Some("active"), "{answer:?}");
    for name in ["lentic-lag-records", "lentic-staleness-ms"] {
        let number = answer.header(name).and_then(|text| text.parse::<u64>().ok());
        assert!(number.is_some(), "{name}: {answer:?}");
    }
}

/// A field that is a text.
#[track_caller]
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field}: {value}"))
}

/// A counter's value: the line that begins so.
pub fn counter(node: &Node, beginning: &str) -> u64 {
    let text = node.get("/metrics").send().expect(200);
    let line = text.text().lines().find_map(|line| line.strip_prefix(beginning));
    line.map_or(0, |value| value.trim().parse().expect("a number"))
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    since.as_millis() as i64
}
