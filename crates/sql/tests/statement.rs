//! Statements one after the other, and what the last of them says.
use std::sync::Arc;

use lentic_sql::Refusal;
use lentic_sql::function::{Registry, World};
use lentic_sql::plan::{Planner, ProcessingLog};
use lentic_sql::settings::Settings;
use lentic_sql::statement::{Answer, Context, Effect, Executed, Session, State, Topics, prepare};

/// A clock that says 42, no chance, and topics that are called `t` or `u`.
struct Fixed;

impl World for Fixed {
    fn now_ms(&self) -> i64 {
        42
    }

    fn random_bits(&self) -> u64 {
        0
    }
}

impl ProcessingLog for Fixed {
    fn report(&self, _: &str, _: &str, _: &str) {}
}

impl Topics for Fixed {
    fn partitions(&self, topic: &str) -> Option<u32> {
        matches!(topic, "t" | "u").then_some(3)
    }
}

fn run(script: &str) -> String {
    let planner =
        Planner { registry: Arc::new(Registry::standard()), world: Arc::new(Fixed), log: Arc::new(Fixed) };
    let context = Context { planner, topics: &Fixed };
    let (mut state, mut session) = (State::default(), Session::new(Settings::default()));
    let refused = |refusal: Refusal| format!("refused: {refusal}");
    let statements = match prepare(script, false) {
        Ok(statements) => statements,
        Err(refusal) => return refused(refusal),
    };
    let mut last = String::new();
    for parsed in statements {
        last = match state.execute(&context, &mut session, parsed.piece.text, &parsed.statement) {
            Ok(executed) => said(&executed, &state, &session),
            Err(refusal) => return refused(refusal),
        };
    }
    last
}

fn said(executed: &Executed, state: &State, session: &Session) -> String {
    match executed {
        Executed::Changed(change) => {
            let effects = change.effects.iter().map(|effect| match effect {
                Effect::Topic(topic) => format!("topic {} {:?}", topic.name, topic.partitions),
                Effect::DeleteTopic(topic) => format!("delete {topic}"),
                Effect::Forget(id) => format!("forget {id}"),
                other => format!("{other:?}"),
            });
            let effects: Vec<String> = effects.collect();
            format!("{}: {} [{}]", change.command, change.message, effects.join(", "))
        }
        Executed::Skipped(warning) => format!("warning: {warning}"),
        Executed::Session => {
            format!("{:?} {:?}", session.settings.given(), session.variables().collect::<Vec<_>>())
        }
        Executed::Insert(record) => {
            let text = |bytes: &Option<Vec<u8>>| {
                bytes.as_ref().map_or("none".into(), |bytes| String::from_utf8_lossy(bytes).into_owned())
            };
            format!("{} {} @{}", text(&record.key), text(&record.value), record.timestamp)
        }
        Executed::Asserted(asserted) => format!("{asserted:?}"),
        Executed::Answer(Answer::Sources(_, sources)) => sources
            .iter()
            .map(|source| format!("{}: {}", source.name, source.schema))
            .collect::<Vec<_>>()
            .join("; "),
        Executed::Answer(Answer::Source(described)) => {
            format!("{:?} {:?}", described.source.schema, state.queries().count())
        }
        Executed::Answer(Answer::Function(function)) => {
            format!("{} {:?}", function.name, function.overloads.first())
        }
        Executed::Answer(other) => format!("{other:?}"),
    }
}

fn check(setup: &str, cases: &[(&str, &str)]) {
    for (script, expected) in cases {
        let found = run(&format!("{setup}{script}"));
        assert!(found.starts_with(expected), "{script}\n{found}\nnot {expected}");
    }
}

const STREAM: &str = "CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='t', format='json');";

