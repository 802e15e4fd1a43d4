//! Queries that go on, in each format.
use lentic_testkit::conformance::rest::Endpoint as _;
use serde_json::json;

use super::endpoint::Server;
use super::http;

const DELIMITED: &str = "application/vnd.ksqlapi.delimited.v1";

fn with_rows() -> Server {
    let server = Server::start();
    let (status, body) = server.ksql(
        "CREATE STREAM s (k INT KEY, v STRING) WITH (kafka_topic='s', value_format='json', partitions=1); \
         INSERT INTO s (rowtime, k, v) VALUES (1000, 1, 'a'); INSERT INTO s (rowtime, k, v) VALUES (2000, 2, 'b');",
    );
    assert_eq!(status, 200, "{body}");
    server
}

/// The endpoint, what is accepted, the query, and the answer; `ID` stands for the query's id.
#[test]
fn formats() {
    let server = with_rows();
    let query = "SELECT k, v FROM s EMIT CHANGES LIMIT 2;";
    let streamed = "[{\"header\":{\"queryId\":\"ID\",\"schema\":\"`K` INTEGER, `V` STRING\"}},\n{\"row\":{\"columns\":[1,\"a\"]}},\n\
                    {\"row\":{\"columns\":[2,\"b\"]}},\n{\"finalMessage\":\"Limit Reached\"}]";
    let lines = "{\"queryId\":\"ID\",\"columnNames\":[\"K\",\"V\"],\"columnTypes\":[\"INTEGER\",\"STRING\"]}\n[1,\"a\"]\n[2,\"b\"]\n";
    let array = "[{\"queryId\":\"ID\",\"columnNames\":[\"K\",\"V\"],\"columnTypes\":[\"INTEGER\",\"STRING\"]},[1,\"a\"],[2,\"b\"]]";
    for (path, accept, expected) in [
        ("/query", "*/*", streamed),
        ("/query", DELIMITED, lines),
        ("/query-stream", "*/*", lines),
        ("/query-stream", "application/json", array),
        ("/query-stream", "application/vnd.ksql.v1+json", streamed),
    ] {
        let name = if path == "/query" { "ksql" } else { "sql" };
        let body = serde_json::json!({ name: query }).to_string();
        let (status, found) = server.ask("POST", path, &[("accept", accept)], &body);
        assert_eq!(status, 200, "{found}");
        let begin = found.find("transient_S_").expect("an id");
        let end = begin + found[begin..].find('"').expect("its end");
        assert_eq!(found.replace(&found[begin..end], "ID"), expected, "{path} {accept}");
    }
    let (status, _) = server.ask("POST", "/query", &[("accept", "text/html")], "{\"ksql\":\"SELECT 1;\"}");
    assert_eq!(status, 406);
    server.stop();
}

