//! Statements, what is kept between them, and lines for the shell.
use super::*;
use crate::options::{Credentials, OutputFormat};

const CREATED: &str = r#"[{"@type":"currentStatus","statementText":"","commandId":"stream/`A`/create",
    "commandStatus":{"status":"SUCCESS","message":"Stream created","queryId":null},"commandSequenceNumber":7,"warnings":[]}]"#;
const STREAMS: &str = r#"[{"@type":"streams","statementText":"","streams":[{"type":"STREAM","name":"A","topic":"a",
    "keyFormat":"KAFKA","valueFormat":"JSON","isWindowed":false}],"warnings":[]}]"#;
const SYNTAX_ERROR: &str = r#"{"@type":"statement_error","error_code":40001,"message":"line 1:6: Syntax Error","statementText":"","entities":[]}"#;

/// A server that knows the stream A.
fn usual(asked: &Asked) -> Reply {
    match (asked.line.as_str(), asked.statement().as_str()) {
        ("GET /info", _) => Reply::ok(
            r#"{"KsqlServerInfo":{"version":"1.2","kafkaClusterId":"k","ksqlServiceId":"default_","serverStatus":"RUNNING"}}"#,
        ),
        ("GET /is_valid_property/auto.offset.reset", _) => Reply::ok("true"),
        ("GET /is_valid_property/colour", _) => Reply::error(
            400,
            r#"{"@type":"generic_error","error_code":40000,"message":"Not recognizable as ksql, streams, consumer, or producer property: 'colour'"}"#,
        ),
        ("POST /ksql", statement) if statement.starts_with("CREATE") => Reply::ok(CREATED),
        ("POST /ksql", statement) if statement.starts_with("LIST") => Reply::ok(STREAMS),
        ("POST /ksql", _) => Reply::error(400, SYNTAX_ERROR),
        _ => Reply::error(404, "Not Found"),
    }
}

const TABLE: &str = "
 STREAM | TOPIC | KEY FORMAT | VALUE FORMAT | WINDOWED
--------+-------+------------+--------------+----------
 A      | a     | KAFKA      | JSON         | no";

#[test]
fn statements_are_answered() {
    check("CREATE STREAM a; LIST STREAMS", usual, (Outcome::Done, &format!("Stream created{TABLE}")));
    check("\\ds", usual, (Outcome::Done, TABLE));
    check(
        "ALTER NOTHING;",
        usual,
        (Outcome::Failed, "ERROR line 1:6: Syntax Error\n1 | ALTER NOTHING;\n  |      ^"),
    );
    // A script ends with its first failure.
    check(
        "ALTER x; LIST STREAMS;",
        usual,
        (Outcome::Failed, "ERROR line 1:6: Syntax Error\n1 | ALTER x;\n  |      ^"),
    );
    check("exit; ALTER x;", usual, (Outcome::Exit, ""));
    check(
        "SET CLI WRAP; set cli wrap off; set cli wrap",
        usual,
        (Outcome::Done, "long texts are wrapped\nlong texts are cut"),
    );
    check("output xml", usual, (Outcome::Failed, "ERROR usage: output [JSON | TABULAR]"));
    check(
        "SET 'a';",
        usual,
        (Outcome::Failed, "ERROR unexpected ';'; expected '='\n1 | SET 'a';\n  |        ^"),
    );
}

