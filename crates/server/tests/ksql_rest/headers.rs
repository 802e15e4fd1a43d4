//! What comes before the rows of a table some of whose columns have headers of its records.
use super::endpoint::Server;

/// `SELECT *` names the columns of headers first, as ksqlDB does, though they stand last in rows.
#[test]
fn columns_of_headers_are_named() {
    let server = Server::start();
    server.create("t", 1);
    let (status, body) = server.ksql(
        "CREATE SOURCE TABLE t (k INT PRIMARY KEY, v STRING, h BYTES HEADER('it''s')) WITH (kafka_topic='t', value_format='json');",
    );
    assert_eq!(status, 200, "{body}");
    for (path, query, expected) in [
        (
            "/query",
            "SELECT * FROM t;",
            r#""schema":"`K` INTEGER KEY, `H` BYTES HEADER('it''s'), `V` STRING""#,
        ),
        ("/query", "SELECT k, v, h FROM t;", r#""schema":"`K` INTEGER KEY, `V` STRING, `H` BYTES""#),
        ("/query-stream", "SELECT * FROM t;", r#""columnNames":["K","V","H"]"#),
    ] {
        let name = if path == "/query" { "ksql" } else { "sql" };
        let body = serde_json::json!({ name: query }).to_string();
        let (status, found) = server.ask("POST", path, &[], &body);
        assert!(status == 200 && found.contains(expected), "{path} {query}: {found}");
    }
    server.stop();
}
