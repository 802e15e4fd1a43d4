//! Who may do what.
use super::endpoint::Server;

const TOKENS: &str = "read-write all\nread ann:word flights*\nread-write bob:word gates\n";

/// Who, what, and the status; 403 has ksqlDB's error body.
#[test]
fn statements_need_rights() {
    let server = Server::start_as(Some(TOKENS));
    let declared = |name: &str| {
        format!(
            "CREATE STREAM {name} (id STRING KEY) WITH (kafka_topic='{name}', value_format='json', partitions=1);"
        )
    };
    let (all, ann, bob) = ("Bearer all", "Basic YW5uOndvcmQ=", "Basic Ym9iOndvcmQ=");
    for (who, script, expected) in [
        (all, declared("flights"), 200),
        (ann, "LIST STREAMS;".to_owned(), 200),
        (ann, declared("flights2"), 403),
        (ann, "INSERT INTO flights VALUES ('a');".to_owned(), 403),
        (bob, declared("gates"), 200),
        (bob, "INSERT INTO gates VALUES ('a');".to_owned(), 200),
        (bob, "CREATE STREAM gates AS SELECT * FROM flights;".to_owned(), 403),
        (
            bob,
            "CREATE STREAM gates2 (id STRING KEY) WITH (kafka_topic='gates', value_format='json');"
                .to_owned(),
            403,
        ),
        (bob, "TERMINATE ALL;".to_owned(), 403),
        (all, "TERMINATE ALL;".to_owned(), 200),
        ("Basic bm9ib2R5", "LIST STREAMS;".to_owned(), 401),
    ] {
        let body = serde_json::json!({ "ksql": script }).to_string();
        let (status, found) = server.ask("POST", "/ksql", &[("authorization", who)], &body);
        assert_eq!(status, expected, "{who} {script}: {found}");
        if status >= 400 {
            assert!(found.contains("\"error_code\":40"), "{found}");
        }
    }
    for (who, query, expected) in [
        (ann, "SELECT * FROM flights EMIT CHANGES LIMIT 0;", 200),
        (ann, "SELECT * FROM gates EMIT CHANGES LIMIT 0;", 403),
        (ann, "PRINT gates;", 403),
        (bob, "SELECT * FROM gates EMIT CHANGES LIMIT 1;", 200),
    ] {
        let body = serde_json::json!({ "sql": query }).to_string();
        let (status, found) = server.ask("POST", "/query-stream", &[("authorization", who)], &body);
        assert_eq!(status, expected, "{who} {query}: {found}");
    }
    for (path, expected) in
        [("/healthcheck", 200), ("/v1/metadata", 200), ("/info", 401), ("/v1/tables", 401)]
    {
        assert_eq!(server.ask("GET", path, &[], "").0, expected, "{path}");
    }
    server.stop();
}
