//! `TERMINATE` of a query whose rows go to a client: no other node knows of it.
use lentic_ksql_api::Entity;
use lentic_ksql_api::entity::QueryTerminated;
use lentic_sql_syntax::ast::{QueryTarget, Statement};

use super::execute::Given;
use crate::ksql::Ksql;

/// Whether a statement ends such a query.
pub(super) fn is_transient(ksql: &Ksql, statement: &Statement) -> bool {
    target(statement).is_some_and(|name| ksql.running.has(name))
}

/// Ends it.
pub(super) fn transient(ksql: &Ksql, given: &Given<'_>) -> Option<Entity> {
    let name = target(given.statement)?;
    let was_terminated = ksql.running.close(name);
    was_terminated
        .then(|| Entity::new(given.shown, QueryTerminated { query_id: name.to_owned(), was_terminated }))
}

fn target(statement: &Statement) -> Option<&str> {
    match statement {
        Statement::Terminate(QueryTarget::One(name)) => Some(&name.text),
        _ => None,
    }
}
