//! Pull queries that are asked again with another key.
use super::endpoint::Server;

const SCRIPT: &str =
    "CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', value_format='json', partitions=2);
CREATE TABLE t AS SELECT k, COUNT(*) AS n, MAX(v) AS most FROM s GROUP BY k;
CREATE STREAM b (k BIGINT KEY, v INT) WITH (kafka_topic='b', value_format='json', partitions=2);
CREATE TABLE u AS SELECT k, COUNT(*) AS n FROM b WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY k;
INSERT INTO s (k, v) VALUES ('a', 1);
INSERT INTO s (k, v) VALUES ('it''s', 5);
INSERT INTO s (k, v) VALUES ('1', 7);
INSERT INTO b (rowtime, k, v) VALUES (1500, 1, 1);
INSERT INTO b (rowtime, k, v) VALUES (2500, 3000000000, 1);";

struct Asked<'a> {
    server: &'a Server,
    used: u64,
}

impl Asked<'_> {
    /// The rows, and whether a plan was used again.
    fn rows(&mut self, query: &str) -> (String, bool) {
        let headers = [("accept", "application/json")];
        let body = serde_json::json!({ "sql": query }).to_string();
        let (status, found) = self.server.ask("POST", "/query-stream", &headers, &body);
        let rows = if status == 200 {
            let all: serde_json::Value = serde_json::from_str(&found).expect("JSON");
            let rows: Vec<String> =
                all.as_array().expect("an array")[1..].iter().map(ToString::to_string).collect();
            rows.join(" ")
        } else {
            status.to_string()
        };
        (rows, self.is_reused())
    }

    fn is_reused(&mut self) -> bool {
        let (_, metrics) = self.server.ask("GET", "/metrics", &[], "");
        let line = metrics.lines().find_map(|line| line.strip_prefix("lentic_sql_plans_reused_total "));
        let used: u64 = line.expect("the metric").parse().expect("a number");
        std::mem::replace(&mut self.used, used) != used
    }
}

#[test]
fn a_plan_holds_for_every_key() {
    let server = Server::start();
    let (status, found) = server.ksql(SCRIPT);
    assert_eq!(status, 200, "{found}");
    let mut asked = Asked { server: &server, used: 0 };
    for (query, expected) in [
        ("SELECT * FROM t WHERE k = 'a';", "[\"a\",1,1]"),
        ("SELECT * FROM t WHERE k = 'it''s';", "[\"it's\",1,5]"),
        ("SELECT * FROM t WHERE k = '1';", "[\"1\",1,7]"),
        ("SELECT * FROM u WHERE k = 1;", "[1,1000,2000,1]"),
        ("SELECT * FROM u WHERE k = 3000000000;", "[3000000000,2000,3000,1]"),
    ] {
        let begun = std::time::Instant::now();
        while asked.rows(query).0 != expected {
            assert!(begun.elapsed().as_secs() < 20, "{query}: {:?}", asked.rows(query));
        }
    }
    // The query, its rows or status, and whether the plan was there.
    for (query, expected, is_reused) in [
        ("SELECT * FROM t WHERE k = 'it''s';", "[\"it's\",1,5]", true),
        ("SELECT * FROM t WHERE k = 'none';", "", true),
        ("  SELECT * FROM t WHERE k = 'a';\n", "[\"a\",1,1]", true),
        ("SELECT * FROM t WHERE k = 'a'", "400", false),
        ("SELECT * FROM t WHERE k = 1;", "400", false),
        ("SELECT * FROM t WHERE k = '1;", "400", false),
        ("SELECT * FROM t WHERE k = '1' OR k = 'a';", "[\"1\",1,7] [\"a\",1,1]", false),
        ("SELECT * FROM t WHERE k = '1' OR k = 'a';", "[\"1\",1,7] [\"a\",1,1]", false),
        ("SELECT k FROM t WHERE n = 1 AND k = 'a';", "[\"a\"]", false),
        ("SELECT k FROM t WHERE n = 1 AND k = '1';", "[\"1\"]", false),
        ("SELECT k FROM t WHERE k = 'a' AND most > 3;", "", false),
        ("SELECT k FROM t WHERE k = '1' AND most > 3;", "[\"1\"]", true),
        ("SELECT k FROM t WHERE k = 'a' AND most > 3;", "", true),
        ("SELECT k = 'a' AS is_a FROM t WHERE k = '1';", "[false]", false),
        ("SELECT k = '1' AS is_a FROM t WHERE k = '1';", "[true]", false),
        ("SELECT k FROM t WHERE k = 'a'; -- k = '1';", "[\"a\"]", false),
        ("SELECT k FROM t WHERE k = 'a'; -- k = '1';", "[\"a\"]", false),
        ("SELECT * FROM u WHERE k = 1;", "[1,1000,2000,1]", true),
        ("SELECT * FROM u WHERE k = 1 AND WINDOWSTART >= 2000;", "", false),
        ("SELECT * FROM u WHERE k = 3000000000 AND WINDOWSTART >= 2000;", "[3000000000,2000,3000,1]", true),
        ("SELECT * FROM u WHERE k = '1';", "400", false),
    ] {
        assert_eq!(asked.rows(query), (expected.to_owned(), is_reused), "{query}");
    }
    server.stop();
}