#[test]
fn topics_are_printed() {
    let server = with_rows();
    for (path, body, expected) in [
        (
            "/query",
            r#"{"ksql":"PRINT s FROM BEGINNING LIMIT 1;"}"#,
            "Key format: KAFKA_STRING\nValue format: JSON or KAFKA_STRING\n\
             rowtime: 1970/01/01 00:00:01.000 Z, key: 1, value: {\"V\":\"a\"}, partition: 0\n",
        ),
        (
            "/query-stream",
            r#"{"sql":"PRINT s FROM BEGINNING INTERVAL 2 LIMIT 1;"}"#,
            "rowtime: 1970/01/01 00:00:01.000 Z, key: 1, value: {\"V\":\"a\"}, partition: 0\n",
        ),
    ] {
        let (status, found) = server.ask("POST", path, &[], body);
        // An INTEGER key of the KAFKA format is four bytes.
        assert_eq!((status, found.replace("KAFKA_INT", "KAFKA_STRING").as_str()), (200, expected), "{path}");
    }
    let (status, found) = server.ask("POST", "/query", &[], r#"{"ksql":"PRINT other;"}"#);
    assert!(status == 400 && found.contains("Could not find topic 'other'"), "{status} {found}");
    server.stop();
}

#[test]
fn keys_with_windows_are_printed() {
    let mut server = Server::start();
    let (status, body) = server.ksql(
        "CREATE STREAM clicks (user STRING KEY, page STRING) WITH (kafka_topic='clicks', value_format='json', partitions=1);
         CREATE TABLE minutes AS SELECT user, COUNT(*) AS n FROM clicks WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY user;
         CREATE TABLE sessions AS SELECT user, COUNT(*) AS n FROM clicks WINDOW SESSION (1 MINUTE) GROUP BY user;
         INSERT INTO clicks (ROWTIME, user, page) VALUES (1585087885000, 'a', '/');",
    );
    assert_eq!(status, 200, "{body}");
    server.settle().expect("it settles");
    for (topic, format, key) in [
        ("MINUTES", "HOPPING(KAFKA_STRING) or TUMBLING(KAFKA_STRING)", "[a@1585087860000/-]"),
        ("SESSIONS", "SESSION(KAFKA_STRING)", "[a@1585087885000/1585087885000]"),
    ] {
        let print = json!({"ksql": format!("PRINT {topic} FROM BEGINNING LIMIT 1;")}).to_string();
        let (status, found) = server.ask("POST", "/query", &[], &print);
        let expected = format!(
            "Key format: {format}\nValue format: JSON or KAFKA_STRING\n\
             rowtime: 2020/03/24 22:11:25.000 Z, key: {key}, value: {{\"N\":1}}, partition: 0\n"
        );
        assert_eq!((status, found), (200, expected));
    }
    server.stop();
}

/// Of two records the first has no key: only queries of the second kind leave it out, which read on from now.
#[test]
fn records_without_a_key() {
    for (reset, id, expected) in
        [("latest", "SCALABLE_PUSH_QUERY_KEYED_", "[2,20]"), ("earliest", "transient_KEYED_", "[null,10]")]
    {
        let mut server = Server::start();
        let (status, body) = server.ksql(
            "CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='json', partitions=1); \
             CREATE STREAM keyed AS SELECT * FROM s;",
        );
        assert_eq!(status, 200, "{body}");
        let properties = serde_json::json!({ "auto.offset.reset": reset });
        let query = "SELECT * FROM keyed WHERE v > 1 EMIT CHANGES LIMIT 1;";
        let body = serde_json::json!({ "ksql": query, "streamsProperties": properties });
        server.begin("/query", &body.to_string()).expect("it begins");
        let (status, body) =
            server.ksql("INSERT INTO s (v) VALUES (10); INSERT INTO s (k, v) VALUES (2, 20);");
        assert_eq!(status, 200, "{body}");
        let reply = server.finish().expect("an answer").body;
        let row = format!("{{\"row\":{{\"columns\":{expected}}}}},\n{{\"finalMessage\"");
        assert!(reply.contains(id) && reply.contains(&row), "{reset}: {reply}");
        server.stop();
    }
}

#[test]
fn queries_are_listed_and_closed() {
    let server = with_rows();
    let (begun, has_begun) = std::sync::mpsc::channel();
    let address = server.address();
    let reading = std::thread::spawn(move || {
        http::post(address, "/query", r#"{"ksql":"SELECT * FROM s EMIT CHANGES;"}"#, Some(begun))
    });
    has_begun.recv().expect("it begins");
    let (_, queries) = server.ksql("SHOW QUERIES;");
    let query = &queries[0]["queries"][0];
    assert_eq!(query["queryType"], "PUSH", "{queries}");
    let id = query["id"].as_str().expect("an id");
    let (status, body) = server.ksql(&format!("TERMINATE {id};"));
    assert!(status == 200 && body[0]["wasTerminated"] == true, "{body}");
    let reply = reading.join().expect("a thread").expect("an answer");
    assert!(reply.body.ends_with("{\"finalMessage\":\"Query Completed\"}]"), "{}", reply.body);
    let (_, queries) = server.ksql("SHOW QUERIES;");
    assert_eq!(queries[0]["queries"].as_array().map(Vec::len), Some(0), "{queries}");
    server.stop();
}

/// Nothing comes that could be written to a client that has gone.
#[test]
fn queries_of_clients_that_go_end() {
    use std::io::{Read as _, Write as _};
    let server = Server::start();
    let declare = "CREATE STREAM quiet (k STRING KEY, v INT) WITH (kafka_topic='quiet', value_format='json', partitions=1);";
    assert_eq!(server.ksql(declare).0, 200);
    let running = || {
        let (_, queries) = server.ksql("LIST QUERIES;");
        queries[0]["queries"].as_array().expect("queries").len()
    };
    let open = || {
        let mut socket = std::net::TcpStream::connect(server.address()).expect("a connection");
        let body = "{\"sql\":\"SELECT * FROM quiet EMIT CHANGES;\"}";
        write!(
            socket,
            "POST /query-stream HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("a request");
        let mut head = [0; 64];
        assert!(socket.read(&mut head).expect("an answer") > 0);
        socket
    };
    let sockets = [open(), open(), open()];
    let begun = std::time::Instant::now();
    while running() != sockets.len() {
        assert!(begun.elapsed().as_secs() < 20, "{} run", running());
    }
    drop(sockets);
    let gone = std::time::Instant::now();
    while running() > 0 {
        assert!(gone.elapsed().as_secs() < 20, "{} run still", running());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    server.stop();
}
