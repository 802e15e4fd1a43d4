//! The node that leads some partitions of a table dies: its copy answers, another one leads, it comes back.
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Kafka;
use crate::cluster_sql::{CUSTOMERS, EARLIEST, NODES, begin, sorted};
use crate::harness::until;
use crate::nodes::Cluster;

#[test]
fn queries_go_on_when_an_owner_dies() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::of_three(&kafka, &EARLIEST);
    let mut totals = cluster.market();
    for name in NODES {
        cluster.until_totals(name, &totals);
        cluster.until_hours(name);
    }
    // Copies are there that can answer.
    until("standbys to be ready", || {
        let told = cluster.node("a").get("/v1/cluster").send().json();
        let shards = told["shards"].as_array().expect("shards").clone();
        let is_copied = |shard: &serde_json::Value| {
            let held = shard["nodes"].as_array().expect("nodes").iter();
            held.clone().filter(|held| held["ready"] == true).count() >= 2
        };
        shards.iter().all(is_copied).then_some(())
    });
    let all: Vec<_> = totals.iter().map(|(name, (n, sum))| json!([name, n, sum])).collect();
    let mut push = cluster
        .node("a")
        .post(
            "/query-stream",
            json!({"sql": "SELECT id FROM orders WHERE customer = 'late' EMIT CHANGES;",
               "properties": {"auto.offset.reset": "latest"}})
            .to_string(),
        )
        .within(Duration::from_mins(3))
        .lines();
    push.next_line().expect("a header");
    cluster.nodes.remove("c").expect("it runs").kill();
    let died = Instant::now();
    // A copy reads what the owner committed last, and nobody waits for the group.
    for name in ["a", "b"] {
        cluster.until_totals(name, &totals);
        cluster.until_hours(name);
    }
    assert!(died.elapsed() < Duration::from_secs(5), "{:?}", died.elapsed());
    let mut asked = 0;
    // Beyond the session, after which the group gives the shards to others.
    while died.elapsed() < Duration::from_secs(14) {
        for name in ["a", "b"] {
            let node = cluster.node(name);
            let rows = node.rows_by_sql("SELECT * FROM totals");
            assert_eq!(sorted(rows), all, "through {name}, {:?} after the end", died.elapsed());
            for row in all.iter().step_by(9) {
                let query =
                    format!("SELECT * FROM totals WHERE customer = '{}'", row[0].as_str().expect("a name"));
                assert_eq!(
                    node.rows_by_sql(&query),
                    std::slice::from_ref(row),
                    "through {name}, {:?}",
                    died.elapsed()
                );
                asked += 1;
            }
            let windows = node.rows_by_sql("SELECT COUNT(*) AS n FROM hours");
            assert_eq!(windows, [json!([CUSTOMERS * 3])], "through {name}");
        }
    }
    assert!(asked > 50, "{asked} questions");
    cluster.settle();
    let now = begin(5);
    // Two nodes go on with all tasks, and take statements.
    for name in ["a", "b"] {
        for number in 0..5 {
            let insert = format!("INSERT INTO orders VALUES ({number}, 'late', 1, {now});");
            cluster.run(name, &insert);
        }
    }
    totals.insert("late".to_owned(), (10, 10));
    for name in ["a", "b"] {
        cluster.until_totals(name, &totals);
    }
    for _ in 0..10 {
        let line = std::iter::from_fn(|| push.next_line()).find(|line| !line.is_empty());
        assert!(line.expect("a row").starts_with('['));
    }
    cluster.run(
        "b",
        "CREATE STREAM late WITH (kafka_topic = '$-late') AS SELECT * FROM orders WHERE customer = 'late';",
    );
    // It comes back, with what was stated meanwhile.
    cluster.start("c");
    cluster.settle();
    for name in NODES {
        cluster.until_totals(name, &totals);
        let late = || cluster.node(name).rows_by_sql("SELECT id FROM late");
        until("the new stream", || (late().len() == 10).then_some(()));
    }
    // All of them are started anew, one after the other.
    for name in NODES {
        assert!(cluster.nodes.remove(name).expect("it runs").stop().success());
        cluster.start(name);
        cluster.settle();
    }
    for name in NODES {
        cluster.until_totals(name, &totals);
    }
    cluster.run("c", &format!("INSERT INTO orders VALUES (0, 'late', 5, {now});"));
    totals.insert("late".to_owned(), (11, 15));
    for name in NODES {
        cluster.until_totals(name, &totals);
    }
}
