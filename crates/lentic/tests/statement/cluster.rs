//! Queries that come by statements on three nodes of one service, on a real Kafka.
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lentic::config::Config;
use lentic::types::Timestamp;
use lentic::{NewRecord, Node, Scan, Scope, TaskStatus};

use super::script::{Script, statement};
use super::{PATIENCE, close, eventually, topic};

/// `host:port` of the broker that runs for the tests, or `None` after saying that nothing is tested.
fn brokers() -> Option<String> {
    match std::env::var("LENTIC_TEST_KAFKA") {
        Ok(brokers) if !brokers.is_empty() => Some(brokers),
        _ if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("LENTIC_TEST_KAFKA is not set: `make test` starts a broker and sets it")
        }
        _ => {
            eprintln!(
                "NOT RUN: start a broker with `make kafka-up` and set LENTIC_TEST_KAFKA=127.0.0.1:19092"
            );
            None
        }
    }
}

/// A node with what its interpreter was given.
struct Member {
    node: Node,
    script: Arc<Script>,
    _dir: tempfile::TempDir,
}

fn member(brokers: &str, service: &str, name: &str) -> Member {
    let dir = tempfile::tempdir().expect("a directory");
    let config = Config {
        brokers: vec![brokers.to_owned()],
        service_id: service.to_owned(),
        node_id: Some(name.to_owned()),
        data_dir: dir.path().to_owned(),
        shards: 16,
        ..Config::default()
    };
    let script = Script::shared();
    let node = Node::open_with(config, Arc::clone(&script) as _).expect("a node");
    Member { node, script, _dir: dir }
}

/// The words of a topic of its own, since the topics of a broker are everybody's.
fn write(node: &Node, lines: &str, key: &str, value: &str) {
    let record = NewRecord {
        topic: topic(lines),
        partition: None,
        key: Some(key.to_owned().into()),
        value: Some(value.to_owned().into()),
        // One of long ago would be removed by the topic's retention.
        timestamp: Timestamp::NONE,
        headers: Vec::new(),
    };
    node.topics().produce(record, PATIENCE).expect("it is written");
}

/// What the nodes that own its partitions have counted.
fn counts(members: &[Member], query: &str) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for member in members {
        let Some(table) = member.node.store(query, "counts") else { continue };
        let own = table.kept_partitions().filter(|partition| table.is_owned_here(*partition));
        let scan = Scan { scope: Scope::Some(own.collect()), ..Scan::default() };
        let _ = table.scan(&scan, &mut |row| {
            let count = row.row.value.first_chunk().map_or(-1, |bytes| i64::from_be_bytes(*bytes));
            counts.insert(String::from_utf8_lossy(row.key).into_owned(), count);
            ControlFlow::Continue(())
        });
    }
    counts
}

/// How many of a query's tasks run somewhere; none may run twice.
fn running(members: &[Member], query: &str) -> usize {
    let mut running = BTreeMap::<_, usize>::new();
    for status in members.iter().filter_map(|member| member.node.query_status(query)) {
        for (task, status) in status.tasks {
            *running.entry(task).or_default() += usize::from(status == TaskStatus::Running);
        }
    }
    running.values().filter(|count| **count == 1).count()
}

/// Waits until a query's words are counted so.
#[track_caller]
fn assert_counts(members: &[Member], query: &str, expected: &BTreeMap<String, i64>) {
    let mut last = BTreeMap::new();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline && last != *expected {
        last = counts(members, query);
        std::thread::sleep(Duration::from_millis(20));
    }
    let statuses: Vec<_> = members.iter().map(|member| member.node.query_status(query)).collect();
    assert_eq!(last, *expected, "{query}: {statuses:#?}");
}

#[test]
fn three_nodes_share_queries() {
    let Some(brokers) = brokers() else { return };
    let service = format!("statements-{:x}", std::process::id());
    let lines = format!("{service}-lines");
    let mut members: Vec<_> = ["a", "b", "c"].map(|name| member(&brokers, &service, name)).into();
    let topics = members[0].node.topics();
    topics.create(&topic(&lines), 4, Some(1), &BTreeMap::new()).expect("a topic");
    // Each of two nodes declares a query: both run on all.
    for (member, query) in [(0, "one"), (1, "two")] {
        let text = format!("count-of {query} {lines}");
        members[member].node.execute_sql(|_| Ok::<_, String>(statement(&text))).expect("it is executed");
    }
    for query in ["one", "two"] {
        eventually("every task runs on one node", || running(&members, query) == 8);
    }
    write(&members[2].node, &lines, "1", "a b a c");
    write(&members[2].node, &lines, "2", "d a e");
    let words = |counts: [i64; 5]| -> BTreeMap<String, i64> {
        ["a", "b", "c", "d", "e"].map(str::to_owned).into_iter().zip(counts).collect()
    };
    for query in ["one", "two"] {
        assert_counts(&members, query, &words([3, 1, 1, 1, 1]));
    }
    // A node goes: the others have its tasks.
    close(members.remove(0).node);
    write(&members[0].node, &lines, "3", "a e");
    for query in ["one", "two"] {
        eventually("the others have its tasks", || running(&members, query) == 8);
        assert_counts(&members, query, &words([4, 1, 1, 1, 2]));
    }
    let own = members[0].node.query("one").expect("the query").own_topics();
    let offset =
        members[1].node.execute_sql(|_| Ok::<_, String>(statement("end one"))).expect("it is executed");
    assert!(members[0].node.wait_sql(offset, PATIENCE));
    let texts = members[0].script.texts();
    assert_eq!(texts, members[1].script.texts());
    eventually("its topics go", || {
        own.iter().all(|name| members[0].node.topics().describe(name).is_ok_and(|topic| topic.is_none()))
    });
    // One that starts now knows what the others do.
    members.push(member(&brokers, &service, "d"));
    assert_eq!(members[2].script.texts(), texts);
    eventually("it takes its share", || {
        members[2]
            .node
            .query_status("two")
            .is_some_and(|status| status.tasks.values().any(|status| *status == TaskStatus::Running))
    });
    assert_counts(&members, "two", &words([4, 1, 1, 1, 2]));
    for member in members {
        close(member.node);
    }
}
