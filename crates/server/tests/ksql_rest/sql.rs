//! `POST /v1/sql`.
use super::answers::has;
use super::endpoint::Server;

const SCRIPT: &str = "CREATE STREAM s (k INT KEY, v STRING, d DECIMAL(4, 2)) WITH (kafka_topic='s', value_format='json', partitions=1);
INSERT INTO s (k, v, d) VALUES (1, 'a,\"b\"', 1.5);
INSERT INTO s (k, v) VALUES (2, 'c');";

#[test]
fn rows_come_as_they_are_accepted() {
    let server = Server::start();
    let (status, body) = server.ask("POST", "/v1/sql", &[("accept", "text/plain")], SCRIPT);
    assert_eq!((status, body.as_str()), (200, "Stream created\n"));
    let query = "SELECT k, v, d FROM s EMIT CHANGES LIMIT 2;";
    for (accept, expected) in [
        ("*/*", "{\"K\":1,\"V\":\"a,\\\"b\\\"\",\"D\":1.50}\n{\"K\":2,\"V\":\"c\",\"D\":null}\n"),
        (
            "application/x-ndjson",
            "{\"K\":1,\"V\":\"a,\\\"b\\\"\",\"D\":1.50}\n{\"K\":2,\"V\":\"c\",\"D\":null}\n",
        ),
        ("text/csv", "K,V,D\r\n1,\"a,\"\"b\"\"\",1.50\r\n2,c,\r\n"),
        ("text/plain", "K         V         D\n1         a,\"b\"     1.50\n2         c\n"),
    ] {
        let (status, body) = server.ask("POST", "/v1/sql", &[("accept", accept)], query);
        assert_eq!((status, body.as_str()), (200, expected), "{accept}");
    }
    let json = serde_json::json!({"sql": query, "properties": {"auto.offset.reset": "earliest"}}).to_string();
    let headers = [("accept", "application/json"), ("content-type", "application/json")];
    let (status, body) = server.ask("POST", "/v1/sql", &headers, &json);
    assert_eq!(status, 200, "{body}");
    let expected = serde_json::json!({
        "columns": [{"name": "K", "type": "INTEGER"}, {"name": "V", "type": "STRING"}, {"name": "D", "type": "DECIMAL(4, 2)"}],
        "rows": [[1, "a,\"b\"", 1.5], [2, "c", null]]
    });
    has(&serde_json::from_str(&body).expect("JSON"), &expected, "a document");
    server.stop();
}

#[test]
fn what_is_wrong_is_told_in_the_words_of_this_api() {
    let server = Server::start();
    for (body, headers, status, code) in [
        ("", &[][..], 400, "bad_request"),
        ("SELEC 1;", &[], 400, "bad_statement"),
        ("DROP STREAM nothing;", &[], 400, "bad_statement"),
        ("SELECT * FROM nothing EMIT CHANGES;", &[], 400, "bad_statement"),
        ("ASSERT TOPIC nothing TIMEOUT 10 MILLISECONDS;", &[], 417, "assertion_failed"),
        ("SHOW STREAMS;", &[("accept", "image/png")], 406, "not_acceptable"),
        ("{\"statement\": 1}", &[("content-type", "application/json")], 400, "bad_request"),
    ] {
        let (found_status, found) = server.ask("POST", "/v1/sql", headers, body);
        let found: serde_json::Value = serde_json::from_str(&found).expect("JSON");
        assert_eq!((found_status, found["error"]["code"].as_str()), (status, Some(code)), "{body}: {found}");
    }
    server.stop();
}

#[test]
fn variables_stand_anywhere() {
    let server = Server::start();
    assert_eq!(server.ask("POST", "/v1/sql", &[], SCRIPT).0, 200);
    let headers = [("accept", "text/csv"), ("content-type", "application/json")];
    for sql in [
        "SELECT v FROM ${t} WHERE k = ${x};",
        "SELECT v FROM ${t} WHERE k = ${x}",
        "SELECT v FROM ${t} WHERE v = '${y}'",
    ] {
        let body = serde_json::json!({"sql": sql, "variables": {"t": "s", "x": "2", "y": "c"},
            "properties": {"auto.offset.reset": "earliest"}});
        let (status, found) = server.ask("POST", "/v1/sql", &headers, &body.to_string());
        assert_eq!((status, found.as_str()), (200, "V\r\nc\r\n"), "{sql}");
    }
    let two = "SELECT v FROM s; SELECT k FROM s;";
    let (status, found) = server.ask("POST", "/v1/sql", &[], two);
    assert!(status == 400 && found.contains("one SELECT or PRINT in a call"), "{found}");
    server.stop();
}
