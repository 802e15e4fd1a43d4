//! Long answers: they come as they are taken, and what has to be kept for them is bounded.
use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::cluster_sql::NODES;
use crate::harness::until;
use crate::nodes::Cluster;

const ROWS: usize = 60_000;

/// A table of six partitions, declared and written by others.
fn filled(kafka: &Kafka) -> Cluster {
    let cluster = Cluster::of_three(kafka, &["--max-pull-bytes", "64KiB"]);
    let topic = cluster.named("$-parts");
    kafka.create(&topic, 6, &[("cleanup.policy", "compact")]);
    let producer = kafka.producer(&[]);
    let text = "x".repeat(400);
    for number in 0..ROWS {
        let value = json!({"NUMBER": number, "BIN": number % 10_000, "TEXT": text}).to_string();
        producer.send(&topic, &format!("k{number:06}"), Some(&value));
    }
    producer.flush();
    let create = "CREATE TABLE parts (k STRING PRIMARY KEY, number INT, bin INT, text STRING)
                    WITH (kafka_topic = '$-parts', value_format = 'json');";
    cluster.node("a").post("/v1/sql", cluster.named(create)).send().expect(200);
    for name in NODES {
        let count = || cluster.node(name).rows_by_sql("SELECT COUNT(*) AS n FROM parts");
        until("all rows", || (count() == [json!([ROWS])]).then_some(()));
    }
    cluster
}

#[test]
fn long_answers_are_whole_and_held_ones_bounded() {
    let Some(kafka) = Kafka::shared() else { return };
    let cluster = filled(&kafka);
    who_takes_nothing(&cluster);
    for name in NODES {
        let node = cluster.node(name);
        // Some 27 MB, a line at a time.
        let mut lines =
            node.post("/v1/sql", "SELECT * FROM parts").header("accept", "application/x-ndjson").lines();
        assert_eq!(lines.status, 200);
        let mut keys = BTreeSet::new();
        while let Some(line) = lines.next_line() {
            let row: Value = serde_json::from_str(&line).expect(&line);
            assert!(keys.insert(row["K"].as_str().expect("a key").to_owned()), "{line} came twice");
        }
        assert_eq!(keys.len(), ROWS, "through {name}");
        for (endpoint, rows) in node.rows_by_all("SELECT number, text FROM parts WHERE number >= 30000;") {
            assert_eq!(rows.len(), ROWS - 30_000, "by {endpoint} through {name}");
        }
        // Many keys, of rows that are long together.
        let keys: Vec<_> = (0..3000).map(|number| format!("'k{:06}'", number * 20)).collect();
        let rows = node.rows_by_sql(&format!("SELECT number FROM parts WHERE k IN ({})", keys.join(", ")));
        assert_eq!(rows.len(), 3000, "through {name}");
        bounded(&cluster, name);
    }
}

fn bounded(cluster: &Cluster, name: &str) {
    let node = cluster.node(name);
    for query in ["SELECT k, text FROM parts ORDER BY number", "SELECT bin, COUNT(*) FROM parts GROUP BY bin"]
    {
        let refused = node.post("/v1/sql", query).send().expect(400);
        let text = refused.text();
        assert!(text.contains("max_pull_bytes = 65536") && text.contains("LIMIT"), "{text}");
    }
    // Of what is sorted only the first rows are kept, and few groups are few.
    let rows = node.rows_by_sql("SELECT number FROM parts WHERE text LIKE 'x%' ORDER BY number DESC LIMIT 3");
    assert_eq!(rows, [json!([59_999]), json!([59_998]), json!([59_997])], "through {name}");
    let rows =
        node.rows_by_sql("SELECT bin % 3 AS rest, COUNT(*) AS n FROM parts GROUP BY bin % 3 ORDER BY rest");
    assert_eq!(rows, [json!([0, 20_004]), json!([1, 19_998]), json!([2, 19_998])], "through {name}");
    let rows = node.rows_by_sql("SELECT k FROM parts LIMIT 12345");
    assert_eq!(rows.len(), 12_345, "through {name}");
}

/// What clients do not take stays where it is: these answers would be 270 MB together.
fn who_takes_nothing(cluster: &Cluster) {
    let node = cluster.node("b");
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
    };
    let scan = || {
        let request = node.post("/v1/sql", "SELECT * FROM parts").header("accept", "application/x-ndjson");
        let mut lines = request.within(Duration::from_mins(2)).lines();
        lines.next_line().expect("a row");
        lines
    };
    // One that is taken has the store's cache filled.
    assert_eq!(scan().rest().lines().filter(|line| !line.is_empty()).count(), ROWS - 1);
    let before = resident();
    let open: Vec<_> = (0..10).map(|_| scan()).collect();
    std::thread::sleep(Duration::from_secs(3));
    let after = resident();
    assert!(after < before + 80, "{before} MiB before, {after} MiB after");
    // And comes when they take it.
    for lines in open {
        assert_eq!(lines.rest().lines().filter(|line| !line.is_empty()).count(), ROWS - 1);
    }
}
