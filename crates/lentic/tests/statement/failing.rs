//! A query that fails is tried again, and the others go on.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lentic::{FailureKind, Node, QueryState};

use super::script::{FAILS, Script};
use super::{close, config, count, eventually, execute, run, state, topic, write};

#[test]
fn others_go_on_and_it_comes_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let script = Script::shared();
    let node = Node::open_with(config(&dir), Arc::clone(&script) as _).expect("a node");
    run(&node, "count good");
    run(&node, "fail bad");
    write(&node, "lines", "a", "a");
    eventually("it fails", || state(&node, "bad") == Some(QueryState::Error));
    let status = node.query_status("bad").expect("a query");
    let failure = status.failures.last().expect("a failure");
    assert!(failure.message.contains("it has to fail"), "{failure:?}");
    assert!(failure.kind == FailureKind::Unknown && failure.retry_at > failure.at, "{failure:?}");
    eventually("the other counts", || count(&node, "good", "a") == Some(1));
    let times = || node.query_status("bad").map_or(0, |status| status.failures.len());
    eventually("it is tried again", || times() > 1);
    assert_eq!(state(&node, "good"), Some(QueryState::Running));
    assert!(script.noticed.lock().expect("noticed").iter().any(|text| text.contains("it has to fail")));
    FAILS.store(false, Ordering::Release);
    eventually("it goes on", || node.store("bad", "counts").is_some() && count(&node, "bad", "a") == Some(1));
    eventually("and is well", || state(&node, "bad") == Some(QueryState::Running));
    close(node);
}

#[test]
fn a_topic_that_goes_is_the_users_fault() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = super::open(&dir);
    run(&node, "count q");
    node.topics().delete(&topic("lines")).expect("the topic goes");
    eventually("it fails", || node.query_status("q").is_some_and(|status| !status.failures.is_empty()));
    let status = node.query_status("q").expect("a query");
    let failure = status.failures.last().expect("a failure");
    assert_eq!(failure.kind, FailureKind::User, "{failure:?}");
    assert!(failure.message.contains("lines"), "{failure:?}");
    execute(&node, "end q");
    eventually("it can be ended", || node.query("q").is_none());
    close(node);
}
