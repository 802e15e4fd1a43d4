//! Rows, as they come.
use std::thread;
use std::time::Duration;

use super::server::Piece;
use super::*;
use crate::options::OutputFormat;

const HEADER: &str = r#"[{"header":{"queryId":"q_1","schema":"`ID` BIGINT KEY, `NAME` STRING"}},
"#;
const ADA: &str = r#"{"row":{"columns":[1,"Ada"]}},
"#;

fn rows(pieces: impl Fn() -> Vec<Piece> + Send + Sync + 'static) -> impl Fn(&Asked) -> Reply + Send + Sync {
    move |asked| match asked.line.as_str() {
        "POST /query" => Reply::Pieces(pieces()),
        _ => Reply::ok(""),
    }
}

/// A query that goes on for ever.
fn endless() -> impl Fn(&Asked) -> Reply + Send + Sync {
    rows(|| vec![Piece::Text(HEADER), Piece::Text(ADA), Piece::UntilClosed])
}

#[test]
fn a_query_that_ends() {
    check(
        "SELECT * FROM t;",
        rows(|| {
            vec![Piece::Text(HEADER), Piece::Text(ADA), Piece::Text(r#"{"row":{"columns":[22,null]}}]"#)]
        }),
        (
            Outcome::Done,
            "
 ID | NAME
----+------
  1 | Ada
 22 | NULL
(2 rows)",
        ),
    );
    check(
        "SELECT * FROM t;",
        rows(|| vec![Piece::Text(r#"[{"header":{"queryId":"q","schema":"`ID` BIGINT KEY"}}]"#)]),
        (Outcome::Done, " ID\n----\n(0 rows)"),
    );
    check(
        "SELECT * FROM s EMIT CHANGES LIMIT 1;",
        rows(|| {
            vec![Piece::Text(HEADER), Piece::Text(ADA), Piece::Text(r#"{"finalMessage":"Limit Reached"}]"#)]
        }),
        (
            Outcome::Done,
            "
             ID | NAME
----------------+----------------------
              1 | Ada
(1 row)
Limit Reached",
        ),
    );
}

#[test]
fn a_query_that_fails() {
    let refused = r#"{"@type":"statement_error","error_code":40001,"message":"line 1:15: no T","statementText":"","entities":[]}"#;
    check(
        "SELECT * FROM t;",
        move |_| Reply::error(400, refused),
        (Outcome::Failed, "ERROR line 1:15: no T\n1 | SELECT * FROM t;\n  |               ^"),
    );
    let late = r#"{"errorMessage":{"@type":"generic_error","error_code":50000,"message":"it broke"}}]"#;
    check(
        "SELECT * FROM t;",
        rows(move || vec![Piece::Text(HEADER), Piece::Text(ADA), Piece::Text(late)]),
        (Outcome::Failed, " ID | NAME\n----+------\n  1 | Ada\n(1 row)\nERROR it broke"),
    );
    let mut session = Session::start(
        Options::default(),
        rows(|| vec![Piece::Text(HEADER), Piece::Text(ADA), Piece::Break]),
    );
    let (outcome, shown) = session.execute("SELECT * FROM t;");
    assert_eq!(outcome, Outcome::Failed);
    assert!(shown.contains("(1 row)\nERROR the answer broke off: "), "{shown}");
}

#[test]
fn rows_in_json() {
    let options = Options { output: OutputFormat::Json, ..Options::default() };
    let mut session = Session::start(
        options,
        rows(|| {
            let tombstone =
                r#"{"row":{"columns":[1,null],"tombstone":true}},{"finalMessage":"Limit Reached"}]"#;
            vec![Piece::Text(HEADER), Piece::Text(ADA), Piece::Text(tombstone)]
        }),
    );
    let (outcome, shown) = session.execute("SELECT * FROM t EMIT CHANGES;");
    assert_eq!((outcome, shown.as_str()), (Outcome::Done, "{\"ID\":1,\"NAME\":\"Ada\"}\n{\"ID\":1}\n"));
}

#[test]
fn a_push_query_is_closed_by_who_stops_it() {
    let mut session = Session::start(Options::default(), endless());
    let (shown, interrupt) = (session.shown.clone(), session.interrupt.clone());
    let presser = thread::spawn(move || {
        // The row is seen although no other follows.
        let row = shown.wait_for(" 1 | Ada");
        interrupt.press();
        row
    });
    let (outcome, shown) = session.execute("SELECT * FROM s EMIT CHANGES; LIST STREAMS;");
    assert!(presser.join().unwrap());
    assert_eq!(outcome, Outcome::Interrupted);
    assert!(shown.ends_with("(1 row)\nthe query was stopped\n"), "{shown}");
    session.server.wait_for("closed");
    assert_eq!(session.server.wait_for("POST /close-query").body, r#"{"queryId":"q_1"}"#);
    assert_eq!(session.server.asked().len(), 3, "{:?}", session.server.asked());
}

#[test]
fn a_push_query_ends_with_its_limits() {
    let options = Options { query_row_limit: Some(1), ..Options::default() };
    let mut session = Session::start(
        options,
        rows(|| vec![Piece::Text(HEADER), Piece::Text(ADA), Piece::Text(ADA), Piece::UntilClosed]),
    );
    let (outcome, shown) = session.execute("SELECT * FROM s EMIT CHANGES;");
    assert_eq!(outcome, Outcome::Done);
    assert!(shown.ends_with("(1 row)\nthere may be more rows: the limit of rows is reached\n"), "{shown}");
    session.server.wait_for("POST /close-query");

    let options = Options { query_timeout: Some(Duration::from_millis(300)), ..Options::default() };
    let mut session = Session::start(options, endless());
    let (outcome, shown) = session.execute("SELECT * FROM s EMIT CHANGES;");
    assert_eq!(outcome, Outcome::Done);
    assert!(shown.ends_with("(1 row)\nthe query was stopped: it has had its time\n"), "{shown}");
    session.server.wait_for("POST /close-query");
    let (outcome, shown) = session.execute("SELECT * FROM t;");
    assert_eq!(outcome, Outcome::Failed);
    assert!(shown.ends_with("ERROR the query has not ended in the time that it was given\n"), "{shown}");
}

#[test]
fn records_of_a_topic() {
    let records = || {
        vec![
            Piece::Text("Key format: KAFKA_INT\n\nrowtime: 2022/12/02 17:22:02.556 Z, key: 18, val"),
            Piece::Text("ue: {\"a\":\"\u{7}\"}, partition: 0\nrowtime: 2, key: 19\n"),
        ]
    };
    check(
        "PRINT 'topic' FROM BEGINNING;",
        rows(records),
        (
            Outcome::Done,
            "Key format: KAFKA_INT\nrowtime: 2022/12/02 17:22:02.556 Z, key: 18, value: {\"a\":\"\\u{7}\"}, partition: 0\nrowtime: 2, key: 19",
        ),
    );
    let options = Options { query_row_limit: Some(1), ..Options::default() };
    let mut session =
        Session::start(options, rows(|| vec![Piece::Text("rowtime: 1\nrowtime: 2\n"), Piece::UntilClosed]));
    assert_eq!(session.execute("PRINT topic;"), (Outcome::Done, "rowtime: 1\n".to_owned()));
    session.server.wait_for("closed");
}