#[test]
fn sources_come_and_go() {
    check(
        STREAM,
        &[
            ("", "stream/`S`/create: Stream created [topic t None]"),
            (
                "CREATE STREAM x (v INT) WITH (kafka_topic='new', format='json');",
                "refused: Topic 'new' does not exist.",
            ),
            (
                "CREATE TABLE x (k INT PRIMARY KEY) WITH (kafka_topic='new', format='json', partitions=2);",
                "table/`X`/create: Table created [topic new Some(2)]",
            ),
            (
                "CREATE SOURCE TABLE x (k INT PRIMARY KEY) WITH (kafka_topic='u', format='json');",
                "table/`X`/create: Created query with ID CST_X_0 [topic u None, Materialize",
            ),
            (
                "CREATE SOURCE TABLE x (k INT PRIMARY KEY) WITH (kafka_topic='u', format='json'); DROP TABLE x;",
                "table/`X`/drop: Source `X` (topic: u) was dropped. [forget CST_X_0]",
            ),
            (
                "CREATE STREAM s (v INT) WITH (kafka_topic='t', format='json');",
                "refused: Cannot add stream 'S': A stream with the same name already exists",
            ),
            (
                "CREATE TABLE IF NOT EXISTS s (v INT PRIMARY KEY) WITH (kafka_topic='t', format='json');",
                "warning: Cannot add table `S`: A stream with the same name already exists.",
            ),
            ("DROP STREAM s DELETE TOPIC;", "stream/`S`/drop: Source `S` (topic: t) was dropped. [delete t]"),
            ("DROP STREAM x;", "refused: Stream X does not exist."),
            ("DROP STREAM IF EXISTS x;", "warning: Source `X` does not exist."),
            (
                "DROP TABLE s;",
                "refused: Incompatible data source type is STREAM, but statement was DROP TABLE",
            ),
            ("ALTER STREAM s ADD w INT;", "stream/`S`/alter: Stream altered []"),
            (
                "CREATE STREAM x AS SELECT * FROM y;",
                "refused: Exception while preparing statement: Y does not exist.",
            ),
            ("LIST STREAMS;", "S: `K` INTEGER KEY, `V` INTEGER"),
        ],
    );
}

#[test]
fn what_may_replace_what() {
    let replace = |rest: &str| format!("CREATE OR REPLACE STREAM s {rest};");
    for (rest, expected) in [
        (
            "(k INT KEY, v INT, w INT) WITH (kafka_topic='t', format='json')",
            "stream/`S`/create: Stream created",
        ),
        (
            "(k INT KEY, w INT) WITH (kafka_topic='t', format='json')",
            "refused: Cannot upgrade data source: (The following columns are changed, missing or reordered: [`V` INTEGER])",
        ),
        (
            "(k BIGINT KEY, v INT) WITH (kafka_topic='t', format='json')",
            "refused: Cannot upgrade data source: (Key columns must be identical. The following key columns are changed, missing \
             or reordered: [`K` INTEGER KEY])",
        ),
        (
            "(k INT KEY, v INT) WITH (kafka_topic='u', format='json')",
            "refused: Cannot upgrade data source: DataSource 'topic' must match: existing=t, new=u",
        ),
    ] {
        check(STREAM, &[(&replace(rest), expected)]);
    }
    let windowed = |with: &str| {
        format!("CREATE OR REPLACE STREAM w (k INT KEY) WITH (kafka_topic='t', format='json'{with});")
    };
    for (known, new, expected) in [
        (
            ", window_type='tumbling', window_size='1 hour'",
            ", window_type='hopping', window_size='90 seconds'",
            "existing=TUMBLING (SIZE 1 HOURS), new=HOPPING (SIZE 90 SECONDS)",
        ),
        (", window_type='session'", "", "existing=SESSION, new=none"),
    ] {
        let expected =
            format!("refused: Cannot upgrade data source: DataSource 'window' must match: {expected}");
        check(&windowed(known), &[(&windowed(new), &expected)]);
    }
}

#[test]
fn rows_become_records() {
    check(
        STREAM,
        &[
            ("INSERT INTO s VALUES (1, 2);", "1 {\"V\":2} @42"),
            ("INSERT INTO s (rowtime, v) VALUES (7, '3');", "none {\"V\":3} @7"),
            (
                "INSERT INTO s (v) VALUES (1, 2);",
                "refused: Failed to prepare statement: Expected number columns and values to match: 1, 2",
            ),
            (
                "INSERT INTO s VALUES (1);",
                "refused: Failed to insert values into 'S'. Expected a value for each column.",
            ),
            (
                "INSERT INTO s (x) VALUES (1);",
                "refused: Failed to insert values into 'S'. Column name `X` does not exist.",
            ),
            (
                "INSERT INTO s (rowoffset) VALUES (1);",
                "refused: Inserting into column `ROWOFFSET` is not allowed.",
            ),
            (
                "INSERT INTO s (v) VALUES (a.b);",
                "refused: Failed to prepare statement: 'A' is not a valid stream/table name or alias.",
            ),
            ("INSERT INTO s (v) VALUES (1 + 1 + ABS(-1));", "none {\"V\":3} @42"),
            (
                "INSERT INTO s (v) VALUES (ARRAY[1]);",
                "refused: Expected type INTEGER for field `V` but got ARRAY<INTEGER>",
            ),
            (
                "INSERT INTO `s` VALUES (1, 2);",
                "refused: Cannot insert values into an unknown stream/table: `s`\nDid you mean S?",
            ),
        ],
    );
}

