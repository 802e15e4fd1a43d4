//! Who may do what.
use super::endpoint::Server;
use super::inserts::insert_as;

const TOKENS: &str = "read-write all\nread ann:word flights*\nadmin bob:word gates\nwrite cat:word gates\nread cat:word flights\n";

/// Who, what, and the status; 403 has ksqlDB's error body.
#[test]
fn statements_need_rights() {
    let server = Server::start_as(Some(TOKENS));
    let declared = |name: &str| {
        format!(
            "CREATE STREAM {name} (id STRING KEY) WITH (kafka_topic='{name}', value_format='json', partitions=1);"
        )
    };
    let (all, ann, bob, cat) =
        ("Bearer all", "Basic YW5uOndvcmQ=", "Basic Ym9iOndvcmQ=", "Basic Y2F0OndvcmQ=");
    for (who, script, expected) in [
        (all, declared("flights"), 200),
        (ann, "LIST STREAMS;".to_owned(), 200),
        (ann, declared("flights2"), 403),
        (ann, "INSERT INTO flights VALUES ('a');".to_owned(), 403),
        (bob, declared("gates"), 200),
        (bob, "INSERT INTO gates VALUES ('a');".to_owned(), 200),
        (cat, "INSERT INTO gates VALUES ('b');".to_owned(), 200),
        (cat, "INSERT INTO flights VALUES ('b');".to_owned(), 403),
        (cat, "DROP STREAM gates;".to_owned(), 403),
        (cat, declared("gates"), 403),
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
        (cat, "SELECT * FROM flights EMIT CHANGES LIMIT 0;", 200),
        (cat, "SELECT * FROM gates EMIT CHANGES LIMIT 0;", 200),
        (bob, "SELECT * FROM gates EMIT CHANGES LIMIT 1;", 200),
    ] {
        let body = serde_json::json!({ "sql": query }).to_string();
        let (status, found) = server.ask("POST", "/query-stream", &[("authorization", who)], &body);
        assert_eq!(status, expected, "{who} {query}: {found}");
    }
    let insert = "{\"target\":\"gates\"}\n{\"ID\":\"c\"}\n";
    for (who, expected) in [(ann, 403), (cat, 200), (bob, 200)] {
        let (status, found) = insert_as(&server, Some(who), "*/*", insert);
        assert_eq!(status, expected, "{who}: {found}");
    }
    let table = |name: &str| {
        serde_json::json!({"name": name, "topic": "gates", "key": "string", "value": "json", "partitions": 1})
            .to_string()
    };
    for (who, name, expected) in [(cat, "gates", 403), (bob, "others", 403), (bob, "gates", 201)] {
        let (status, found) = server.ask("POST", "/v1/tables", &[("authorization", who)], &table(name));
        assert_eq!(status, expected, "{who} {name}: {found}");
    }
    for (path, expected) in
        [("/healthcheck", 200), ("/v1/metadata", 200), ("/info", 401), ("/v1/tables", 401)]
    {
        assert_eq!(server.ask("GET", path, &[], "").0, expected, "{path}");
    }
    server.stop();
}
