//! Statements: text to what is printed of them. What is printed parses to the same tree, and prints the same.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]
use lentic_sql_syntax::ast::{Feature, Statement};
use lentic_sql_syntax::{parse, parse_statement};

/// Each line prints as the one after `==>`; without one as it stands.
fn check(table: &str) {
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (text, printed) = line.split_once(" ==> ").unwrap_or((line, line));
        let statement =
            parse_statement(text).unwrap_or_else(|error| panic!("{text}\n{}", error.explain(text)));
        let shown = statement.to_string();
        assert_eq!(shown.replace("\n  ", " ").replace('\n', " "), printed, "{text}");
        assert_eq!(parse_statement(&shown).unwrap(), statement, "{text}");
    }
}

#[test]
fn sources() {
    check(
        "
        create stream s (id int key, v varchar) with (kafka_topic='t', partitions=1); ==> CREATE STREAM S (ID INTEGER KEY, V STRING) WITH (KAFKA_TOPIC='t', PARTITIONS=1)
        CREATE OR REPLACE SOURCE TABLE IF NOT EXISTS T (K BIGINT PRIMARY KEY)
        CREATE STREAM S
        CREATE STREAM `a-b` WITH (VALUE_FORMAT='JSON', 'some.other'=-1.5, WRAP_SINGLE_VALUE=false)
        CREATE STREAM S (H ARRAY<STRUCT<KEY STRING, VALUE BYTES>> HEADERS)
        CREATE STREAM S (H BYTES HEADER('it''s'), KEY INTEGER, HEADERS STRING)
        CREATE TABLE T (A DECIMAL(4, 2), B MAP<STRING, ARRAY<DOUBLE>>, C STRUCT<>, D VARCHAR(10), E ADDRESS) ==> CREATE TABLE T (A DECIMAL(4, 2), B MAP<STRING, ARRAY<DOUBLE>>, C STRUCT<>, D STRING, E ADDRESS)
        CREATE STREAM A WITH (PARTITIONS=2) AS SELECT * FROM B
        CREATE OR REPLACE TABLE IF NOT EXISTS A AS SELECT K, COUNT(*) N FROM B GROUP BY K EMIT CHANGES
        ALTER STREAM S ADD COLUMN A INT, ADD B STRING ==> ALTER STREAM S ADD COLUMN A INTEGER, ADD COLUMN B STRING
        ALTER TABLE T ADD COLUMN INT ==> ALTER TABLE T ADD COLUMN COLUMN INTEGER
        DROP STREAM S
        DROP TABLE IF EXISTS T DELETE TOPIC
        INSERT INTO S SELECT * FROM T
        INSERT INTO S WITH (QUERY_ID='X') SELECT * FROM T
        INSERT INTO S VALUES (1, 'a', null, -2)
        INSERT INTO S (ROWTIME, A) VALUES (1 + 2, ARRAY[1]) ==> INSERT INTO S (ROWTIME, A) VALUES ((1 + 2), ARRAY[1])
        DELETE FROM T WHERE K = 1 ==> DELETE FROM T WHERE (K = 1)
        ",
    );
}

#[test]
fn everything_else() {
    check(
        "
        SHOW ALL TOPICS EXTENDED ==> LIST ALL TOPICS EXTENDED
        LIST PROPERTIES
        LIST TOPICS
        LIST STREAMS EXTENDED
        LIST TABLES
        LIST FUNCTIONS
        LIST CONNECTORS
        LIST SOURCE CONNECTORS
        LIST SINK CONNECTORS
        LIST CONNECTOR PLUGINS
        LIST TYPES
        LIST VARIABLES
        LIST QUERIES EXTENDED
        DESCRIBE S
        DESCRIBE `tables` EXTENDED
        DESCRIBE `TABLES`
        DESCRIBE function ==> DESCRIBE `FUNCTION`
        DESCRIBE STREAMS EXTENDED
        DESCRIBE TABLES
        DESCRIBE FUNCTION len ==> DESCRIBE FUNCTION LEN
        DESCRIBE CONNECTOR `c-1`
        EXPLAIN SELECT A FROM B
        EXPLAIN CTAS_A_1
        EXPLAIN CREATE STREAM A AS SELECT * FROM B
        EXPLAIN define ==> EXPLAIN DEFINE
        PRINT Flights FROM BEGINNING INTERVAL 5 LIMIT 3 ==> PRINT 'Flights' FROM BEGINNING INTERVAL 5 LIMIT 3
        PRINT 'my-topic' SAMPLE 2 ==> PRINT 'my-topic' INTERVAL 2
        TERMINATE CSAS_A_1
        TERMINATE ALL
        PAUSE ALL
        RESUME Q
        SET 'auto.offset.reset' = 'earliest' ==> SET 'auto.offset.reset'='earliest'
        UNSET 'auto.offset.reset'
        ALTER SYSTEM 'a'='b'
        DEFINE topicName = '''x''' ==> DEFINE topicName='''x'''
        UNDEFINE topicName
        CREATE TYPE IF NOT EXISTS ADDRESS AS STRUCT<STREET STRING, `no` INTEGER>
        DROP TYPE IF EXISTS ADDRESS
        CREATE SOURCE CONNECTOR IF NOT EXISTS 'jdbc-1' WITH ('connector.class'='X') ==> CREATE SOURCE CONNECTOR IF NOT EXISTS `jdbc-1` WITH ('connector.class'='X')
        CREATE SINK CONNECTOR C WITH (A='b')
        DROP CONNECTOR IF EXISTS C
        ASSERT TOPIC Foo WITH (PARTITIONS=1) TIMEOUT 10 SECONDS ==> ASSERT TOPIC 'Foo' WITH (PARTITIONS=1) TIMEOUT 10 SECONDS
        ASSERT NOT EXISTS TOPIC 'foo'
        ASSERT SCHEMA SUBJECT 'foo-value' ID 3 TIMEOUT 1 MINUTE ==> ASSERT SCHEMA SUBJECT 'foo-value' ID 3 TIMEOUT 1 MINUTES
        ASSERT NOT EXISTS SCHEMA ID 3
        ASSERT VALUES S (ROWTIME, A) VALUES (1, 'x')
        ASSERT NULL VALUES S (K) KEY (1)
        ASSERT STREAM S (K INTEGER KEY) WITH (KAFKA_TOPIC='x')
        ASSERT TABLE T (K INTEGER PRIMARY KEY)
        RUN SCRIPT '/a.sql'
        ",
    );
}