/// A pull query of a declared table, executed as a statement, has the table's rows kept.
#[test]
fn rows_of_declared_tables_are_kept() {
    const PULL: &str = "SELECT * FROM d;";
    check(
        &format!("{STREAM} CREATE TABLE d (k INT PRIMARY KEY, v INT) WITH (kafka_topic='u', format='json');"),
        &[
            (PULL, "table/`D`/execute: Created query with ID CST_D_0 [Materialize"),
            (&format!("{PULL} {PULL}"), "warning: The rows of D are kept already."),
            (
                &format!("{PULL} DROP TABLE d;"),
                "table/`D`/drop: Source `D` (topic: u) was dropped. [forget CST_D_0]",
            ),
            (&format!("{PULL} ALTER TABLE d ADD w INT;"), "table/`D`/alter: Table altered [forget CST_D_0]"),
            (
                &format!("{PULL} TERMINATE cst_d_0; {PULL}"),
                "table/`D`/execute: Created query with ID CST_D_1 [Materialize",
            ),
            (&format!("{PULL} PAUSE ALL;"), "pause/ALL/execute: Query paused. [Pause(\"CST_D_0\")]"),
            (&format!("{PULL} LIST QUERIES;"), "Queries([QuerySummary { statement: \"CREATE TABLE d"),
            // Others' rows are their queries'.
            ("SELECT * FROM s;", "refused: A query answers with rows"),
            ("SELECT * FROM d EMIT CHANGES;", "refused: A query answers with rows"),
            (
                "CREATE TABLE c AS SELECT k, COUNT(*) AS n FROM s GROUP BY k; SELECT * FROM c;",
                "refused: A query answers with rows",
            ),
            (
                "CREATE SOURCE TABLE x (k INT PRIMARY KEY) WITH (kafka_topic='u', format='json'); TERMINATE cst_x_0;",
                "refused: Cannot terminate query 'CST_X_0' because it is linked to a source table.",
            ),
        ],
    );
}

#[test]
fn sessions_and_questions() {
    check(
        "",
        &[
            ("SET 'a'='b';", "{\"a\": \"b\"} []"),
            ("SET 'a'='b'; UNSET 'a';", "{} []"),
            ("DEFINE x = 'y';", "{} [(\"X\", \"y\")]"),
            ("ALTER SYSTEM 'a'='b';", "cluster/a/alter: System property a was set to b. []"),
            ("UNDEFINE x;", "refused: Cannot undefine variable 'x' which was never defined"),
            ("ASSERT TOPIC t;", "Topic { name: \"t\", exists: true }"),
            ("ASSERT TOPIC x;", "refused: Topic x does not exist"),
            ("ASSERT NOT EXISTS TOPIC t;", "refused: Topic t exists"),
            (
                "ASSERT TOPIC t WITH (partitions=4);",
                "refused: Mismatched configuration for topic t: For config partitions, expected 4 got 3",
            ),
            (
                "ASSERT SCHEMA SUBJECT x ID 3;",
                "refused: Cannot check schema existence: KSQL is not configured to use a schema registry.",
            ),
            (
                "CREATE TYPE a AS STRUCT<b INT>;",
                "type/A/create: Registered custom type with name 'A' and SQL type STRUCT<`B` INTEGER>",
            ),
            ("CREATE TYPE a AS INT; DROP TYPE a;", "type/A/drop: Dropped type 'A'"),
            ("TERMINATE x;", "refused: Unknown queryId: X"),
            ("TERMINATE ALL;", "terminate/ALL/execute: Query terminated. []"),
            ("PAUSE ALL;", "pause/ALL/execute: Query paused. []"),
            ("SHOW CONNECTORS;", "refused: Connectors are not run from here."),
            ("DESCRIBE FUNCTION len;", "LEN Some(OverloadDescription { parameters: [ParameterDescription"),
            ("DESCRIBE x;", "refused: Could not find STREAM/TABLE 'X' in the Metastore"),
            ("EXPLAIN x;", "refused: Query with id:X does not exist"),
            ("SELECT * FROM x ORDER BY y;", "refused: line 1:"),
        ],
    );
}
