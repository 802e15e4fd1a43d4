//! What a table is and how it is doing.
use std::sync::Arc;

use axum::http::StatusCode;
use lentic::Routing;

use crate::api;
use crate::call::{Call, json};
use crate::catalog::Entry;
use crate::error::Result;
use crate::http::Response;

/// All tables, by name.
#[utoipa::path(get, path = "/v1/tables", tag = "Tables",
    responses((status = 200, description = "The tables", body = api::Tables)))]
pub(crate) async fn list(call: Call) -> Result<Response> {
    call.query(&[])?;
    let state = Arc::clone(&call.state);
    let describe = move || state.catalog.all().iter().map(|entry| description(entry)).collect();
    json(StatusCode::OK, &api::Tables { tables: call.state.block(call.deadline, describe).await? })
}

/// A table: its declaration, and per partition offsets, lag, restoring progress and size.
#[utoipa::path(get, path = "/v1/tables/{table}", tag = "Tables",
    params(("table" = String, Path, description = "The table")),
    responses((status = 200, description = "The table", body = api::Table)))]
pub(crate) async fn get(call: Call) -> Result<Response> {
    call.query(&[])?;
    let entry = call.table()?;
    json(StatusCode::OK, &call.state.block(call.deadline, move || description(&entry)).await?)
}

/// Reads estimates of the store: may block.
pub(crate) fn description(entry: &Entry) -> api::Table {
    let spec = entry.table.spec();
    let (partitioner, is) = match entry.table.routing() {
        Routing::By { partitioner, named, .. } => {
            (Some(partitioner.as_str().to_owned()), if named { "named" } else { "detected" })
        }
        Routing::Mixed => (None, "mixed"),
        Routing::Detecting => (None, "detecting"),
    };
    let status = entry.table.status();
    let partition = |status: &lentic::PartitionStatus| api::Partition {
        partition: status.partition.0,
        state: status.state.to_owned(),
        reason: status.reason.clone(),
        done: status.done,
        blocked: status.blocked,
        log_start: status.log_start.0,
        position: status.progress.position.0,
        end: status.progress.end.0,
        lag: status.progress.lag(),
        staleness_ms: status.staleness_ms,
        rows_estimate: status.rows_estimate,
        bytes: status.bytes,
        null_keys: status.null_keys,
    };
    api::Table {
        name: spec.name.to_string(),
        topic: spec.topic.to_string(),
        topic_id: entry.table.topic_id().to_string(),
        key: spec.key.to_string(),
        value: spec.value.to_string(),
        read_only: spec.read_only,
        window: spec.window.map(Into::into),
        history_ms: spec.history_ms,
        partitioner,
        partitioner_is: is.to_owned(),
        ready: status.iter().all(|partition| partition.state == "ready"),
        rows_estimate: status.iter().map(|partition| partition.rows_estimate).sum(),
        warnings: entry
            .table
            .warnings()
            .into_iter()
            .map(|(code, message)| api::Warning { code: code.to_owned(), message })
            .collect(),
        partitions: status.iter().map(partition).collect(),
    }
}
