//! What a service knows, and the way in for statements.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_sql_syntax::ast::{SourceKind, Statement};

use super::{Context, Executed, PersistentQuery, Session};
use crate::Refusal;
use crate::catalog::Catalog;
use crate::plan::QueryPlan;

/// What a service knows: its streams, tables and types, and its persistent queries.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub(super) catalog: Catalog,
    pub(super) queries: BTreeMap<Arc<str>, Arc<PersistentQuery>>,
    /// What keeps the rows of declared tables, by table: of source tables always, of others once they were asked for.
    pub(super) kept: BTreeMap<Arc<str>, Arc<QueryPlan>>,
    /// Properties of the whole service, `ALTER SYSTEM`.
    pub(super) system: BTreeMap<String, String>,
    pub(super) next_query: u64,
}

impl State {
    /// Streams, tables and types.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The persistent queries, by id.
    pub fn queries(&self) -> impl Iterator<Item = &Arc<PersistentQuery>> {
        self.queries.values()
    }

    /// The query of this id.
    pub fn query(&self, id: &str) -> Option<&Arc<PersistentQuery>> {
        self.queries.get(id)
    }

    /// Properties that `ALTER SYSTEM` has given to the whole service, by name.
    pub fn system(&self) -> &BTreeMap<String, String> {
        &self.system
    }

    /// The number that the next query gets in its id. ksqlDB takes the offset of the statement's record in its command topic.
    pub fn set_next_query(&mut self, number: u64) {
        self.next_query = number;
    }

    pub(super) fn take_number(&mut self) -> u64 {
        self.next_query += 1;
        self.next_query - 1
    }

    /// Executes one statement, whose text is kept. After an error nothing has changed.
    pub fn execute(
        &mut self,
        context: &Context<'_>,
        session: &mut Session,
        text: &str,
        statement: &Statement,
    ) -> Result<Executed, Refusal> {
        if statement.is_about_connectors() {
            return Err(no_connectors());
        }
        match statement {
            Statement::CreateSource(create) => self.create_source(context, session, text, create),
            Statement::CreateAs(create) => self.create_as(context, session, text, create),
            Statement::InsertQuery(insert) => self.insert_query(context, session, text, insert),
            Statement::InsertValues(insert) => self.insert_values(context, session, insert),
            Statement::Delete(delete) => self.delete(context, session, delete),
            Statement::List(list) => self.list(context, session, list),
            Statement::Describe(describe) => self.describe(context, describe),
            Statement::Explain(explain) => self.explain(context, session, text, explain),
            Statement::AlterSource(alter) => self.alter_source(alter),
            Statement::DropSource(drop) => self.drop_source(drop),
            Statement::CreateType(create) => self.create_type(create),
            Statement::DropType(drop) => self.drop_type(drop),
            Statement::Terminate(target) => self.terminate(target),
            Statement::Pause(target) => self.pause(target, true),
            Statement::Resume(target) => self.pause(target, false),
            Statement::AssertTopic(assert) => super::assertion::topic(assert, context),
            Statement::AssertSchema(assert) => super::assertion::schema(assert, context),
            Statement::Set(setting) => {
                session.set(setting);
                Ok(Executed::Session)
            }
            Statement::Unset(name) => {
                session.unset(name);
                Ok(Executed::Session)
            }
            Statement::Define(define) => {
                session.define_as(define);
                Ok(Executed::Session)
            }
            Statement::AlterSystem(setting) => Ok(self.alter_system(setting)),
            Statement::Undefine(name) => session.undefine(name).map(|()| Executed::Session),
            // The first pull query of a declared table stands in the log, so that its rows are kept from there on.
            Statement::Query(query) if query.emit.is_none() => self.keep_table(context, &query.from.name),
            Statement::Query(_) | Statement::Print(_) => {
                Err(Refusal::new("A query answers with rows: send it to an endpoint that streams them."))
            }
            other => Err(Refusal::new(format!("This statement cannot be executed here: {other}"))),
        }
    }
}

/// Connectors are another system's.
pub(super) fn no_connectors() -> Refusal {
    Refusal::new("Connectors are not run from here. Use the REST interface of a Kafka Connect cluster.")
}

/// `Stream` or `Table`, as messages begin.
pub(super) fn capital(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Stream => "Stream",
        SourceKind::Table => "Table",
    }
}
