//! Statements, tried on a copy and then executed.
use lentic::Node;
use lentic_ksql_api::entity::{CurrentStatus, WarningText};
use lentic_ksql_api::{Entity, ErrorBody, ErrorCode, Warning};
use lentic_sql::Refusal;
use lentic_sql::statement::{Context, Effect, Executed, Session, Topics as _, prepare};
use lentic_sql_syntax::ast::Statement;

use super::script::{bad_statement, statements, substituted};
use super::{assertion, insert, terminate};
use crate::ksql::hosts::Hosts;
use crate::ksql::service::{ChangeError, Changed, LogTopics, Snapshot, wanted_topics};
use crate::ksql::{Ksql, Rights, entity, property};

/// What scripts are executed with.
pub(crate) struct Execution<'a> {
    pub(crate) ksql: &'a Ksql,
    pub(crate) node: &'a Node,
    pub(crate) rights: &'a Rights,
    /// The nodes that serve the same; none: there is no server.
    pub(crate) hosts: Option<&'a Hosts>,
    /// Whether statements beyond ksqlDB's are taken.
    pub(crate) extensions: bool,
}

/// A statement with what its answer is made from.
pub(super) struct Given<'t> {
    /// With its variables replaced.
    pub(super) text: &'t str,
    /// Without secrets.
    pub(super) shown: &'t str,
    pub(super) statement: &'t Statement,
}

