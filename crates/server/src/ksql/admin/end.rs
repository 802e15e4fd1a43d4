//! `POST /ksql/terminate`: all queries end, all streams and tables are dropped.
use axum::http::StatusCode;
use lentic_ksql_api::entity::{CommandState, CommandStatus, CurrentStatus};
use lentic_ksql_api::{Entity, ErrorBody, ErrorCode, Request as _, TerminateCluster};
use lentic_sql::catalog::{Source, SourceKind};
use lentic_sql::statement::{Session, State};
use lentic_sql_syntax::ast::Name;

use crate::call::Call;
use crate::error::Result;
use crate::http::{Deadline, Response};
use crate::ksql::answer::{failed, json};
use crate::ksql::hosts::Hosts;
use crate::ksql::statement::Execution;
use crate::ksql::{Rights, error_body};

/// How long it may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(5);

/// `POST /ksql/terminate`
pub(crate) async fn terminate(mut call: Call) -> Result<Response> {
    Ok(match ended(&mut call).await {
        Ok(entity) => json(StatusCode::OK, &[entity]),
        Err(error) => failed(&error),
    })
}

async fn ended(call: &mut Call) -> Result<Entity, ErrorBody> {
    let ksql = crate::ksql::of(call)?;
    let rights = Rights::of(call);
    rights.administers()?;
    let request = TerminateCluster::from_json(&crate::ksql::body(call).await?)?;
    let bad = |error: fancy_regex::Error| {
        ErrorBody::new(ErrorCode::BAD_REQUEST, format!("Invalid pattern: {error}"))
    };
    let patterns: Vec<_> = request
        .delete_topic_list
        .iter()
        .map(|pattern| fancy_regex::Regex::new(&format!("^(?:{pattern})$")).map_err(bad))
        .collect::<Result<_, _>>()?;
    let (node, hosts) = (call.state.node.clone(), Hosts::new(&call.state));
    let work = move || {
        let hosts = Some(&hosts);
        let execution = Execution { ksql: &ksql, node: &node, rights: &rights, hosts, extensions: false };
        let state = ksql.state();
        let session = || Session::new(ksql.settings());
        if state.queries().next().is_some() {
            execution.run("TERMINATE ALL;", session())?;
        }
        for source in last_first(&state) {
            let topic = source.properties.topic.as_deref().unwrap_or_default();
            let goes = !source.is_read_only()
                && patterns.iter().any(|pattern| pattern.is_match(topic).unwrap_or(false));
            execution.run(&drop(source, goes), session())?;
        }
        Ok(())
    };
    let done = call.state.block_change(Deadline::after(PATIENCE, true), work).await;
    done.map_err(|error| error_body(&error))??;
    let status = CommandStatus {
        status: CommandState::Success,
        message: "Cluster terminated.".to_owned(),
        query_id: None,
    };
    let status = CurrentStatus {
        command_id: "cluster/TerminateCluster/terminate".to_owned(),
        command_status: status,
        command_sequence_number: -1,
    };
    Ok(Entity::new("TERMINATE CLUSTER;", status))
}

/// Once no query runs, none depends on another.
fn last_first(state: &State) -> impl Iterator<Item = &std::sync::Arc<Source>> {
    state.catalog().sources()
}

fn drop(source: &Source, with_topic: bool) -> String {
    let kind = match source.kind {
        SourceKind::Stream => "STREAM",
        SourceKind::Table => "TABLE",
    };
    let topic = if with_topic { " DELETE TOPIC" } else { "" };
    format!("DROP {kind} {}{topic};", Name::new(&*source.name))
}
