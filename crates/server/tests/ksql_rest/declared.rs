//! Pull queries on tables that were declared over a topic, without a query that makes them.
use lentic_testkit::conformance::rest::Endpoint as _;
use serde_json::{Value, json};

use super::answers::has;
use super::endpoint::Server;

const TABLE: &str = "CREATE TABLE users (id INT PRIMARY KEY, name STRING) WITH (kafka_topic='users', value_format='json', partitions=2);
    INSERT INTO users VALUES (1, 'Ann'); INSERT INTO users VALUES (2, 'Bob');";

/// `POST /v1/sql`
fn rows(server: &Server, query: &str) -> (u16, Value) {
    let (status, body) = server.ask("POST", "/v1/sql", &[("accept", "application/json")], query);
    (status, serde_json::from_str(&body).expect("JSON"))
}

#[track_caller]
fn found(server: &Server, query: &str, expected: &Value) {
    let (status, body) = rows(server, query);
    assert_eq!((status, &body["rows"]), (200, expected), "{query}: {body}");
}

fn queries(server: &Server) -> Vec<String> {
    let (_, body) = server.ksql("LIST QUERIES;");
    let queries = body[0]["queries"].as_array().expect("queries").clone();
    queries.iter().map(|query| query["id"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Declared by ksqlDB's endpoint, so without extensions; nothing runs for it until it is asked for.
#[test]
fn the_first_query_has_the_rows_kept() {
    let server = Server::start();
    assert_eq!(server.ksql(TABLE).0, 200);
    assert_eq!(queries(&server), Vec::<String>::new());
    // What makes no sense keeps nothing.
    assert_eq!(rows(&server, "SELECT nothing FROM users;").0, 400);
    assert_eq!(queries(&server), Vec::<String>::new());
    found(&server, "SELECT * FROM users ORDER BY id;", &json!([[1, "Ann"], [2, "Bob"]]));
    found(&server, "SELECT name FROM users WHERE id = 2;", &json!([["Bob"]]));
    let kept = queries(&server);
    assert!(matches!(kept.as_slice(), [id] if id.starts_with("CST_USERS_")), "{kept:?}");
    let (_, described) = server.ksql("DESCRIBE users;");
    has(&described, &json!([{"sourceDescription": {"readQueries": [{"id": kept[0]}]}}]), "who reads it");

    let mut server = server.restart();
    assert_eq!(queries(&server), kept);
    server.wait_query(&kept[0]);
    // Nothing comes that would move the query; it is known to have read all before.
    let begun = std::time::Instant::now();
    found(&server, "SELECT name FROM users WHERE id = 1;", &json!([["Ann"]]));
    assert!(begun.elapsed() < std::time::Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(server.ksql("INSERT INTO users VALUES (3, 'Cid');").0, 200);
    server.settle().expect("it settles");
    found(&server, "SELECT name FROM users WHERE id = 3;", &json!([["Cid"]]));
    server.stop();
}

/// As long as nobody says that extensions are wanted.
#[test]
fn endpoints_of_ksqldb_refuse_it() {
    let server = Server::start();
    assert_eq!(server.ksql(TABLE).0, 200);
    let refused = "The `USERS` table isn't queryable. To derive a queryable table, you can do 'CREATE TABLE QUERYABLE_USERS AS \
                   SELECT * FROM USERS'. See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push \
                   query.";
    let ask = |properties: Value| {
        let body =
            json!({"sql": "SELECT name FROM users WHERE id = 1;", "properties": properties}).to_string();
        let (status, body) = server.ask("POST", "/query-stream", &[("accept", "application/json")], &body);
        (status, serde_json::from_str::<Value>(&body).expect("JSON"))
    };
    for _ in 0..2 {
        let (status, body) = ask(json!({}));
        assert_eq!((status, body["message"].as_str()), (400, Some(refused)));
        let (status, body) = ask(json!({"lentic.sql.extensions": "true"}));
        assert_eq!((status, &body[1]), (200, &json!(["Ann"])), "{body}");
    }
    server.stop();
}

/// The first answer is of all that the topic has, and not of what was read of it so far.
#[test]
fn the_first_answer_is_whole() {
    const ROWS: usize = 20_000;
    let server = Server::start();
    let declared = "CREATE TABLE numbers (id INT PRIMARY KEY, n INT) WITH (kafka_topic='numbers', value_format='json', partitions=2);";
    assert_eq!(server.ksql(declared).0, 200);
    server.produce_numbers("numbers", ROWS);
    found(&server, "SELECT COUNT(*) AS n FROM numbers;", &json!([[ROWS]]));
    server.stop();
}

/// What a query writes stands in transactions, whose ends are no records.
#[test]
fn over_what_a_query_writes() {
    let mut server = Server::start();
    let (status, body) = server.ksql(
        "CREATE STREAM visits (id INT KEY, page STRING) WITH (kafka_topic='visits', value_format='json', partitions=1);
         CREATE TABLE pages AS SELECT id, COUNT(*) AS n FROM visits GROUP BY id;
         INSERT INTO visits VALUES (1, 'a'); INSERT INTO visits VALUES (1, 'b');",
    );
    assert_eq!(status, 200, "{body}");
    server.settle().expect("it settles");
    let declared =
        "CREATE TABLE again (id INT PRIMARY KEY, n BIGINT) WITH (kafka_topic='PAGES', value_format='json');";
    assert_eq!(server.ksql(declared).0, 200);
    let begun = std::time::Instant::now();
    found(&server, "SELECT * FROM again;", &json!([[1, 2]]));
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    server.stop();
}

/// Rows that are kept have the columns that the table has now.
#[test]
fn another_table_is_kept_anew() {
    let mut server = Server::start();
    assert_eq!(server.ksql(TABLE).0, 200);
    found(&server, "SELECT * FROM users WHERE id = 1;", &json!([[1, "Ann"]]));
    assert_eq!(server.ksql("ALTER TABLE users ADD COLUMN city STRING;").0, 200);
    assert_eq!(queries(&server), Vec::<String>::new());
    assert_eq!(server.ksql("INSERT INTO users VALUES (1, 'Ann', 'Graz');").0, 200);
    found(&server, "SELECT * FROM users ORDER BY id;", &json!([[1, "Ann", "Graz"], [2, "Bob", null]]));
    let [id] = queries(&server).try_into().expect("one");
    assert_eq!(server.ksql(&format!("PAUSE {id};")).0, 200);
    has(&server.ksql("LIST QUERIES;").1, &json!([{"queries": [{"state": "PAUSED"}]}]), "it stands still");
    assert_eq!(server.ksql(&format!("TERMINATE {id};")).0, 200);
    assert_eq!(queries(&server), Vec::<String>::new());
    found(&server, "SELECT name FROM users WHERE id = 2;", &json!([["Bob"]]));
    assert_eq!(server.ksql("DROP TABLE users;").0, 200);
    assert_eq!(queries(&server), Vec::<String>::new());
    server.settle().expect("it settles");
    server.stop();
}

/// What ksqlDB keeps as well: shown, and never ended by itself.
#[test]
fn source_tables() {
    let server = Server::start();
    server.create("users", 1);
    let create = "CREATE SOURCE TABLE users (id INT PRIMARY KEY, name STRING) WITH (kafka_topic='users', value_format='json');";
    assert_eq!(server.ksql(create).0, 200);
    has(
        &server.ksql("SHOW QUERIES;").1,
        &json!([{"queries": [
            {"queryString": create, "sinks": [], "sinkKafkaTopics": [], "queryType": "PERSISTENT", "state": "RUNNING"}
        ]}]),
        "it is shown",
    );
    let [id] = queries(&server).try_into().expect("one");
    let (status, body) = server.ksql(&format!("TERMINATE {id};"));
    assert_eq!(status, 400);
    assert_eq!(
        body["message"],
        format!("Line: 1, Col: 11: Cannot terminate query '{id}' because it is linked to a source table.")
    );
    let (_, described) = server.ksql(&format!("EXPLAIN {id};"));
    has(&described, &json!([{"queryDescription": {"id": id, "queryType": "PERSISTENT"}}]), "it is explained");
    has(
        &server.ksql("SHOW QUERIES EXTENDED;").1,
        &json!([{"queryDescriptions": [{"id": id, "sources": ["USERS"]}]}]),
        "all of it",
    );
    server.stop();
}
