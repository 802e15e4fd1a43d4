//! `GET /clusterStatus`: the nodes of the service, and what each has of the queries' state.
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::StatusCode;
use lentic_ksql_api::{ClusterStatus, ErrorBody, ErrorCode, HostStatus};

use crate::call::Call;
use crate::error::Result;
use crate::http::Response;
use crate::ksql::Ksql;
use crate::ksql::answer::{failed, json};
use crate::ksql::hosts::{self, Hosts};

/// `GET /clusterStatus`
pub(crate) async fn cluster_status(call: Call) -> Result<Response> {
    Ok(match is_enabled(&call, "ksql.heartbeat.enable").and_then(|()| crate::ksql::of(&call)) {
        Ok(ksql) => json(StatusCode::OK, &status(&call, &ksql).await),
        Err(error) => failed(&error),
    })
}

/// Endpoints that are there only if a property of the service says so.
pub(super) fn is_enabled(call: &Call, switch: &str) -> Result<(), ErrorBody> {
    if crate::ksql::of(call)?.settings().is_on(switch, false) {
        return Ok(());
    }
    let message = format!("Not found: the property {switch} of the service is not true");
    Err(ErrorBody::new(ErrorCode::NOT_FOUND, message))
}

/// What this node has, and what the others say that they have.
async fn status(call: &Call, ksql: &Arc<Ksql>) -> ClusterStatus {
    let node = &call.state.node;
    let now = node.now_ms();
    let dead = HostStatus { host_alive: false, last_status_update_ms: now, ..HostStatus::default() };
    let others = Hosts::new(&call.state).states().await.into_iter();
    let mut all: BTreeMap<_, _> =
        others.map(|host| (host.name, host.told.unwrap_or_else(|| dead.clone()))).collect();
    all.insert(hosts::own_name(node), hosts::held_here(ksql, node));
    ClusterStatus { cluster_status: all }
}
