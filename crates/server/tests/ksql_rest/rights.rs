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

/// Queries are ended by who may change what they write, or read what they read.
#[test]
fn queries_need_rights() {
    let server = Server::start_as(Some("admin all\nadmin bob:word my*\nread ann:word other\n"));
    let (bob, ann) = ("Basic Ym9iOndvcmQ=", "Basic YW5uOndvcmQ=");
    let script = "CREATE STREAM my1 (id STRING KEY, v INT) WITH (kafka_topic='my1', value_format='json', partitions=1);\
                  CREATE STREAM my2 AS SELECT * FROM my1;";
    let ask = |who: &str, path: &str, body: serde_json::Value| {
        server.ask("POST", path, &[("authorization", who)], &body.to_string())
    };
    let ksql = |who: &str, script: &str| ask(who, "/ksql", serde_json::json!({ "ksql": script })).0;
    let (status, found) = ask(bob, "/ksql", serde_json::json!({ "ksql": script }));
    assert_eq!(status, 200, "{found}");
    let id = found
        .split("\"queryId\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("an id")
        .to_owned();
    let push = std::thread::scope(|scope| {
        let wait = scope.spawn(|| {
            ask(bob, "/query-stream", serde_json::json!({"sql": "SELECT * FROM my1 EMIT CHANGES;"}))
        });
        let begun = std::time::Instant::now();
        let push = loop {
            let (_, found) = ask(bob, "/ksql", serde_json::json!({"ksql": "LIST QUERIES;"}));
            if let Some(at) = found.find("transient_MY1_") {
                break found[at..].split('"').next().expect("an id").to_owned();
            }
            assert!(begun.elapsed().as_secs() < 20, "{found}");
        };
        let close = |who: &str| ask(who, "/close-query", serde_json::json!({ "queryId": push })).0;
        assert_eq!(close(ann), 403);
        assert_eq!(ksql(ann, &format!("TERMINATE {push};")), 403);
        assert_eq!(close(bob), 200);
        assert_eq!(wait.join().expect("an answer").0, 200);
        push
    });
    assert!(push.starts_with("transient_"));
    for (who, script, expected) in [
        (ann, format!("PAUSE {id};"), 403),
        (bob, format!("PAUSE {id};"), 200),
        (bob, format!("RESUME {id};"), 200),
        (ann, format!("TERMINATE {id};"), 403),
        (bob, "TERMINATE CSAS_NOTHING_1;".to_owned(), 403),
        (bob, format!("TERMINATE {id};"), 200),
    ] {
        assert_eq!(ksql(who, &script), expected, "{script}");
    }
    server.stop();
}
