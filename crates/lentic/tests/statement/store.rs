//! What queries remember: across starts, pauses and replacements, and gone with them.
use lentic::{Node, QueryState, TaskStatus};

use super::{PATIENCE, close, count, eventually, execute, open, run, script, state, topic, write};

#[test]
fn a_query_goes_on_after_a_start() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = open(&dir);
    run(&node, "count q");
    write(&node, "lines", "1", "a b a");
    eventually("the words are counted", || count(&node, "q", "a") == Some(2));
    assert!(node.tables().is_empty(), "stores of queries are nobody's tables");
    let name = node.store("q", "counts").expect("the store").spec().name;
    assert!(node.any_table(name.as_str()).is_some());
    close(node);
    let node = open(&dir);
    assert!(node.wait_query("q", PATIENCE));
    assert_eq!(count(&node, "q", "a"), Some(2));
    write(&node, "lines", "2", "a");
    eventually("they are counted on", || count(&node, "q", "a") == Some(3));
    close(node);
}

#[test]
fn a_paused_query_stays_so() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = open(&dir);
    run(&node, "count q");
    run(&node, "count other");
    execute(&node, "pause q");
    eventually("it is paused", || node.query("q").is_some_and(|query| query.is_paused()));
    assert_eq!(state(&node, "q"), Some(QueryState::Paused));
    let is_paused = |node: &Node| {
        write(node, "lines", "1", "a");
        let before = count(node, "other", "a");
        eventually("the other counts", || count(node, "other", "a") > before);
        assert_eq!(count(node, "q", "a"), None);
    };
    eventually("its tasks have ended", || {
        let tasks = node.query_status("q").expect("the query").tasks;
        tasks.values().all(|status| *status == TaskStatus::Elsewhere)
    });
    is_paused(&node);
    close(node);
    let node = open(&dir);
    assert!(node.wait_query("other", PATIENCE));
    assert_eq!(state(&node, "q"), Some(QueryState::Paused));
    eventually("its stores are there", || node.store("q", "counts").is_some());
    is_paused(&node);
    run(&node, "resume q");
    eventually("it catches up", || count(&node, "q", "a") == Some(2));
    close(node);
}

#[test]
fn a_replaced_query_keeps_its_rows() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = open(&dir);
    run(&node, "count q");
    write(&node, "lines", "1", "a");
    eventually("the word is counted", || count(&node, "q", "a") == Some(1));
    assert!(node.check_replacement("q", &script::counted("q", true)).is_ok());
    let without = lentic::topology::Topology::new("q");
    without.stream::<String, String>("lines").to("copied");
    let lossy = node.check_replacement("q", &without.build().expect("a plan"));
    assert!(lossy.expect_err("the counts would be lost").to_string().contains("counts"));
    run(&node, "recount q");
    write(&node, "lines", "2", "a");
    eventually("it goes on", || count(&node, "q", "a") == Some(2));
    let told = || {
        node.topics().bounds(&topic("told")).expect("bounds").iter().map(|bounds| bounds.end.0).sum::<u64>()
    };
    eventually("and tells", || told() > 0);
    close(node);
    let node = open(&dir);
    assert!(node.wait_query("q", PATIENCE));
    write(&node, "lines", "3", "a");
    eventually("so it does after a start", || count(&node, "q", "a") == Some(3));
    close(node);
}

#[test]
fn a_query_that_ended_begins_anew() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = open(&dir);
    run(&node, "count q");
    write(&node, "lines", "1", "a");
    eventually("the word is counted", || count(&node, "q", "a") == Some(1));
    let own = node.query("q").expect("the query").own_topics();
    assert_eq!(own.len(), 2, "{own:?}");
    execute(&node, "end q");
    eventually("it ends", || node.query("q").is_none());
    assert!(node.query_status("q").is_none() && node.store("q", "counts").is_none());
    let are_gone = || own.iter().all(|name| node.topics().describe(name).expect("the log").is_none());
    eventually("its topics go", are_gone);
    // Ended and begun before anybody looks: the second one knows nothing of the first.
    run(&node, "count q");
    eventually("it counts anew", || count(&node, "q", "a") == Some(1));
    execute(&node, "end q");
    run(&node, "count q");
    write(&node, "lines", "2", "b");
    eventually("and anew", || count(&node, "q", "b") == Some(1));
    assert_eq!(count(&node, "q", "a"), Some(1));
    close(node);
}
