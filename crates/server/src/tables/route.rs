//! `route`: who serves a key.
use axum::http::StatusCode;
use lentic::{Routing, Scope};

use crate::api;
use crate::call::{Call, json};
use crate::error::{Code, Error, Result};
use crate::http::Response;
use crate::rows::{KeyEncoding, role_name};

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
    let partition = entry.table.partition_of_inner(&key);
    let mut nodes = Vec::new();
    if partition.is_none_or(|partition| entry.table.is_here(partition)) {
        let role = partition.map_or_else(
            || entry.table.role_since(&entry.table.begin(&Scope::All)),
            |partition| entry.table.role(partition),
        );
        nodes.push(api::RouteNode {
            node: call.state.node.node_id().to_owned(),
            role: role_name(role).to_owned(),
            url: format!("http://{host}"),
        });
    }
    for holder in partition.map(|partition| entry.table.holders(partition)).unwrap_or_default() {
        let role = role_name(holder.role).to_owned();
        nodes.push(api::RouteNode { node: holder.node, role, url: holder.endpoint });
    }
    nodes.sort_by_key(|node| node.role != "active");
    let partition = partition.map(|partition| partition.0);
    json(StatusCode::OK, &api::Route { partition, partitioner, nodes })
}
