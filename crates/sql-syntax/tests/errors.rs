//! What is said of text that is no statement.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]
use lentic_sql_syntax::{Position, parse, parse_statement};

fn check(text: &str, message: &str) {
    let error = parse(text).map(|parsed| format!("{parsed:?}")).unwrap_err();
    assert_eq!(error.to_string(), message, "{text}");
}

#[test]
fn the_words_are_ksqldbs() {
    check("SELECT * FROM a LIMIT heh;", "line 1:23: Syntax Error\nExpecting INTEGER_VALUE");
    check("CREATE STREAM foo (a INT) AD;", "line 1:27: Syntax Error\nExpecting {'WITH', ';'}");
    check(
        "CREATE STREAM s (k STRING (KEY));",
        "line 1:28: Syntax Error\nExpecting {'STRING', INTEGER_VALUE}",
    );
    check(
        "SELECT\n cast(a AS NULL) FROM b;",
        "line 2:12: Syntax Error\nSyntax error at or near 'NULL' at line 2:12\nExpecting a type",
    );
    check(
        "SELECT a FROM table;",
        "line 1:15: Syntax Error\n\"table\" is a reserved keyword and it can't be used as an identifier. You can use it as an \
         identifier by escaping it as 'table' ",
    );
    check("SELET * FROM a;", "line 1:1: Syntax Error\nUnknown statement 'SELET'\nDid you mean 'SELECT'?");
    check("DROP STREAM a", "line 1:14: Syntax Error\nExpecting {'DELETE', ';'}");
    check(
        "SELECT * FROM s GROUP BY a AND b;",
        "line 1:28: Syntax Error\nSyntax error at or near 'AND' at line 1:28",
    );
}

#[test]
fn what_is_found_late_has_its_own_words() {
    for (text, message) in [
        (
            "CREATE TABLE t (id INT KEY);",
            "Line: 1, Col: 17: Column `ID` is a 'KEY' column: please use 'PRIMARY KEY' for tables.",
        ),
        (
            "CREATE STREAM s (id INT PRIMARY KEY);",
            "Line: 1, Col: 18: Column `ID` is a 'PRIMARY KEY' column: please use 'KEY' for streams.",
        ),
        (
            "CREATE STREAM `a.b`;",
            "Illegal argument at Line: 1, Col: 15. Source names may only contain alphanumeric values, '_' or '-'. Got: 'a.b'",
        ),
        ("SELECT -9223372036854775809 FROM a;", "line 1:9: Invalid numeric literal: -9223372036854775809"),
        ("SELECT 1.8E308 FROM a;", "line 1:9: Number overflows DOUBLE: 1.8E308"),
        (
            "SELECT a LIKE b ESCAPE 'xy' FROM a;",
            "line 1:24: Syntax Error\nESCAPE takes one character, not 'xy'",
        ),
    ] {
        check(text, message);
        assert!(parse(text).is_err_and(|error| error.is_found_late()), "{text}");
    }
    assert!(parse("SELECT").is_err_and(|error| !error.is_found_late()));
}

#[test]
fn text_that_is_nothing_is_refused() {
    for text in [
        ";",
        "1;",
        "SELECT;",
        "SELECT FROM a;",
        "SELECT a;",
        "SELECT a, FROM b;",
        "SELECT a FROM b c d;",
        "SELECT a FROM b, c;",
        "SELECT a FROM f(b);",
        "SELECT DISTINCT a FROM b;",
        "SELECT a = b = c FROM d;",
        "SELECT a = NOT b FROM d;",
        "SELECT a BETWEEN 1 OR 2 FROM d;",
        "SELECT a NOT b FROM d;",
        "SELECT a + b->* FROM d;",
        "SELECT a.b.c FROM d;",
        "SELECT f(x => 1, a) FROM d;",
        "SELECT x => 1 FROM d;",
        "SELECT CASE END FROM d;",
        "SELECT a IN () FROM d;",
        "SELECT (a FROM d;",
        "SELECT a[1 FROM d;",
        "SELECT a FROM b JOIN c;",
        "SELECT a FROM b WINDOW TUMBLING (SIZE 1);",
        "SELECT a FROM b WINDOW TUMBLING (SIZE 1 DAY, GRACE PERIOD 1 DAY, RETENTION 1 DAY);",
        "SELECT a FROM b LIMIT 1.5;",
        "SELECT a AT TIME ZONE 'x' FROM b;",
        "CREATE STREAM s ();",
        "CREATE STREAM s WITH ();",
        "CREATE STREAM s (a INT) AS SELECT * FROM b;",
        "CREATE SOURCE STREAM s AS SELECT * FROM b;",
        "CREATE OR REPLACE TYPE t AS INT;",
        "CREATE TYPE t AS ARRAY<INT;",
        "CREATE STREAM s WITH (a=b);",
        "INSERT INTO s (a) SELECT * FROM b;",
        "INSERT INTO s VALUES (1), (2);",
        "LIST;",
        "LIST ALL STREAMS;",
        "PRINT;",
        "SET a = 'b';",
        "DEFINE `a` = 'b';",
        "ASSERT SCHEMA;",
        "ASSERT NOT EXISTS STREAM s;",
        "DELETE FROM t;",
        "EXPLAIN;",
        "SELECT a # b FROM c;",
        "SELECT ${x} FROM c;",
        "SELECT 'a FROM c;",
        "SELECT a /* FROM c;",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn people_see_the_place() {
    let text = "SELECT *\nFROM a\n\tWHER b = 1 AND c = 2";
    let error = parse_statement(text).unwrap_err();
    assert_eq!(error.position(), Position { line: 3, column: 7 });
    let shown = error.explain(text);
    assert!(shown.starts_with("unexpected 'b'; expected "), "{shown}");
    assert!(shown.ends_with("did you mean WHERE?\n3 | \tWHER b = 1 AND c = 2\n  | \t     ^"), "{shown}");

    for (text, fact) in [
        (
            "SELECT a FROM b WHERE 'x",
            "this ' is never closed\n1 | SELECT a FROM b WHERE 'x\n  |                       ^",
        ),
        ("SELECT a /* b", "this /* is never closed\n1 | SELECT a /* b\n  |          ^"),
        ("PAUSE ${q}", "the variable ${q} has no value\n1 | PAUSE ${q}\n  |       ^"),
        ("LITS STREAMS", "no statement begins with 'LITS'; did you mean LIST?\n1 | LITS STREAMS\n  | ^"),
    ] {
        assert_eq!(parse_statement(text).unwrap_err().explain(text), fact);
    }
}

#[test]
fn a_misspelt_keyword_is_found() {
    for (text, meant) in [
        ("SHOW STREAM;", Some("STREAMS")),
        ("SELECT * FORM a", Some("FROM")),
        ("SELECT a FROM b GROPU BY a", Some("GROUP")),
        ("SELECT a FROM b WHERE a = 1 EMIT CHNAGES", Some("CHANGES")),
        ("CREATE STRAEM a AS SELECT * FROM b", Some("STREAM")),
        ("SELECT a FROM b LIMT 3", Some("LIMIT")),
        ("INSERT INTO a VALEUS (1)", Some("VALUES")),
        ("LIST TOPCIS", Some("TOPICS")),
        ("SELECT a FROM b xyz qwertz", None),
    ] {
        let suggestion = parse_statement(text).unwrap_err().suggestion();
        assert_eq!(suggestion.map(|keyword| keyword.as_str()), meant, "{text}");
    }
}
