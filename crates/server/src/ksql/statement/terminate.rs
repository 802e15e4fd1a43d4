//! `TERMINATE` of a query whose rows go to a client: one node alone has it, which need not be this one.
use lentic_ksql_api::entity::QueryTerminated;
use lentic_ksql_api::{Entity, ErrorBody};
use lentic_sql_syntax::ast::{QueryTarget, Statement};

use super::execute::{Execution, Given};

/// What ids of such queries begin with.
const BEGINS: [&str; 2] = ["TRANSIENT_", "SCALABLE_PUSH_QUERY_"];

/// Whether a statement ends such a query. An error: who asks may not.
pub(super) fn is_transient(execution: &Execution<'_>, statement: &Statement) -> Result<bool, ErrorBody> {
    let Some(name) = target(statement) else { return Ok(false) };
    let of = |all: &[(String, String)]| {
        all.iter().find(|(id, _)| id.eq_ignore_ascii_case(name)).map(|(_, text)| text.clone())
    };
    let others = || {
        let reports = elsewhere(execution, name)?.reports(execution.ksql);
        reports.iter().filter_map(|host| host.told.as_ref()).find_map(|report| of(&report.push))
    };
    let Some(text) = of(&execution.ksql.running.list()).or_else(others) else { return Ok(false) };
    execution.rights.ends(&text).map(|()| true)
}

/// Ends it.
pub(super) fn transient(execution: &Execution<'_>, given: &Given<'_>) -> Option<Entity> {
    let name = target(given.statement)?;
    let was_terminated = execution.ksql.running.close(name)
        || elsewhere(execution, name).is_some_and(|hosts| hosts.close_now(name));
    was_terminated
        .then(|| Entity::new(given.shown, QueryTerminated { query_id: name.to_owned(), was_terminated }))
}

/// Who is to be asked for it, if it can be such a query.
fn elsewhere<'a>(execution: &Execution<'a>, name: &str) -> Option<&'a crate::ksql::hosts::Hosts> {
    execution.hosts.filter(|_| is_of_client(name))
}

/// Whether an id can be that of a query whose rows go to a client.
pub(crate) fn is_of_client(id: &str) -> bool {
    let id = id.to_ascii_uppercase();
    BEGINS.iter().any(|begin| id.starts_with(begin))
}

fn target(statement: &Statement) -> Option<&str> {
    match statement {
        Statement::Terminate(QueryTarget::One(name)) => Some(&name.text),
        _ => None,
    }
}
