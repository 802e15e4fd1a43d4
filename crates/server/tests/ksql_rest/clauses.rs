//! Which queries are sorted, grouped and cut off, and which say that they are not.
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::endpoint::Server;

const SCRIPT: &str =
    "CREATE STREAM s (k INT KEY, g STRING, v INT) WITH (kafka_topic='s', value_format='json', partitions=1);
CREATE TABLE t AS SELECT k, LATEST_BY_OFFSET(g) AS g, COUNT(*) AS n FROM s GROUP BY k;
INSERT INTO s VALUES (1, 'b', 5); INSERT INTO s VALUES (2, 'a', 7); INSERT INTO s VALUES (3, 'b', 6);
INSERT INTO s VALUES (3, 'b', 6);";

fn with_rows() -> Server {
    let server = Server::start();
    let (status, body) = server.ksql(SCRIPT);
    assert_eq!(status, 200, "{body}");
    let begun = Instant::now();
    while by_sql(&server, "SELECT n FROM t WHERE k = 3;").1 != "[[2]]" {
        assert!(begun.elapsed() < Duration::from_secs(20), "the rows do not come");
        std::thread::sleep(Duration::from_millis(50));
    }
    server
}

/// The rows that `/v1/sql` answers with, or its message.
fn by_sql(server: &Server, query: &str) -> (u16, String) {
    let (status, body) = server.ask("POST", "/v1/sql", &[("accept", "application/json")], query);
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let message = body["error"]["message"].as_str().unwrap_or_default().to_owned();
    (status, if status == 200 { body["rows"].to_string() } else { message })
}

/// The answer of ksqlDB's endpoint.
fn by_ksql(server: &Server, query: &str, extensions: bool) -> (u16, String) {
    let properties = json!({ "lentic.sql.extensions": extensions, "auto.offset.reset": "earliest" });
    let body = json!({ "sql": query, "properties": properties }).to_string();
    server.ask("POST", "/query-stream", &[("accept", "application/json")], &body)
}

#[test]
fn pulled_streams_are_neither_grouped_nor_sorted() {
    let server = with_rows();
    for (query, what) in [
        ("SELECT COUNT(*) FROM s;", "The aggregate function COUNT(*) in pull queries on streams"),
        ("SELECT 1 + MAX(v) AS m FROM s WHERE v > 5;", "The aggregate function MAX(V) in pull queries"),
        ("SELECT g, COUNT(*) AS c FROM s GROUP BY g;", "GROUP BY in pull queries on streams"),
        ("SELECT g FROM s GROUP BY g HAVING COUNT(*) > 1;", "GROUP BY in pull queries on streams"),
        ("SELECT g FROM s HAVING g = 'a';", "HAVING in pull queries on streams"),
        ("SELECT k FROM s ORDER BY v DESC LIMIT 3;", "ORDER BY in pull queries on streams"),
    ] {
        for (status, found) in [by_sql(&server, query), by_ksql(&server, query, true)] {
            let is_told = found.contains(what) && found.contains("CREATE TABLE ... AS SELECT");
            assert!(status == 400 && is_told, "{query}: {status} {found}");
        }
    }
    for column in ["ROWPARTITION", "ROWOFFSET"] {
        let (status, found) = by_sql(&server, &format!("SELECT {column} FROM s;"));
        assert!(status == 400 && found.contains(&format!("SELECT clauses: `{column}`")), "{found}");
    }
    assert_eq!(by_sql(&server, "SELECT k FROM s WHERE v > 5 LIMIT 2;"), (200, "[[2],[3]]".to_owned()));
    server.stop();
}

#[test]
fn aggregates_of_pull_queries_are_an_extension() {
    let server = with_rows();
    for query in
        ["SELECT COUNT(*) FROM t;", "SELECT SUM(n) + 1 FROM t WHERE k = 1;", "SELECT COUNT(*) FROM s;"]
    {
        let (status, found) = by_ksql(&server, query, false);
        let is_told = found.contains("Pull queries don't support aggregate functions")
            && found.contains("Add EMIT CHANGES if you intended to issue a push query.");
        assert!(status == 400 && is_told, "{query}: {status} {found}");
    }
    let (status, found) = by_ksql(&server, "SELECT COUNT(*) FROM t;", true);
    assert!(status == 200 && found.ends_with("[3]]"), "{found}");
    server.stop();
}

#[test]
fn positions_name_columns_to_sort_by() {
    let server = with_rows();
    for (query, expected) in [
        ("SELECT k, g FROM t ORDER BY 2, 1 DESC;", "[[2,\"a\"],[3,\"b\"],[1,\"b\"]]"),
        ("SELECT * FROM t ORDER BY 1 DESC LIMIT 1;", "[[3,\"b\",2]]"),
        ("SELECT g, COUNT(*) AS c FROM t GROUP BY g ORDER BY 2 DESC;", "[[\"b\",2],[\"a\",1]]"),
        ("SELECT k FROM t ORDER BY 0 - k;", "[[3],[2],[1]]"),
    ] {
        assert_eq!(by_sql(&server, query), (200, expected.to_owned()), "{query}");
    }
    for position in ["0", "3", "-1", "9000000000"] {
        let query = format!("SELECT k, g FROM t\nORDER BY {position};");
        let (status, found) = by_sql(&server, &query);
        let is_told = found.contains("Line: 2, Col: 10: ") && found.contains("use 1 to 2");
        assert!(status == 400 && is_told, "{query}: {status} {found}");
    }
    server.stop();
}

#[test]
fn push_queries_are_not_sorted() {
    let server = with_rows();
    for query in [
        "SELECT k FROM s ORDER BY k EMIT CHANGES LIMIT 1;",
        "SELECT g, COUNT(*) AS c FROM s GROUP BY g ORDER BY g EMIT CHANGES LIMIT 1;",
        "SELECT k FROM t ORDER BY k EMIT CHANGES LIMIT 1;",
    ] {
        let (status, found) = by_sql(&server, query);
        assert!(status == 400 && found.contains("Push queries don't support ORDER BY"), "{query}: {found}");
    }
    let query = "CREATE STREAM u AS SELECT * FROM s ORDER BY k;";
    let (status, found) = by_sql(&server, query);
    assert!(status == 400 && found.contains("Persistent queries don't support ORDER BY"), "{query}: {found}");
    let query = "SELECT k FROM s EMIT CHANGES LIMIT -1;";
    let (status, found) = by_ksql(&server, query, false);
    let told = "Push queries don't support negative integers in the LIMIT clause.";
    assert!(status == 400 && found.contains(told), "{query}: {found}");
    server.stop();
}
