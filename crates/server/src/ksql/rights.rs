//! What a statement needs of whoever gives it.
use lentic_ksql_api::{ErrorBody, ErrorCode};
use lentic_sql::statement::{State, prepare};
use lentic_sql_syntax::ast::{CreateSource, Property, Query, Statement};
use lentic_sql_syntax::ast::{Literal, QueryTarget};

use super::statement::is_of_client;
use crate::call::Call;
use crate::security::{Access, Grant};

/// The rights of who asks.
#[derive(Clone, Debug)]
pub(crate) struct Rights(Grant);

impl From<Grant> for Rights {
    fn from(grant: Grant) -> Self {
        Self(grant)
    }
}

impl Rights {
    /// Of who sent a request.
    pub(crate) fn of(call: &Call) -> Self {
        Self(call.grant.clone())
    }

    /// Whether a statement may be executed. Names of streams and tables count, and names of topics that are named in it.
    pub(crate) fn check(&self, statement: &Statement, state: &State) -> Result<(), ErrorBody> {
        match statement {
            Statement::Query(query) => self.reads(query),
            Statement::Print(print) => self.may(Access::Read, &print.topic),
            Statement::CreateSource(create) => self.declares(create),
            Statement::CreateAs(create) => {
                self.reads(&create.query)?;
                self.may(Access::Admin, &create.name.text)?;
                topic(&create.properties).map_or(Ok(()), |topic| self.may(Access::Admin, topic))
            }
            Statement::InsertQuery(insert) => {
                self.reads(&insert.query)?;
                self.may(Access::Admin, &insert.into.text)
            }
            Statement::InsertValues(insert) => self.may(Access::Write, &insert.into.text),
            Statement::Delete(delete) => self.may(Access::Write, &delete.from.text),
            Statement::AlterSource(alter) => self.may(Access::Admin, &alter.name.text),
            Statement::DropSource(drop) => {
                self.may(Access::Admin, &drop.name.text)?;
                let source = state.catalog().source(&drop.name.text).filter(|_| drop.delete_topic);
                let topic = source.and_then(|source| source.properties.topic.as_deref());
                topic.map_or(Ok(()), |topic| self.may(Access::Admin, topic))
            }
            Statement::Terminate(QueryTarget::One(name))
            | Statement::Pause(QueryTarget::One(name))
            | Statement::Resume(QueryTarget::One(name)) => match state.query(&name.text) {
                Some(query) => {
                    let made = query.sink.iter().chain(&query.sources).next();
                    made.map_or_else(|| self.administers(), |made| self.may(Access::Admin, made))
                }
                // Who may end the query of a client is known where it runs: see [`Rights::ends`].
                None if is_of_client(&name.text) => Ok(()),
                None => self.administers(),
            },
            Statement::Terminate(_)
            | Statement::Pause(_)
            | Statement::Resume(_)
            | Statement::CreateType(_)
            | Statement::DropType(_)
            | Statement::AlterSystem(_) => self.administers(),
            // They change nothing, or their sessions alone.
            _ => Ok(()),
        }
    }

    /// Whether the query of a client may be ended, by its text: by who may read what it reads.
    pub(crate) fn ends(&self, text: &str) -> Result<(), ErrorBody> {
        match prepare(text, true).ok().as_deref() {
            Some([one]) => match &one.statement {
                Statement::Query(query) => self.reads(query),
                _ => self.administers(),
            },
            _ => self.administers(),
        }
    }

    /// Whether a stream, table or topic may be read, or written.
    pub(crate) fn may(&self, access: Access, name: &str) -> Result<(), ErrorBody> {
        if self.0.allows(access, name) {
            return Ok(());
        }
        let what = match access {
            Access::Open | Access::Read => "read",
            Access::Write => "write",
            Access::Admin => "declare, change or drop",
        };
        Err(refused(format!("You may not {what} {name}. Ask whoever keeps the node's token_file for it.")))
    }

    /// Whether what concerns all may be changed.
    pub(crate) fn administers(&self) -> Result<(), ErrorBody> {
        if self.0.administers() {
            return Ok(());
        }
        Err(refused(
            "You may not change what concerns the whole service. Use a token without a list of names."
                .to_owned(),
        ))
    }

    fn reads(&self, query: &Query) -> Result<(), ErrorBody> {
        let joined = query.joins.iter().map(|join| &join.right);
        let mut relations = std::iter::once(&query.from).chain(joined);
        relations.try_for_each(|relation| self.may(Access::Read, &relation.name.text))
    }

    /// A topic under another name is read through a stream: who declares one has to have a right to the topic, too.
    fn declares(&self, create: &CreateSource) -> Result<(), ErrorBody> {
        self.may(Access::Admin, &create.name.text)?;
        topic(&create.properties).map_or(Ok(()), |topic| self.may(Access::Admin, topic))
    }
}

fn refused(message: String) -> ErrorBody {
    ErrorBody::new(ErrorCode::FORBIDDEN_KAFKA_ACCESS, message)
}

fn topic(properties: &[Property]) -> Option<&str> {
    let property =
        properties.iter().find(|property| property.name.text.eq_ignore_ascii_case("KAFKA_TOPIC"))?;
    match &property.value {
        Literal::String(topic) => Some(topic),
        _ => None,
    }
}
