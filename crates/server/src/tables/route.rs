//! `route`: who serves a key.
use axum::http::StatusCode;
use lentic::Routing;

use crate::api;
use crate::call::{Call, json};
use crate::error::{Code, Error, Result};
use crate::http::Response;
use crate::rows::KeyEncoding;

/// The partition of a key and the nodes that serve it, the active first.
#[utoipa::path(get, path = "/v1/tables/{table}/route", tag = "Tables",
    params(
        ("table" = String, Path, description = "The table"),
        ("key" = String, Query, description = "The key"),
        ("key-encoding" = Option<String>, Query, description = "text (default) or base64url"),
    ),
    responses((status = 200, description = "Partition and nodes", body = api::Route)))]
pub(crate) async fn route(call: Call) -> Result<Response> {
    let query = call.query(&["key", KeyEncoding::PARAMETER])?;
    let entry = call.table()?;
    let key =
        query.bytes("key").ok_or_else(|| Error::new(Code::BadParameter, "the parameter key is missing"))?;
    let key = KeyEncoding::of(&query)?.key(entry.key, key)?;
    let partitioner = match entry.table.routing() {
        Routing::By { partitioner, .. } => Some(partitioner.as_str().to_owned()),
        Routing::Mixed | Routing::Detecting => None,
    };
    let host =
        call.headers.get(axum::http::header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    let host = host.unwrap_or_else(|| call.state.config().listen.to_string());
    let node = api::RouteNode {
        node: call.state.node.node_id().to_owned(),
        role: "active".to_owned(),
        url: format!("http://{host}"),
    };
    let partition = entry.table.partition_of_inner(&key);
    let is_kept =
        partition.is_none_or(|partition| entry.table.kept_partitions().any(|kept| kept == partition));
    let nodes = if is_kept { vec![node] } else { Vec::new() };
    let partition = partition.map(|partition| partition.0);
    json(StatusCode::OK, &api::Route { partition, partitioner, nodes })
}