#[test]
fn queries() {
    check(
        "
        select *, a.*, b->*, c[1]->d->*, e as f, g h from s ==> SELECT *, A.*, B->*, C[1]->D->*, E F, G H FROM S
        SELECT A FROM S EMIT CHANGES
        SELECT A FROM S EMIT EMIT FINAL LIMIT -1
        SELECT A FROM S ORDER PARTITION BY (A, B) ==> SELECT A FROM S ORDER PARTITION BY A, B
        SELECT A FROM S GROUP BY (A) + 1, (F(B, C)) ==> SELECT A FROM S GROUP BY (A + 1), F(B, C)
        SELECT A FROM S GROUP BY ()
        SELECT A FROM S GROUP BY (A IS NULL) HAVING COUNT(*) > 1 ==> SELECT A FROM S GROUP BY (A IS NULL) HAVING (COUNT(*) > 1)
        SELECT A FROM S AS L JOIN T R ON L.A = R.A ==> SELECT A FROM S L INNER JOIN T R ON (L.A = R.A)
        SELECT A FROM S LEFT JOIN T WITHIN 1 HOUR ON A = B ==> SELECT A FROM S LEFT OUTER JOIN T WITHIN 1 HOURS ON (A = B)
        SELECT A FROM S RIGHT OUTER JOIN T WITHIN (1 DAYS, 2 MINUTES) GRACE PERIOD 3 SECONDS ON B FULL JOIN U ON C ==> SELECT A FROM S RIGHT OUTER JOIN T WITHIN (1 DAYS, 2 MINUTES) GRACE PERIOD 3 SECONDS ON B FULL OUTER JOIN U ON C
        SELECT A FROM S WINDOW TUMBLING (SIZE 1 MILLISECOND) GROUP BY A ==> SELECT A FROM S WINDOW TUMBLING (SIZE 1 MILLISECONDS) GROUP BY A
        SELECT A FROM S WINDOW HOPPING (SIZE 1 DAYS, ADVANCE BY 2 HOURS, RETENTION 3 MINUTES, GRACE PERIOD 4 SECONDS)
        SELECT A FROM S WINDOW W SESSION (1 DAYS, GRACE PERIOD 4 SECONDS)
        SELECT A FROM S WINDOW SESSION (1 DAYS, RETENTION 4 SECONDS)
        SELECT A FROM S ORDER BY A DESC, B ASC, C LIMIT 3 ==> SELECT A FROM S ORDER BY A DESC, B, C LIMIT 3
        ",
    );
}

#[test]
fn what_goes_beyond_ksqldb_is_found() {
    for (text, found) in [
        ("SELECT * FROM S", None),
        ("SELECT * FROM S ORDER", None),
        ("SELECT * FROM S1 ORDER BY A", Some((Feature::OrderBy, "line 1:24: Syntax Error\n"))),
        (
            "EXPLAIN CREATE STREAM A AS SELECT * FROM B ORDER BY C",
            Some((Feature::OrderBy, "line 1:50: Syntax Error\n")),
        ),
        ("DELETE FROM T WHERE A = 1", Some((Feature::Delete, "line 1:1: Syntax Error\n"))),
    ] {
        let extension = parse_statement(text).unwrap().extension();
        let shown = extension.map(|extension| (extension.feature, extension.refusal().to_string()));
        assert_eq!(shown, found.map(|(feature, message)| (feature, message.to_owned())), "{text}");
    }
}

#[test]
fn statements_know_what_they_are_for() {
    let parsed = parse("LIST SINK CONNECTORS; RUN SCRIPT 'x'; SELECT 1 FROM A;").unwrap();
    let facts = |statement: &Statement| {
        (statement.is_about_connectors(), statement.is_for_tests(), statement.query().is_some())
    };
    let facts: Vec<_> = parsed.iter().map(|one| facts(&one.statement)).collect();
    assert_eq!(facts, [(true, false, false), (false, true, false), (false, false, true)]);
}