#[test]
fn what_is_set_is_sent_with_each_statement() {
    let defines = vec![("b".to_owned(), "2".to_owned())];
    let mut session = Session::start(Options { defines, ..Options::default() }, usual);
    let (outcome, shown) = session.execute(
        "SET 'auto.offset.reset'='earliest'; DEFINE a = '1'; CREATE STREAM a; UNDEFINE B; LIST STREAMS; UNSET 'auto.offset.reset'; UNSET 'x';",
    );
    assert_eq!(outcome, Outcome::Done, "{shown}");
    assert!(
        shown.starts_with(
            "auto.offset.reset is 'earliest' for this session; UNSET 'auto.offset.reset' takes it back\n"
        ),
        "{shown}"
    );
    assert!(
        shown.ends_with(
            "auto.offset.reset is no longer 'earliest' for this session\nx was not set in this session\n"
        ),
        "{shown}"
    );
    let bodies: Vec<String> = session
        .server
        .asked()
        .into_iter()
        .filter(|asked| asked.line == "POST /ksql")
        .map(|asked| asked.body)
        .collect();
    assert_eq!(
        bodies,
        [
            r#"{"ksql":"CREATE STREAM a;","streamsProperties":{"auto.offset.reset":"earliest"},"sessionVariables":{"a":"1","b":"2"}}"#,
            // It waits for the statement before.
            r#"{"ksql":"LIST STREAMS;","streamsProperties":{"auto.offset.reset":"earliest"},"sessionVariables":{"a":"1"},"commandSequenceNumber":7}"#,
        ]
    );

    let (outcome, shown) = session.execute("SET 'colour'='red';");
    assert_eq!(outcome, Outcome::Failed);
    assert!(shown.starts_with("ERROR Not recognizable"), "{shown}");
}

#[test]
fn programs_get_json() {
    let mut session = Session::start(Options { output: OutputFormat::Json, ..Options::default() }, usual);
    let (outcome, shown) = session.execute("SET 'auto.offset.reset'='latest'; LIST STREAMS;");
    assert_eq!(outcome, Outcome::Done);
    let entity: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(entity["streams"][0]["name"], "A");
    assert_eq!(session.execute("output tabular; \\ds").1, TABLE.trim_start_matches('\n').to_owned() + "\n");
}

#[test]
fn who_asks_is_said() {
    for (credentials, expected) in [
        (None, None),
        (Some(Credentials::Token("t".to_owned())), Some("authorization: Bearer t")),
        (
            Some(Credentials::Basic { user: "ada".to_owned(), password: "l:ve".to_owned() }),
            Some("authorization: Basic YWRhOmw6dmU="),
        ),
    ] {
        let mut session = Session::start(Options { credentials, ..Options::default() }, usual);
        assert_eq!(session.execute("LIST STREAMS; version").0, Outcome::Done);
        for asked in session.server.asked() {
            let said = asked.headers.iter().find(|header| header.to_lowercase().starts_with("authorization"));
            assert_eq!(said.map(String::as_str), expected);
        }
    }
}

#[test]
fn scripts_say_where_they_failed() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner.sql");
    let outer = folder.path().join("outer.sql");
    std::fs::write(&inner, "-- first\nLIST STREAMS;\n\nALTER it;\n").unwrap();
    std::fs::write(&outer, format!("LIST STREAMS;\nRUN SCRIPT '{}';\nLIST STREAMS;", inner.display()))
        .unwrap();
    let mut session = Session::start(Options::default(), usual);
    let (outcome, shown) = session.execute(&format!("\\i {}", outer.display()));
    assert_eq!(outcome, Outcome::Failed);
    let failed = format!(
        "ERROR line 1:6: Syntax Error\n1 | ALTER it;\n  |      ^\n  at {}:4\n  at {}:2\n",
        inner.display(),
        outer.display()
    );
    assert!(shown.ends_with(&failed), "{shown}");

    // A script that runs itself ends.
    std::fs::write(&inner, format!("RUN SCRIPT '{}';", inner.display())).unwrap();
    let (outcome, shown) = session.execute(&format!("RUN SCRIPT '{}';", inner.display()));
    assert_eq!(outcome, Outcome::Failed);
    assert!(shown.contains("scripts run scripts more than 16 deep"), "{shown}");
    assert!(session.execute("\\i nowhere.sql").1.starts_with("ERROR cannot read nowhere.sql: "));
}

