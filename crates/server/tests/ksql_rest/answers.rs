//! What statements and questions are answered.
use serde_json::{Value, json};

use super::endpoint::Server;

const STREAM: &str = "CREATE STREAM flights (id STRING KEY, delay INT) WITH (kafka_topic='flights', value_format='json', partitions=2);";

/// Scripts in their order, the status, and what the answer must have (see [`has`]).
#[test]
fn statements() {
    let server = Server::start();
    for (script, status, expected) in [
        (
            STREAM,
            200,
            json!([{
                "@type": "currentStatus", "statementText": STREAM, "commandId": "stream/`FLIGHTS`/create",
                "commandStatus": {"status": "SUCCESS", "message": "Stream created", "queryId": null}, "warnings": []
            }]),
        ),
        (
            "CREATE TABLE late AS SELECT id, COUNT(*) AS n FROM flights WHERE delay > 15 GROUP BY id;",
            200,
            json!([{"commandId": "table/`LATE`/create", "commandStatus": {"status": "SUCCESS"}}]),
        ),
        (
            "CREATE STREAM IF NOT EXISTS flights (id STRING KEY) WITH (kafka_topic='flights', value_format='json');",
            200,
            json!([{"@type": "warning_entity", "message": "Cannot add stream `FLIGHTS`: A stream with the same name already exists."}]),
        ),
        (
            "LIST STREAMS;",
            200,
            json!([{"@type": "streams", "streams": [
                {"type": "STREAM", "name": "FLIGHTS", "topic": "flights", "keyFormat": "KAFKA", "valueFormat": "JSON", "isWindowed": false}
            ]}]),
        ),
        ("LIST TABLES;", 200, json!([{"@type": "tables", "tables": [{"name": "LATE", "topic": "LATE"}]}])),
        (
            "LIST TOPICS;",
            200,
            json!([{"@type": "kafka_topics", "topics": [
                {"name": "LATE", "replicaInfo": [1, 1]}, {"name": "flights", "replicaInfo": [1, 1]}
            ]}]),
        ),
        (
            "SHOW QUERIES;",
            200,
            json!([{"@type": "queries", "queries": [
                {"sinks": ["LATE"], "sinkKafkaTopics": ["LATE"], "queryType": "PERSISTENT", "state": "RUNNING", "statusCount": {"RUNNING": 1}}
            ]}]),
        ),
        (
            "DESCRIBE late EXTENDED;",
            200,
            json!([{"@type": "sourceDescription", "sourceDescription": {
                "name": "LATE", "type": "TABLE", "partitions": 2, "replication": 1, "extended": true,
                "fields": [
                    {"name": "ID", "schema": {"type": "STRING", "fields": null, "memberSchema": null}, "type": "KEY"},
                    {"name": "N", "schema": {"type": "BIGINT"}}
                ]
            }}]),
        ),
        (
            "EXPLAIN SELECT * FROM flights EMIT CHANGES;",
            200,
            json!([{"@type": "queryDescription", "queryDescription": {"id": "", "queryType": "PUSH"}}]),
        ),
        (
            "DESCRIBE FUNCTION lcase;",
            200,
            json!([{"@type": "describe_function", "name": "LCASE", "type": "SCALAR"}]),
        ),
        (
            "SET 'auto.offset.reset'='earliest'; DEFINE a = 'b'; SHOW VARIABLES;",
            200,
            json!([
                {"@type": "variables", "variables": [{"name": "A", "value": "b"}]}
            ]),
        ),
        ("SET 'colour'='red';", 400, json!({"@type": "statement_error", "error_code": 40000})),
        (
            "ASSERT TOPIC flights WITH (partitions=2);",
            200,
            json!([{"@type": "assert_topic", "topicName": "flights", "exists": true}]),
        ),
        (
            "ASSERT TOPIC nothing TIMEOUT 10 MILLISECONDS;",
            417,
            json!({"@type": "statement_error", "error_code": 41700}),
        ),
        ("SELECT * FROM flights;", 400, json!({"error_code": 40002, "@type": "statement_error"})),
        ("SHOW CONNECTORS;", 400, json!({"error_code": 40001})),
        (
            "DROP STREAM flights;",
            400,
            json!({"error_code": 40001, "statementText": "DROP STREAM flights;", "entities": []}),
        ),
        // All of a script is tried before any of it takes effect.
        (
            "DROP TABLE late; DROP STREAM nothing;",
            400,
            json!({"statementText": "DROP STREAM nothing;", "entities": []}),
        ),
        (
            "LIST TABLES; SELEC 1;",
            400,
            json!({"@type": "statement_error", "error_code": 40001, "statementText": "SELEC 1;"}),
        ),
        (
            "",
            400,
            json!({"@type": "generic_error", "error_code": 40000, "message": "\"ksql\" field must be populated"}),
        ),
        (
            "PAUSE ALL;",
            200,
            json!([{"commandId": "pause/ALL/execute", "commandStatus": {"message": "Query paused."}}]),
        ),
        ("RESUME ALL;", 200, json!([{"commandStatus": {"message": "Query resumed."}}])),
        ("TERMINATE ALL;", 200, json!([{"commandStatus": {"message": "Query terminated."}}])),
        (
            "DROP TABLE late DELETE TOPIC; DROP STREAM flights;",
            200,
            json!([
                {"commandStatus": {"message": "Source `LATE` (topic: LATE) was dropped."}},
                {"commandStatus": {"message": "Source `FLIGHTS` (topic: flights) was dropped."}}
            ]),
        ),
        ("LIST TOPICS;", 200, json!([{"topics": [{"name": "flights"}]}])),
    ] {
        let (found_status, found) = server.ksql(script);
        assert_eq!(found_status, status, "{script}: {found}");
        has(&found, &expected, script);
    }
    server.stop();
}