impl Execution<'_> {
    /// Executes a script: all of it is tried first, then one statement after the other takes effect. Blocks.
    pub(crate) fn run(&self, text: &str, mut session: Session) -> Result<Vec<Entity>, ErrorBody> {
        let statements = statements(text, self.extensions)?;
        let topics = LogTopics::new(self.node);
        self.try_all(&statements, session.clone(), &topics)?;
        let mut entities = Vec::new();
        for text in statements {
            match self.each(&mut session, text, |session, given| self.execute(session, given, &topics)) {
                Ok(entity) => entities.extend(entity),
                Err(mut error) => {
                    if let Some(statement) = &mut error.statement {
                        statement.entities = entities;
                    }
                    return Err(error);
                }
            }
        }
        Ok(entities)
    }

    /// Reads a statement and does something with it.
    fn each<T>(
        &self,
        session: &mut Session,
        text: &str,
        act: impl FnOnce(&mut Session, &Given<'_>) -> Result<T, ErrorBody>,
    ) -> Result<T, ErrorBody> {
        let text = substituted(session, text)?;
        let parsed = prepare(&text, self.extensions).map_err(|refusal| bad_statement(&refusal, &text))?;
        let Some(parsed) = parsed.first() else {
            return Err(bad_statement(&Refusal::new("There is no statement."), &text));
        };
        let shown = parsed.loggable();
        act(session, &Given { text: &text, shown: &shown, statement: &parsed.statement })
    }

    /// Whether all statements could be executed, each after those before it.
    fn try_all(
        &self,
        statements: &[&str],
        mut session: Session,
        topics: &LogTopics,
    ) -> Result<(), ErrorBody> {
        let mut snapshot = self.ksql.snapshot();
        for text in statements {
            self.each(&mut session, text, |session, given| {
                self.try_one(&mut snapshot, session, given, topics)
            })?;
        }
        Ok(())
    }

    fn try_one(
        &self,
        snapshot: &mut Snapshot,
        session: &mut Session,
        given: &Given<'_>,
        topics: &LogTopics,
    ) -> Result<(), ErrorBody> {
        let Given { text, shown, statement } = *given;
        check_endpoint(statement, shown)?;
        if let Statement::Set(setting) = statement {
            property::check(&setting.name).map_err(|error| error.of_statement(shown, Vec::new()))?;
        }
        if let Statement::AlterSystem(setting) = statement {
            property::check_system(setting).map_err(|error| error.of_statement(shown, Vec::new()))?;
        }
        self.rights
            .check(statement, &snapshot.state)
            .map_err(|error| error.of_statement(shown, Vec::new()))?;
        // What assertions are about may come with the statements before them.
        let is_late = matches!(statement, Statement::AssertTopic(_) | Statement::AssertSchema(_));
        if is_late || terminate::is_transient(self, statement)? {
            return Ok(());
        }
        let context = Context { planner: self.ksql.planner().clone(), topics };
        let executed = snapshot.state.execute(&context, session, text, statement);
        if let Executed::Changed(change) = executed.map_err(|refusal| bad_statement(&refusal, shown))? {
            let wanted = wanted_topics(&snapshot.state, &change, topics);
            for (request, _) in wanted.map_err(|refusal| bad_statement(&refusal, shown))? {
                if topics.partitions(&request.name).is_none() {
                    topics.assume(&request.name, request.partitions.unwrap_or(1));
                }
            }
            for effect in &change.effects {
                if let Effect::DeleteTopic(topic) = effect {
                    topics.forget(topic);
                }
            }
            snapshot.position = snapshot.position.next();
            snapshot.state.set_next_query(snapshot.position.0);
        }
        Ok(())
    }

    fn execute(
        &self,
        session: &mut Session,
        given: &Given<'_>,
        topics: &LogTopics,
    ) -> Result<Option<Entity>, ErrorBody> {
        let Given { text, shown, statement } = *given;
        if let Some(entity) = terminate::transient(self, given) {
            return Ok(Some(entity));
        }
        if matches!(statement, Statement::AssertTopic(_) | Statement::AssertSchema(_)) {
            return assertion::wait(self, session, given).map(Some);
        }
        let mut snapshot = self.ksql.snapshot();
        let context = Context { planner: self.ksql.planner().clone(), topics };
        let executed = snapshot.state.execute(&context, session, text, statement);
        match executed.map_err(|refusal| bad_statement(&refusal, shown))? {
            Executed::Changed(_) => {
                let changed = self.ksql.change(self.node, topics, session, text, statement);
                if let (Ok(changed), Some(hosts)) = (&changed, self.hosts) {
                    hosts.in_force(changed.offset, changed.started.as_deref());
                }
                changed_entity(changed, shown).map(Some)
            }
            Executed::Skipped(message) => Ok(Some(Entity::new(shown, WarningText { message }))),
            Executed::Session | Executed::Asserted(_) => Ok(None),
            Executed::Insert(record) => insert::insert(self.node, *record, shown).map(|()| None),
            Executed::Answer(answer) => {
                let view = entity::View::new(self.ksql, self.node, self.hosts);
                Ok(Some(Entity::new(shown, view.body(answer, statement))))
            }
        }
    }
}

fn changed_entity(changed: Result<Changed, ChangeError>, shown: &str) -> Result<Entity, ErrorBody> {
    let Changed { offset, command, .. } = match changed {
        Ok(changed) => changed,
        Err(ChangeError::Refused(refusal)) => return Err(bad_statement(&refusal, shown)),
        Err(ChangeError::Skipped(message)) => return Ok(Entity::new(shown, WarningText { message })),
        Err(ChangeError::Log(error)) => {
            let message = format!("Could not write the statement '{shown}' into the command topic: {error}");
            let error = ErrorBody::new(ErrorCode::SERVER_ERROR, message);
            return Err(error.of_statement(shown, Vec::new()));
        }
    };
    let status = CurrentStatus {
        command_id: command.id.clone(),
        command_status: command.status(),
        command_sequence_number: offset.0 as i64,
    };
    Ok(Entity { warnings: Vec::<Warning>::new(), ..Entity::new(shown, status) })
}

/// Queries have endpoints of their own.
fn check_endpoint(statement: &Statement, shown: &str) -> Result<(), ErrorBody> {
    if !matches!(statement, Statement::Query(_) | Statement::Print(_)) {
        return Ok(());
    }
    Err(ErrorBody::query_endpoint().of_statement(shown, Vec::new()))
}
