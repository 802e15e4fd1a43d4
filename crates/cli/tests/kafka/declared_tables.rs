//! Three nodes of one service: a table that was declared over a topic is read whole by the first query, through any node.
use serde_json::{Value, json};

use crate::client::Kafka;
use crate::harness::Node;
use crate::nodes::Cluster;

const ROWS: usize = 300;

/// `POST /v1/sql`
fn rows(node: &Node, statements: &str) -> Value {
    let answer = node.post("/v1/sql", statements.to_owned()).header("accept", "application/json").send();
    assert_eq!(answer.status, 200, "{statements}: {}", answer.text());
    answer.json()["rows"].clone()
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
