//! Statements of the log, applied in their order: the same on every node.
use std::sync::Arc;

use lentic::types::Offset;
use lentic::{FailureKind, Interpreter, QueryChange, QueryNotice, QueryStart, SqlStatement};
use lentic_sql::Refusal;
use lentic_sql::statement::{Change, Context, Effect, Executed, PersistentQuery, State, Topics, prepare};

use super::journal::{Command, Outcome};
use super::processing::Kind;
use super::settings::query_settings;
use super::{Incompatible, Known, Ksql, classifier, entry};

/// Whether a topic is there was asked when the statement was given.
struct Granted;

impl Topics for Granted {
    fn partitions(&self, _: &str) -> Option<u32> {
        Some(1)
    }
}

impl Interpreter for Ksql {
    fn apply(&self, statement: &SqlStatement, offset: Offset) -> Vec<QueryChange> {
        let known = &mut *self.known();
        let mut state = State::clone(&known.state);
        // The number in a query's id is the position that its statement was given at: those who try statements know it.
        state.set_next_query(known.position.0);
        known.position = offset.next();
        match self.execute_entry(&mut state, statement) {
            Ok(change) => {
                known.state = Arc::new(state);
                self.changes(known, &change, statement, offset)
            }
            Err(refusal) => {
                let refusal = refusal.to_string();
                tracing::error!(%offset, "a statement of the log is refused: {refusal}");
                known.incompatible.push(Incompatible::statement(offset, &statement.text, &refusal));
                let outcome = Outcome { is_success: false, message: refusal, query: None };
                known.journal.add(offset, Command { id: format!("statement/{offset}"), outcome });
                Vec::new()
            }
        }
    }

    fn classified(&self, _query: &str, kind: FailureKind, message: &str) -> FailureKind {
        classifier::kind_of(&self.settings(), message).unwrap_or(kind)
    }

    fn noticed(&self, query: &str, notice: &QueryNotice<'_>) {
        match notice {
            QueryNotice::Skipped { origin, value, error } => {
                let topic = origin.map_or("", |origin| origin.topic.as_str());
                let is_told = self.settings().is_on("ksql.logging.processing.rows.include", false);
                let kind = Kind::Deserialization(value.filter(|_| is_told));
                self.lines.add(query, topic, kind, error, self.planner.world.now_ms());
            }
            QueryNotice::Failed(failure) => {
                self.lines.add(query, "", Kind::Failure, &failure.message, self.planner.world.now_ms());
            }
            _ => {}
        }
    }
}

impl Ksql {
    fn execute_entry(&self, state: &mut State, statement: &SqlStatement) -> Result<Change, Refusal> {
        let mut session = entry::session(statement);
        let context = Context { planner: self.planner.clone(), topics: &Granted };
        let parsed = prepare(&statement.text, true)?;
        let [parsed] = parsed.as_slice() else {
            return Err(Refusal::new(format!("{} statements in one entry", parsed.len())));
        };
        match state.execute(&context, &mut session, &statement.text, &parsed.statement)? {
            Executed::Changed(change) => Ok(*change),
            Executed::Skipped(why) => Err(Refusal::new(why)),
            _ => Err(Refusal::new("It changes nothing.")),
        }
    }

    /// What becomes of the queries, and how the statement went.
    fn changes(
        &self,
        known: &mut Known,
        change: &Change,
        statement: &SqlStatement,
        offset: Offset,
    ) -> Vec<QueryChange> {
        let mut outcome = Outcome {
            is_success: true,
            message: change.message.clone(),
            query: change.query_id.as_deref().map(str::to_owned),
        };
        let difference = entry::difference(statement, &change.effects);
        let runs = difference.is_empty();
        if !runs {
            let query = outcome.query.clone().unwrap_or_default();
            let incompatible = Incompatible::plan(offset, &query, &difference);
            tracing::error!(%offset, "{}", incompatible.reason);
            outcome = Outcome { is_success: false, message: incompatible.reason.clone(), ..outcome };
            known.incompatible.push(incompatible);
        }
        known.journal.add(offset, Command { id: change.command.to_string(), outcome });
        let changes = change.effects.iter().filter_map(|effect| match effect {
            Effect::Start(query) => runs.then(|| QueryChange::Start(self.start(query))),
            Effect::Replace(query) => runs.then(|| QueryChange::Replace(self.start(query))),
            Effect::Materialize(plan) => runs.then(|| {
                let (plan, prefix) = (plan.topology.clone(), Some(self.prefix(&plan.id)));
                let settings = query_settings(&entry::session(statement).settings);
                QueryChange::Start(QueryStart { plan, prefix, settings })
            }),
            Effect::Stop(id) | Effect::Forget(id) => {
                known.incompatible.retain(|other| other.query.as_deref() != Some(id));
                Some(QueryChange::Stop(id.to_string()))
            }
            Effect::Pause(id) => Some(QueryChange::Pause(id.to_string())),
            Effect::Resume(id) => Some(QueryChange::Resume(id.to_string())),
            Effect::Topic(_) | Effect::DeleteTopic(_) => None,
        });
        changes.collect()
    }

