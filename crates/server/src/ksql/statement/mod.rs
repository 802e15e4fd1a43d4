//! `POST /ksql`: a script of statements, tried as a whole first and then executed one by one.
mod assertion;
mod execute;
mod insert;
mod script;
mod session;
mod terminate;

use std::time::Duration;

use axum::http::StatusCode;
use lentic::types::Offset;
use lentic_ksql_api::{Entity, ErrorBody, ErrorCode, KsqlRequest, Request as _};

use super::Rights;
use super::answer::{failed, json};
use super::hosts::Hosts;
use super::property::EXTENSIONS;
use crate::call::Call;
use crate::error::Result;
use crate::http::{Deadline, Response};

pub(crate) use execute::Execution;
pub(crate) use script::{bad_statement, statements};
pub(crate) use session::session;
pub(crate) use terminate::is_of_client;

/// How long a script may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long the statement of a `commandSequenceNumber` is waited for (ksqlDB: `ksql.server.command.response.timeout.ms`).
pub(crate) const CATCH_UP: Duration = Duration::from_secs(5);

/// `POST /ksql`
pub(crate) async fn ksql(mut call: Call) -> Result<Response> {
    Ok(match answer(&mut call).await {
        Ok(entities) => json(StatusCode::OK, &entities),
        Err(error) => failed(&error),
    })
}

async fn answer(call: &mut Call) -> Result<Vec<Entity>, ErrorBody> {
    let ksql = super::of(call)?;
    let body = super::body(call).await?;
    let request = KsqlRequest::from_json(&body)?;
    let text = request.statements()?.to_owned();
    let session = session(&ksql, &request.streams_properties, &request.session_variables)?;
    let (node, rights, hosts) = (call.state.node.clone(), Rights::of(call), Hosts::new(&call.state));
    let deadline = Deadline::after(PATIENCE, true);
    let work = move || {
        catch_up(&node, request.command_sequence_number)?;
        let extensions = session.settings.is_on(EXTENSIONS, false);
        let hosts = Some(&hosts);
        Execution { ksql: &ksql, node: &node, rights: &rights, hosts, extensions }.run(&text, session)
    };
    let done = call.state.block_change(deadline, work).await;
    done.map_err(|error| super::error_body(&error))?
}

/// Waits until the statement is in force here that a client has seen somewhere. Blocks.
pub(crate) fn catch_up(node: &lentic::Node, number: Option<i64>) -> Result<(), ErrorBody> {
    let Some(number) = number.and_then(|number| u64::try_from(number).ok()) else { return Ok(()) };
    if node.wait_sql(Offset(number), CATCH_UP) {
        return Ok(());
    }
    let code = ErrorCode::COMMAND_QUEUE_CATCHUP_TIMEOUT;
    let message = format!(
        "Timed out while waiting for a previous command to execute. command sequence number: {number}"
    );
    Err(ErrorBody::new(code, message))
}
