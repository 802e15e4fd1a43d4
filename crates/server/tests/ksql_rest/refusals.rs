//! What refusals tell: where, what, and what may have been meant.
use super::endpoint::Server;

const SOURCES: &str = "CREATE STREAM flights (id STRING KEY, delay INT) WITH (kafka_topic='flights', value_format='json', partitions=1);
    CREATE TYPE address AS STRUCT<street STRING>;";

#[test]
fn places_and_suggestions() {
    let server = Server::start();
    assert_eq!(server.ksql(SOURCES).0, 200);
    for (statement, message) in [
        ("DROP STREAM fligths;", "Line: 1, Col: 13: Stream FLIGTHS does not exist. Did you mean 'FLIGHTS'?"),
        (
            "CREATE STREAM late AS\n  SELECT * FROM fligths;",
            "Line: 2, Col: 17: Exception while preparing statement: FLIGTHS does not exist. Did you mean 'FLIGHTS'?",
        ),
        (
            "DESCRIBE flight;",
            "Line: 1, Col: 10: Could not find STREAM/TABLE 'FLIGHT' in the Metastore. Did you mean 'FLIGHTS'?",
        ),
        (
            "INSERT INTO flights (id, delya) VALUES ('a', 1);",
            "Line: 1, Col: 26: Failed to insert values into 'FLIGHTS'. Column name `DELYA` does not exist. Did you mean 'DELAY'?",
        ),
        (
            "CREATE STREAM s (a ADRESS) WITH (kafka_topic='s', format='json', partitions=1);",
            "Line: 1, Col: 20: Cannot resolve unknown type: ADRESS. Did you mean 'ADDRESS'?",
        ),
        (
            "CREATE STREAM s (a INT) WITH (kafka_topic='s', key_format='JSN', value_format='json', partitions=1);",
            "Line: 1, Col: 48: Unknown format: JSN. Did you mean 'JSON'?",
        ),
        (
            "CREATE TABLE t AS SELECT id, delay, COUNT(*) FROM flights GROUP BY id;",
            "Line: 1, Col: 30: Non-aggregate SELECT expression(s) not part of GROUP BY: DELAY\nEither add the column(s) to the \
             GROUP BY or remove them from the SELECT.",
        ),
        (
            "CREATE STREAM s AS SELECT id, CAST(delay AS STRNG) FROM flights;",
            "Line: 1, Col: 31: Cannot resolve unknown type: STRNG. Did you mean 'STRING'?",
        ),
        (
            "CREATE STREAM s WITH (value_format='jsn') AS SELECT id, delay FROM flights;",
            "Line: 1, Col: 23: Unknown format: JSN. Did you mean 'JSON'?",
        ),
        ("TERMINATE nothing;", "Line: 1, Col: 11: Unknown queryId: NOTHING"),
        (
            "SET 'auto.ofset.reset'='latest';",
            "Not recognizable as ksql, streams, consumer, or producer property: 'auto.ofset.reset'. Did you mean \
             'auto.offset.reset'?",
        ),
    ] {
        let (status, body) = server.ksql(statement);
        let found = body["message"].as_str().unwrap_or_default();
        // The statement stands behind it, where ksqlDB has it.
        let found = found.split("\nStatement: ").next().unwrap_or_default();
        assert_eq!((status, found), (400, message), "{statement}");
    }
    let (status, body) = server.ask(
        "POST",
        "/v1/sql",
        &[("accept", "application/json")],
        "SELECT LCAES(id) FROM flights EMIT CHANGES;",
    );
    assert!(status == 400 && body.contains("LCASE"), "{body}");
    let (status, body) = server.ask("POST", "/v1/sql", &[], "SELECT * FROM flihgts EMIT CHANGES;");
    assert!(
        status == 400 && body.contains("Line: 1, Col: 15: ") && body.contains("Did you mean 'FLIGHTS'?"),
        "{body}"
    );
    let (status, body) = server.ask("POST", "/v1/sql", &[], "PRINT Flights LIMIT 1;");
    assert!(
        status == 400 && body.contains("Could not find topic 'Flights'") && body.contains("'flights'?"),
        "{body}"
    );
    server.stop();
}

/// As ksqlDB answers where it was given no `ksql.schema.registry.url`.
#[test]
fn there_is_no_registry() {
    let server = Server::start();
    assert_eq!(server.ksql(SOURCES).0, 200);
    let topic = |topic: &str, format: &str| {
        format!(
            "Cannot create topic '{topic}' with format {format} without configuring 'ksql.schema.registry.url'"
        )
    };
    let inferred =
        "KSQL is not configured to use a schema registry. To enable it, please set ksql.schema.registry.url";
    for (statement, status, code, message) in [
        (
            "CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='avro', partitions=1);",
            428,
            42801,
            topic("s", "AVRO"),
        ),
        (
            "CREATE TABLE s (k INT PRIMARY KEY) WITH (kafka_topic='s', key_format='json_sr', value_format='json', partitions=1);",
            428,
            42801,
            topic("s", "JSON_SR"),
        ),
        ("CREATE STREAM s WITH (kafka_topic='flights', format='protobuf');", 428, 42801, inferred.to_owned()),
        (
            "CREATE STREAM s WITH (value_format='protobuf') AS SELECT * FROM flights;",
            428,
            42801,
            topic("S", "PROTOBUF"),
        ),
        (
            "ASSERT SCHEMA SUBJECT 'x' TIMEOUT 1 HOURS;",
            417,
            41700,
            format!("Cannot check schema existence: {inferred}"),
        ),
    ] {
        let (found_status, body) = server.ksql(statement);
        let found = body["message"].as_str().unwrap_or_default();
        assert_eq!(
            (found_status, &body["error_code"]),
            (status, &serde_json::json!(code)),
            "{statement}: {body}"
        );
        assert!(found.contains(&message), "{statement}: {found}");
    }
    server.stop();
}