    fn start(&self, query: &PersistentQuery) -> QueryStart {
        QueryStart {
            plan: query.plan.topology.clone(),
            prefix: Some(self.prefix(&query.id)),
            settings: query_settings(&query.settings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(ksql: &Ksql, text: &str, offset: u64) -> Vec<String> {
        let mut snapshot = ksql.snapshot();
        let context = Context { planner: ksql.planner.clone(), topics: &Granted };
        let mut session = lentic_sql::statement::Session::default();
        let parsed = prepare(text, true).expect(text);
        let executed = snapshot.state.execute(&context, &mut session, text, &parsed[0].statement);
        let Executed::Changed(change) = executed.expect(text) else { panic!("{text}") };
        applied(ksql, &entry::entry(text, &session, &change.effects), offset)
    }

    fn applied(ksql: &Ksql, statement: &SqlStatement, offset: u64) -> Vec<String> {
        let shown = |change| match change {
            QueryChange::Start(start) => format!("start {} {:?}", start.plan.name(), start.prefix),
            QueryChange::Replace(start) => format!("replace {}", start.plan.name()),
            QueryChange::Stop(id) => format!("stop {id}"),
            QueryChange::Pause(id) => format!("pause {id}"),
            QueryChange::Resume(id) => format!("resume {id}"),
        };
        ksql.apply(statement, Offset(offset)).into_iter().map(shown).collect()
    }

    const SOURCE: &str = "CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='json');";

    #[test]
    fn statements_change_queries() {
        let ksql = Ksql::new("default_", [("auto.offset.reset", "earliest")]);
        for (text, offset, expected) in [
            (SOURCE, 3, vec![]),
            (
                "CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;",
                7,
                vec![r#"start CTAS_T_4 Some("_confluent-ksql-default_query_CTAS_T_4")"#],
            ),
            ("PAUSE CTAS_T_4;", 8, vec!["pause CTAS_T_4"]),
            ("RESUME CTAS_T_4;", 9, vec!["resume CTAS_T_4"]),
            ("DROP TABLE t;", 10, vec!["stop CTAS_T_4"]),
        ] {
            assert_eq!(given(&ksql, text, offset), expected, "{text}");
        }
        let command = ksql.status("table/`T`/create").expect("the command");
        assert_eq!(command.outcome.message, "Created query with ID CTAS_T_4");
        assert_eq!(ksql.outcome(Offset(10)).map(|command| command.id).as_deref(), Some("table/`T`/drop"));
    }

    #[test]
    fn another_plan_than_before_does_not_run() {
        let ksql = Ksql::new("default_", [("auto.offset.reset", "earliest")]);
        given(&ksql, SOURCE, 0);
        let names = [("schema".to_owned(), "`K` STRING KEY, `V` INTEGER".to_owned())].into();
        let text = "CREATE STREAM c AS SELECT * FROM s;".to_owned();
        let statement = SqlStatement { text, names, ..SqlStatement::default() };
        assert!(applied(&ksql, &statement, 1).is_empty());
        let [incompatible] = ksql.incompatible().try_into().expect("one");
        assert_eq!(incompatible.query.as_deref(), Some("CSAS_C_1"));
        let reason = incompatible.reason;
        assert!(
            reason.ends_with("- `K` STRING KEY, `V` INTEGER\n+ `K` INTEGER KEY, `V` INTEGER"),
            "{reason}"
        );
        assert!(!ksql.status("stream/`C`/create").expect("the command").outcome.is_success);
        assert_eq!(
            applied(&ksql, &SqlStatement { text: "DROP STREAM x;".into(), ..Default::default() }, 2).len(),
            0
        );
        assert_eq!(ksql.incompatible().len(), 2);
        given(&ksql, "DROP STREAM c;", 3);
        assert_eq!(ksql.incompatible().len(), 1, "the query is no more");
    }
}
