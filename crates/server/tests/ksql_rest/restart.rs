//! What a node knows of SQL after a start, and that its tables can be asked.
use lentic_testkit::conformance::rest::Endpoint as _;
use serde_json::json;

use super::answers::has;
use super::endpoint::Server;

#[test]
fn queries_go_on() {
    let mut server = Server::start();
    let (status, body) = server.ksql(
        "CREATE STREAM flights (id STRING KEY, delay INT) WITH (kafka_topic='flights', value_format='json', partitions=2);
         CREATE TABLE late AS SELECT id, COUNT(*) AS n FROM flights WHERE delay > 15 GROUP BY id;
         CREATE TYPE place AS STRUCT<lat DOUBLE, lon DOUBLE>;
         INSERT INTO flights VALUES ('a', 20); INSERT INTO flights VALUES ('b', 10);",
    );
    assert_eq!(status, 200, "{body}");
    server.settle().expect("it settles");
    counts(&server, &json!([["a", 1]]));
    let (_, before) = server.ksql("SHOW QUERIES;");
    let mut server = server.restart();
    let (_, after) = server.ksql("SHOW QUERIES;");
    assert_eq!(after[0]["queries"][0]["id"], before[0]["queries"][0]["id"]);
    has(&server.ksql("SHOW TYPES;").1, &json!([{"types": {"PLACE": {"type": "STRUCT"}}}]), "types");
    has(&server.ksql("INSERT INTO flights VALUES ('a', 30);").1, &json!([]), "it is written");
    server.settle().expect("it settles");
    counts(&server, &json!([["a", 2]]));
    let (_, paused) = server.ksql("PAUSE ALL;");
    has(&paused, &json!([{"commandStatus": {"status": "SUCCESS"}}]), "it pauses");
    let server = server.restart();
    has(&server.ksql("SHOW QUERIES;").1, &json!([{"queries": [{"state": "PAUSED"}]}]), "it stays so");
    counts(&server, &json!([["a", 2]]));
    server.stop();
}

/// What the table has, asked as `POST /v1/sql` does.
#[track_caller]
fn counts(server: &Server, expected: &serde_json::Value) {
    let (status, body) =
        server.ask("POST", "/v1/sql", &[("accept", "application/json")], "SELECT id, n FROM late;");
    assert_eq!(status, 200, "{body}");
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(&body["rows"], expected);
}