#[test]
fn what_is_shown_is_spooled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b.log");
    let mut session = Session::start(Options::default(), usual);
    let (_, shown) = session.execute(&format!("SPOOL '{}'\n\\ds\nALTER x;", path.display()));
    let spooled = std::fs::read_to_string(&path).unwrap();
    assert!(shown.ends_with(&spooled), "{shown}\n{spooled}");
    assert!(spooled.contains(" A      | a ") && spooled.contains("ERROR line 1:6"), "{spooled}");
    assert_eq!(session.execute("spool off; spool off").1, "spooling has ended\nnothing is spooled\n");
    session.execute("\\ds");
    assert_eq!(std::fs::read_to_string(&path).unwrap().matches(" A      |").count(), 1);
}

#[test]
fn servers_come_and_go() {
    let mut session = Session::start(Options::default(), usual);
    let here = session.server.address();
    let introduced = format!("server: {here}, version 1.2, service default_, RUNNING\n");
    assert_eq!(session.execute("CREATE STREAM a;").0, Outcome::Done);
    // Nobody listens on port 1.
    let (outcome, shown) = session.execute("server 127.0.0.1:1");
    assert_eq!(outcome, Outcome::Unreachable);
    assert_eq!(shown, "ERROR no server answers at http://127.0.0.1:1; `server URL` goes to another\n");
    assert_eq!(
        session.execute(&format!("\\c {here}/; server")),
        (Outcome::Done, format!("{introduced}{here}\n"))
    );
    assert_eq!(
        session.execute("server ftp://x").1,
        "ERROR \"ftp://x\" is no address of a server: use http://HOST:PORT\n"
    );
    // Another server counts otherwise.
    assert_eq!(session.execute("LIST STREAMS;").0, Outcome::Done);
    assert!(!session.server.asked().last().unwrap().body.contains("commandSequenceNumber"));
}

#[test]
fn strangers_are_no_servers() {
    check(
        "LIST STREAMS;",
        |_| Reply::error(502, "Bad Gateway\u{1b}[2J"),
        (Outcome::Failed, "ERROR the server answered 502: Bad Gateway\\u{1b}[2J"),
    );
    let mut session = Session::start(Options::default(), |_| Reply::ok("<html>"));
    let (outcome, shown) = session.execute("LIST STREAMS;");
    assert_eq!(outcome, Outcome::Failed);
    assert!(shown.starts_with("ERROR the answer is not ksqlDB's ("), "{shown}");
}

#[test]
fn what_was_done_before_a_failure_is_shown() {
    let body = format!(
        r#"{{"@type":"statement_error","error_code":40001,"message":"no","statementText":"B;","entities":{CREATED}}}"#
    );
    check("ASSERT x;", move |_| Reply::error(400, &body), (Outcome::Failed, "Stream created\nERROR no"));
}

#[test]
fn names_are_asked_for_once() {
    let mut session = Session::start(Options::default(), |asked| match asked.statement().as_str() {
        "LIST STREAMS; LIST TABLES;" => Reply::ok(STREAMS),
        "LIST FUNCTIONS;" => Reply::ok(
            r#"[{"@type":"function_names","functions":[{"name":"COUNT","type":"AGGREGATE","category":""}]}]"#,
        ),
        "DESCRIBE `A`;" => Reply::ok(
            r#"[{"@type":"sourceDescription","sourceDescription":{"name":"A","fields":[{"name":"COLOUR","schema":{"type":"STRING"}}]}}]"#,
        ),
        _ => Reply::ok(CREATED),
    });
    let names = session.shell.names();
    let typed = |text: &str| {
        let at = text.find(" FROM").unwrap_or(text.len());
        let found = names.candidates(text, at);
        found
            .into_iter()
            .map(|candidate| format!("{} {}", candidate.text, candidate.what))
            .collect::<Vec<_>>()
    };
    assert_eq!(typed("SELECT co FROM a"), ["colour STRING", "count( aggregate"]);
    assert_eq!(typed("SELECT COL FROM a"), ["COLOUR STRING"]);
    assert_eq!(typed("DROP STREAM "), ["A stream"]);
    assert_eq!(session.server.asked().len(), 3);
    // A statement may have changed them.
    session.execute("CREATE STREAM b;");
    typed("DROP STREAM ");
    assert_eq!(session.server.asked().len(), 6);
}
