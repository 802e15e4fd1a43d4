//! Three nodes of one service: a table that was declared over a topic is read whole by the first query, through any node.
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Kafka;
use crate::harness::Node;
use crate::nodes::Cluster;

const ROWS: usize = 300;

/// How long a table may be read.
const PATIENCE: Duration = Duration::from_mins(1);

/// `POST /v1/sql`; a table that is still being read is asked again, as its answer says.
fn rows(node: &Node, statements: &str) -> Value {
    let began = Instant::now();
    loop {
        let answer = node.post("/v1/sql", statements.to_owned()).header("accept", "application/json").send();
        let is_being_read = answer.status == 503 && answer.text().contains("are still being read");
        if is_being_read && began.elapsed() < PATIENCE {
            continue;
        }
        assert_eq!(answer.status, 200, "{statements}: {}", answer.text());
        return answer.json()["rows"].clone();
    }
}

#[test]
fn the_first_query_is_answered_whole_through_any_node() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    for name in ["a", "b", "c"] {
        cluster.start(name);
    }
    cluster.settle();
    let topic = format!("{}-numbers", cluster.service);
    let declared = format!(
        "CREATE TABLE numbers (id INT PRIMARY KEY, n INT) WITH (kafka_topic='{topic}', value_format='json', partitions=6);"
    );
    let inserts = (0..ROWS).map(|id| format!("INSERT INTO numbers VALUES ({id}, {id});"));
    let script: Vec<_> = std::iter::once(declared).chain(inserts).collect();
    rows(cluster.node("a"), &script.join("\n"));
    for name in ["b", "c", "a"] {
        let counted = rows(cluster.node(name), "SELECT COUNT(*) AS n FROM numbers;");
        assert_eq!(counted, json!([[ROWS]]), "through {name}");
    }
    // A node that starts anew has the same table, and nothing more is kept for it.
    cluster.nodes.remove("c");
    cluster.start("c");
    cluster.settle();
    let found = rows(cluster.node("c"), "SELECT n FROM numbers WHERE id IN (7, 299) ORDER BY n;");
    assert_eq!(found, json!([[7], [299]]));
}

/// A position never comes behind the mark that a transaction leaves: a look at the topic tells that nothing is left.
#[test]
fn a_topic_that_ends_with_a_transaction_is_read_to_its_end() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    cluster.start("a");
    let node = cluster.node("a");
    let topic = format!("{}-pairs", cluster.service);
    node.declare(
        &json!({"name": "pairs", "topic": topic, "key": "string", "value": "json", "partitions": 2}),
    );
    let writes: Vec<_> = (0..20).map(|id| json!({"key": format!("k{id}"), "value": {"n": id}})).collect();
    let written = node.post("/v1/tables/pairs/rows:write", json!({"writes": writes}).to_string()).send();
    assert_eq!(written.status, 200, "{}", written.text());
    let statements = format!(
        "CREATE TABLE pairs (id STRING PRIMARY KEY, n INT) WITH (kafka_topic='{topic}', value_format='json', \
         key_format='kafka');"
    );
    rows(node, &statements);
    assert_eq!(rows(node, "SELECT SUM(n) AS n FROM pairs;"), json!([[190]]));
}