#[test]
fn a_plan_does_not_outlive_what_it_was_made_for() {
    let server = Server::start();
    assert_eq!(server.ksql(SCRIPT).0, 200);
    let mut asked = Asked { server: &server, used: 0 };
    let query = "SELECT * FROM t WHERE k = 'a';";
    let begun = std::time::Instant::now();
    while asked.rows(query).0 != "[\"a\",1,1]"
        || asked.rows("SELECT * FROM t WHERE k = '1';").0 != "[\"1\",1,7]"
    {
        assert!(begun.elapsed().as_secs() < 20);
    }
    assert_eq!(asked.rows(query), ("[\"a\",1,1]".to_owned(), true));
    // Properties, and the rules of `/v1/sql`, make it another question.
    let with = |properties: serde_json::Value| {
        let body = serde_json::json!({ "sql": query, "properties": properties }).to_string();
        server.ask("POST", "/query-stream", &[], &body).0
    };
    assert_eq!(with(serde_json::json!({"ksql.query.pull.table.scan.enabled": "false"})), 200);
    assert!(!asked.is_reused());
    for (text, is_reused) in [
        ("SELECT n FROM t WHERE k = 'a'", false),
        ("SELECT n FROM t WHERE k = '1'", true),
        ("SELECT n FROM t WHERE k = 'a';", false),
    ] {
        let (status, body) = server.ask("POST", "/v1/sql", &[("accept", "text/csv")], text);
        assert_eq!((status, body.as_str()), (200, "N\r\n1\r\n"), "{text}");
        assert_eq!(asked.is_reused(), is_reused, "{text}");
    }
    let (status, found) = server
        .ksql("DROP TABLE t DELETE TOPIC; CREATE TABLE t AS SELECT k, SUM(v) AS total FROM s GROUP BY k;");
    assert_eq!(status, 200, "{found}");
    let begun = std::time::Instant::now();
    while asked.rows(query).0 != "[\"a\",1]" {
        assert!(begun.elapsed().as_secs() < 20, "{:?}", asked.rows(query));
    }
    assert_eq!(asked.rows(query), ("[\"a\",1]".to_owned(), true));
    assert_eq!(server.ksql("DROP TABLE t;").0, 200);
    assert_eq!(asked.rows(query), ("400".to_owned(), false));
    server.stop();
}

#[test]
fn a_plan_is_used_by_those_who_may_read() {
    let server = Server::start_as(Some("read-write all\nread ann:word other*\n"));
    let (all, ann) = ("Bearer all", "Basic YW5uOndvcmQ=");
    let ask = |who: &str, path: &str, body: serde_json::Value| {
        server.ask("POST", path, &[("authorization", who)], &body.to_string()).0
    };
    assert_eq!(ask(all, "/ksql", serde_json::json!({ "ksql": SCRIPT })), 200);
    for (who, expected) in [(all, 200), (all, 200), (ann, 403)] {
        let query = serde_json::json!({"sql": "SELECT * FROM t WHERE k = 'a';"});
        assert_eq!(ask(who, "/query-stream", query), expected, "{who}");
    }
    server.stop();
}
