//! `healthz`, `readyz`, `status`: how the node is doing.
use std::sync::Arc;

use axum::http::StatusCode;
use lentic::{Admission, Demand, Readiness, Scope};

use crate::api;
use crate::call::{Call, json};
use crate::error::{Code, Error, Result};
use crate::http::Response;
use crate::metrics::resident_bytes;
use crate::state::State;
use crate::tables::description;

pub(crate) mod paths {
    pub(crate) use super::{__path_healthz, __path_readyz, __path_status};
}

/// Whether the process is in order; no token is needed.
#[utoipa::path(get, path = "/healthz", tag = "Node",
    responses((status = 200, description = "In order", body = api::Health)))]
pub(crate) async fn healthz(call: Call) -> Result<Response> {
    call.query(&[])?;
    match call.state.node.failure() {
        Some(reason) => Err(Error::new(Code::NodeFailed, reason)),
        None => json(StatusCode::OK, &api::Health { status: "ok".to_owned() }),
    }
}

/// Whether the node takes traffic; no token is needed.
///
/// Ready once the tables known at the start have caught up, and then until a stop begins. `table` asks for one table.
#[utoipa::path(get, path = "/readyz", tag = "Node",
    params(("table" = Option<String>, Query, description = "Only this table")),
    responses((status = 200, description = "Ready", body = api::Health)))]
pub(crate) async fn readyz(call: Call) -> Result<Response> {
    let query = call.query(&["table"])?;
    let readiness = call.state.node.readiness();
    if readiness == Readiness::Stopping {
        return Err(Error::plain(Code::Stopping));
    }
    if let Some(name) = query.text("table")? {
        let no_table = || Error::new(Code::TableNotFound, format!("there is no table {name}"));
        let entry = call.state.catalog.get(name).ok_or_else(no_table)?;
        // Of what is here: other nodes tell of the rest.
        let here = Scope::Some(entry.table.kept_partitions().collect());
        if let Admission::Pending(pending) = entry.table.admit(&here, &Demand::default())? {
            return Err(Error::from(pending.error));
        }
    } else if let Readiness::CatchingUp(tables) = readiness {
        let names: Vec<_> = tables.iter().map(|table| table.to_string()).collect();
        let message = format!("these tables have not caught up: {}", names.join(", "));
        return Err(Error::new(Code::CatchingUp, message).field("tables", names));
    }
    json(StatusCode::OK, &api::Health { status: "ready".to_owned() })
}

/// The node and its tables at a glance.
#[utoipa::path(get, path = "/v1/status", tag = "Node",
    responses((status = 200, description = "The node", body = api::Status)))]
pub(crate) async fn status(call: Call) -> Result<Response> {
    call.query(&[])?;
    let state = Arc::clone(&call.state);
    json(StatusCode::OK, &call.state.block(call.deadline, move || summary(&state)).await?)
}

fn summary(state: &Arc<State>) -> api::Status {
    let config = state.config();
    let mode = match (state.node.failure(), state.node.readiness()) {
        (Some(_), _) => "failed",
        (None, Readiness::Ready) => "ready",
        (None, Readiness::CatchingUp(_)) => "catching up",
        (None, Readiness::Stopping) => "stopping",
    };
    api::Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        service_id: config.service_id.clone(),
        node_id: state.node.node_id().to_owned(),
        state: mode.to_owned(),
        uptime_ms: state.started.elapsed().as_millis() as u64,
        log: config.bootstrap_servers().unwrap_or_else(|| "embedded".to_owned()),
        log_problem: state.node.log_health().err(),
        resident_bytes: resident_bytes(),
        usage: state.node.usage().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect(),
        tables: state.catalog.all().iter().map(|entry| description(entry)).collect(),
    }
}
