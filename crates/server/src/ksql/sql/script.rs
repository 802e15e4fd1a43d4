//! Statements that are not answered with rows.
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::HeaderValue;
use lentic_ksql_api::{Body, Entity};
use lentic_sql::statement::Session;

use super::error::told;
use super::format::Format;
use crate::call::{Call, bytes, json};
use crate::error::Result;
use crate::http::{Deadline, Response};
use crate::ksql::hosts::Hosts;
use crate::ksql::statement::Execution;
use crate::ksql::{Ksql, Rights};

/// How long a script may take.
const PATIENCE: Duration = Duration::from_mins(2);

pub(super) async fn answer(
    call: Call,
    ksql: Arc<Ksql>,
    text: String,
    session: Session,
    format: Option<Format>,
) -> Result<Response> {
    let (node, rights, hosts) = (call.state.node.clone(), Rights::of(&call), Hosts::new(&call.state));
    let work = move || {
        let hosts = Some(&hosts);
        Execution { ksql: &ksql, node: &node, rights: &rights, hosts, extensions: true }.run(&text, session)
    };
    let done = call.state.block_change(Deadline::after(PATIENCE, true), work).await?;
    let entities = done.map_err(told)?;
    let format = format.unwrap_or(Format::Document);
    let lines = match format {
        Format::Document => return json(StatusCode::OK, &entities),
        Format::Lines => entities.iter().map(line).collect::<String>(),
        Format::Csv | Format::Text => entities.iter().map(text_of).collect(),
    };
    Ok(bytes(lines, HeaderValue::from_static(format.media_type())))
}

fn line(entity: &Entity) -> String {
    format!("{}\n", serde_json::to_string(entity).unwrap_or_default())
}

/// What it says, in short where it is short.
fn text_of(entity: &Entity) -> String {
    match &entity.body {
        Body::CurrentStatus(status) => format!("{}\n", status.command_status.message),
        Body::Warning(warning) => format!("{}\n", warning.message),
        _ => format!("{}\n", serde_json::to_string_pretty(entity).unwrap_or_default()),
    }
}
