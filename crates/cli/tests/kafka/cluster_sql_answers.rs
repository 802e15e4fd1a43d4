//! Long answers: they come as they are taken, and what has to be kept for them is bounded.
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::cluster_sql::NODES;
use crate::harness::http::Lines;
use crate::harness::{Node, until};
use crate::nodes::Cluster;

const ROWS: usize = 60_000;

/// A table of six partitions, declared and written by others.
fn filled(kafka: &Kafka) -> Cluster {
    let settings = ["--max-pull-bytes", "64KiB", "--ksql", "lentic.sql.extensions=true"];
    let cluster = Cluster::of_three(kafka, &settings);
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
        until("all rows", || (count(cluster.node(name))? == json!([[ROWS]])).then_some(()));
    }
    cluster
}

/// None while the node says that it still reads them.
fn count(node: &Node) -> Option<Value> {
    let request =
        node.post("/v1/sql", "SELECT COUNT(*) AS n FROM parts").header("accept", "application/json");
    let answer = request.send();
    (answer.status != 503).then(|| answer.expect(200).json()["rows"].clone())
}

#[test]
fn long_answers_are_whole_and_held_ones_bounded() {
    let Some(kafka) = Kafka::shared() else { return };
    let cluster = filled(&kafka);
    who_takes_nothing(&cluster);
    for name in NODES {
        let node = cluster.node(name);
        // Some 27 MB, a line at a time.
        let mut lines = scan(node);
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

/// All rows, by a client that may take its time.
fn scan(node: &Node) -> Lines {
    let request = node.post("/v1/sql", "SELECT * FROM parts").header("accept", "application/x-ndjson");
    let lines = request.within(Duration::from_mins(10)).lines();
    assert_eq!(lines.status, 200);
    lines
}

/// In MiB. What is mapped from files, the program itself among it, comes and goes as the system likes.
fn held(node: &Node) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid())).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

/// What a node holds when it has not come to hold more for three seconds.
fn held_at_rest(node: &Node) -> u64 {
    let (mut most, mut since) = (held(node), Instant::now());
    let begun = since;
    while since.elapsed() < Duration::from_secs(3) && begun.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(100));
        let now = held(node);
        if now > most {
            (most, since) = (now, Instant::now());
        }
    }
    held(node)
}

/// What clients do not take stays where it is: these answers would be 270 MB together.
fn who_takes_nothing(cluster: &Cluster) {
    let node = cluster.node("b");
    let rest = |lines: Lines| lines.rest().lines().filter(|line| !line.is_empty()).count();
    // One that is taken has the store's cache filled.
    assert_eq!(rest(scan(node)), ROWS);
    let before = held_at_rest(node);
    let open: Vec<_> = (0..10)
        .map(|_| {
            let mut lines = scan(node);
            lines.next_line().expect("a row");
            lines
        })
        .collect();
    let after = held_at_rest(node);
    assert!(after < before + 80, "{before} MiB before, {after} MiB after");
    // And comes when they take it.
    for lines in open {
        assert_eq!(rest(lines), ROWS - 1);
    }
}