#[test]
fn questions() {
    let server = Server::start();
    server.ksql(STREAM);
    for (method, path, body, status, expected) in [
        (
            "GET",
            "/info",
            "",
            200,
            json!({"KsqlServerInfo": {"ksqlServiceId": "default_", "serverStatus": "RUNNING"}}),
        ),
        (
            "GET",
            "/healthcheck",
            "",
            200,
            json!({"isHealthy": true, "serverState": "READY", "details": {"commandRunner": {"isHealthy": true}}}),
        ),
        ("GET", "/chc/live", "", 200, json!({})),
        ("GET", "/status", "", 200, json!({"commandStatuses": {"stream/FLIGHTS/create": "SUCCESS"}})),
        (
            "GET",
            "/status/stream/FLIGHTS/create",
            "",
            200,
            json!({"status": "SUCCESS", "message": "Stream created", "queryId": null}),
        ),
        ("GET", "/status/stream/%60FLIGHTS%60/create", "", 200, json!({"status": "SUCCESS"})),
        (
            "GET",
            "/status/stream/OTHER/create",
            "",
            404,
            json!({"error_code": 40400, "message": "Command not found"}),
        ),
        ("GET", "/is_valid_property/auto.offset.reset", "", 200, json!(true)),
        ("GET", "/is_valid_property/colour", "", 400, json!({"error_code": 40000})),
        (
            "GET",
            "/v1/metadata",
            "",
            200,
            json!({"clusterId": {"scope": {"path": [], "clusters": {"ksql-cluster": "default_"}}, "id": ""}}),
        ),
        ("GET", "/v1/metadata/id", "", 200, json!({"id": ""})),
        ("GET", "/clusterStatus", "", 404, json!({"error_code": 40400})),
        (
            "POST",
            "/close-query",
            r#"{"queryId":"none"}"#,
            400,
            json!({"error_code": 40000, "message": "No query with id none"}),
        ),
        ("POST", "/ksql", "{", 400, json!({"error_code": 40000})),
        (
            "POST",
            "/ksql",
            r#"{"ksql":"LIST STREAMS;","commandSequenceNumber":0}"#,
            200,
            json!([{"@type": "streams"}]),
        ),
        ("POST", "/query", r#"{"ksql":"LIST STREAMS;"}"#, 400, json!({"error_code": 40000})),
        (
            "POST",
            "/query-stream",
            r#"{"sql":"SELECT 1 FROM a EMIT CHANGES; SELECT 2 FROM a EMIT CHANGES;"}"#,
            400,
            json!({"error_code": 40001, "message": "Expected exactly one KSQL statement; found 2 instead"}),
        ),
        ("POST", "/inserts-stream", r#"{"target":"FLIGHTS"}"#, 400, json!({"error_code": 40004})),
        (
            "POST",
            "/ksql/terminate",
            r#"{"deleteTopicList":["fli.*"]}"#,
            200,
            json!([{"@type": "currentStatus", "commandStatus": {"status": "SUCCESS"}}]),
        ),
    ] {
        let (found_status, found) = server.ask(method, path, &[], body);
        assert_eq!(found_status, status, "{path}: {found}");
        has(&serde_json::from_str(&found).expect("JSON"), &expected, path);
    }
    let (_, topics) = server.ksql("LIST TOPICS;");
    has(&topics, &json!([{"topics": []}]), "all is gone");
    server.stop();
}

/// Whether everything that is expected is there: objects may have more.
#[track_caller]
pub(crate) fn has(found: &Value, expected: &Value, what: &str) {
    match (found, expected) {
        (Value::Object(fields), Value::Object(expected)) => {
            for (name, expected) in expected {
                let field = fields.get(name).unwrap_or_else(|| panic!("{what}: no {name} in {found}"));
                has(field, expected, what);
            }
        }
        (Value::Array(elements), Value::Array(expected)) => {
            assert_eq!(elements.len(), expected.len(), "{what}: {found}");
            for (element, expected) in elements.iter().zip(expected) {
                has(element, expected, what);
            }
        }
        _ => assert_eq!(found, expected, "{what}"),
    }
}
