//! Which rows a LIMIT leaves.
use std::time::{Duration, Instant};

use super::endpoint::Server;

/// The rows of a query, without its header.
fn rows(server: &Server, query: &str) -> Vec<serde_json::Value> {
    let body = serde_json::json!({ "sql": query }).to_string();
    let (status, found) = server.ask("POST", "/query-stream", &[("accept", "application/json")], &body);
    assert_eq!(status, 200, "{found}");
    let mut rows: Vec<_> = serde_json::from_str(&found).expect("an array");
    rows.remove(0);
    rows
}

/// 1, 5 and 8 are keys of partition 0, 2 and 3 of partition 1.
#[test]
fn partitions_are_read_in_turn() {
    let server = Server::start();
    let (status, body) = server.ksql(
        "CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='json', partitions=2); \
         CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k; \
         INSERT INTO s VALUES (3, 0); INSERT INTO s VALUES (8, 0); INSERT INTO s VALUES (2, 0); \
         INSERT INTO s VALUES (5, 0); INSERT INTO s VALUES (1, 0);",
    );
    assert_eq!(status, 200, "{body}");
    let deadline = Instant::now() + Duration::from_secs(20);
    while rows(&server, "SELECT * FROM t;").len() < 5 {
        assert!(Instant::now() < deadline, "the rows do not come");
        std::thread::sleep(Duration::from_millis(50));
    }
    for (query, expected) in [
        ("SELECT k FROM t LIMIT 3;", "[[1],[5],[8]]"),
        ("SELECT k FROM t LIMIT 4;", "[[1],[5],[8],[2]]"),
        ("SELECT k FROM t LIMIT 9;", "[[1],[5],[8],[2],[3]]"),
        ("SELECT k FROM t WHERE n = 1 AND k > 1 LIMIT 3;", "[[5],[8],[2]]"),
        ("SELECT k FROM t LIMIT 0;", "[]"),
    ] {
        let found = serde_json::Value::from(rows(&server, query)).to_string();
        assert_eq!(found, expected, "{query}");
    }
    server.stop();
}
