//! One node from outside: how it starts, what it is told, what it says of itself, and how it stops.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]
#[path = "../harness/mod.rs"]
mod harness;

mod access;
mod configuration;
mod declaration;
mod description;
mod documentation;
mod drop;
mod health;
mod kafka;
mod limits;
mod metrics;
mod peers;
mod raw;
mod start;
mod stop;

use std::path::Path;

use harness::Node;

/// Starts a node that refuses to run: its exit code and what it said.
#[track_caller]
fn refused(dir: &Path, arguments: &[&str]) -> (i32, String) {
    let mut node = Node::spawn(dir, arguments);
    let status = node.wait();
    (status.code().unwrap_or_else(|| panic!("{status}\n{}", node.log())), node.log())
}

/// Puts `{"n":N}` under the keys `k0` to `kN`.
#[track_caller]
fn put_numbered(node: &Node, table: &str, count: u32) {
    for n in 0..count {
        node.put_row(table, &format!("k{n}"), &format!("{{\"n\":{n}}}"));
    }
}
