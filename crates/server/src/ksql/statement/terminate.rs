//! `TERMINATE` of a query whose rows go to a client: one node alone has it, which need not be this one.
use lentic_ksql_api::Entity;
use lentic_ksql_api::entity::QueryTerminated;
use lentic_sql_syntax::ast::{QueryTarget, Statement};

use super::execute::{Execution, Given};

/// What ids of such queries begin with.
const BEGINS: [&str; 2] = ["TRANSIENT_", "SCALABLE_PUSH_QUERY_"];

/// Whether a statement ends such a query.
pub(super) fn is_transient(execution: &Execution<'_>, statement: &Statement) -> bool {
    let Some(name) = target(statement) else { return false };
    let has = |all: &[(String, String)]| all.iter().any(|(id, _)| id.eq_ignore_ascii_case(name));
    let others = || {
        let reports = elsewhere(execution, name)?.reports(execution.ksql);
        Some(reports.iter().filter_map(|host| host.told.as_ref()).any(|report| has(&report.push)))
    };
    execution.ksql.running.has(name) || others().unwrap_or(false)
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
    let name = name.to_ascii_uppercase();
    execution.hosts.filter(|_| BEGINS.iter().any(|begin| name.starts_with(begin)))
}

fn target(statement: &Statement) -> Option<&str> {
    match statement {
        Statement::Terminate(QueryTarget::One(name)) => Some(&name.text),
        _ => None,
    }
}
