//! Many small queries in one node: the threads stay as many as they were, and each query costs little.
use std::time::Instant;

use lentic::Node;

use super::{PATIENCE, close, count, eventually, execute, open, run, write};

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// Resident bytes of this process.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4096
}

#[test]
fn a_hundred_queries() {
    let queries: usize =
        std::env::var("LENTIC_QUERIES").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let dir = tempfile::tempdir().expect("a directory");
    let node = open(&dir);
    run(&node, "count first");
    let (before, bytes, begun) = (threads(), resident(), Instant::now());
    for number in 1..queries {
        execute(&node, &format!("count q{number}"));
    }
    for number in 1..queries {
        assert!(node.wait_query(&format!("q{number}"), PATIENCE * 4), "{number}");
    }
    let started = begun.elapsed();
    let grown = resident().saturating_sub(bytes) / queries.max(1);
    assert!(threads() <= before + 2, "{before} threads became {}", threads());
    let begun = Instant::now();
    write(&node, "lines", "1", "a");
    all_count(&node, queries, 1);
    let counted = begun.elapsed();
    close(node);
    let begun = Instant::now();
    let node = open(&dir);
    for number in 1..queries {
        assert!(node.wait_query(&format!("q{number}"), PATIENCE * 4), "{number}");
    }
    println!(
        "{queries} queries of 8 tasks: started in {started:?}, {} KiB each, one word counted in {counted:?}, again in {:?}",
        grown / 1024,
        begun.elapsed()
    );
    write(&node, "lines", "2", "a");
    all_count(&node, queries, 2);
    close(node);
}

/// Each query has counted one word so often.
fn all_count(node: &Node, queries: usize, expected: i64) {
    for query in (1..queries).map(|number| format!("q{number}")) {
        eventually(&query, || count(node, &query, "a") == Some(expected));
    }
}
