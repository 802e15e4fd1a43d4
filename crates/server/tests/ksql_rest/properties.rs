//! Properties of the whole service, and what is reported of them.
use std::time::{Duration, Instant};

use lentic_testkit::conformance::rest::Endpoint as _;
use serde_json::{Value, json};

use super::answers::has;
use super::endpoint::Server;

/// What `LIST PROPERTIES` says of one.
fn property(server: &Server, name: &str) -> Value {
    let (status, body) = server.ksql("LIST PROPERTIES;");
    assert_eq!(status, 200, "{body}");
    let all = body[0]["properties"].as_array().expect("properties").clone();
    all.into_iter().find(|property| property["name"] == name).unwrap_or_else(|| panic!("{name}: {body}"))
}

/// Given once, a property holds at every endpoint and after a start; a request may still say otherwise.
#[test]
fn the_system_is_altered() {
    let server = Server::start();
    let name = "ksql.query.pull.limit.clause.enabled";
    assert_eq!(property(&server, name)["value"], "true");
    let alter = format!("ALTER SYSTEM '{name}'='false';");
    has(
        &server.ksql(&alter).1,
        &json!([{
            "@type": "currentStatus", "commandId": format!("cluster/{name}/alter"),
            "commandStatus": {"status": "SUCCESS", "message": format!("System property {name} was set to false.")}
        }]),
        "it is altered",
    );
    assert_eq!(
        server.ksql("CREATE STREAM s (v INT) WITH (kafka_topic='s', format='json', partitions=1);").0,
        200
    );
    let limited = |server: &Server, properties: Value| {
        let body = json!({"sql": "SELECT v FROM s LIMIT 1;", "properties": properties}).to_string();
        server.ask("POST", "/query-stream", &[], &body).0
    };
    let server = server.restart();
    assert_eq!(limited(&server, json!({})), 400);
    assert_eq!(limited(&server, json!({name: "true"})), 200);
    let found = property(&server, name);
    has(
        &found,
        &json!({"value": "false", "scope": "KSQL", "editable": true, "level": "QUERY"}),
        "it is listed",
    );
    for (statement, message) in [
        (
            "ALTER SYSTEM 'ksql.query.pull.limit.clause.enabled'='perhaps';",
            "Expected value to be either true or false",
        ),
        ("ALTER SYSTEM 'ksql.service.id'='x';", "is of each node's configuration"),
        ("ALTER SYSTEM 'auto.ofset.reset'='latest';", "Did you mean 'auto.offset.reset'?"),
        ("ALTER SYSTEM 'ksql.error.classifier.regex.x'='ME .*';", "is none of USER, SYSTEM and UNKNOWN"),
    ] {
        let (status, body) = server.ksql(statement);
        let found = body["message"].as_str().unwrap_or_default();
        assert!(status == 400 && found.contains(message), "{statement}: {body}");
    }
    server.stop();
}

/// What is reported is what applies.
#[test]
fn properties_are_those_that_hold() {
    let server = Server::start();
    for (name, value, level) in [
        ("ksql.functions.collect_list.limit", json!("1000"), "QUERY"),
        ("ksql.service.id", json!("default_"), "SERVER"),
        ("ksql.streams.auto.offset.reset", json!("earliest"), "QUERY"),
        ("ksql.streams.max.task.idle.ms", json!("0"), "QUERY"),
        ("ksql.schema.registry.url", Value::Null, "SERVER"),
    ] {
        let found = property(&server, name);
        has(&found, &json!({"value": value, "level": level, "scope": "KSQL"}), name);
    }
    let (_, body) = server.ksql("SET 'auto.offset.reset'='earliest'; LIST PROPERTIES;");
    assert!(body[0]["overwrittenProperties"].as_array().is_some_and(|all| all.len() == 1), "{body}");
    server.stop();
}

/// A failure is whose fault the operator says it is.
#[test]
fn failures_are_classed_by_patterns() {
    for (alter, kind) in
        [("", "USER"), ("ALTER SYSTEM 'ksql.error.classifier.regex.all'='SYSTEM (?s).*';", "SYSTEM")]
    {
        let mut server = Server::start();
        let (status, body) = server.ksql(&format!(
            "{alter} CREATE STREAM raw (v STRING) WITH (kafka_topic='t', value_format='kafka', partitions=1);
             CREATE STREAM numbers (v INT) WITH (kafka_topic='t', value_format='json');
             SET 'auto.offset.reset'='earliest'; SET 'ksql.fail.on.deserialization.error'='true';
             CREATE STREAM more AS SELECT * FROM numbers;
             INSERT INTO raw VALUES ('no json');"
        ));
        assert_eq!(status, 200, "{body}");
        let (_, queries) = server.ksql("LIST QUERIES;");
        let id = queries[0]["queries"][0]["id"].as_str().expect("a query").to_owned();
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let (_, described) = server.ksql(&format!("EXPLAIN {id};"));
            let errors = &described[0]["queryDescription"]["queryErrors"];
            if let Some(error) = errors.get(0) {
                assert_eq!(error["type"], kind, "{errors}");
                break;
            }
            assert!(Instant::now() < deadline, "it does not fail: {described}");
            std::thread::sleep(Duration::from_millis(50));
        }
        server.settle().ok();
        server.stop();
    }
}
