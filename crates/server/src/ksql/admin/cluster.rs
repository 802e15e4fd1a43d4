//! `GET /clusterStatus`: the nodes of the service, and what each has of the queries' state.
use std::collections::BTreeMap;

use axum::http::StatusCode;
use lentic::TaskStatus;
use lentic_ksql_api::{
    ActiveAndStandby, ClusterStatus, ErrorBody, ErrorCode, HostStatus, HostStoreLags, Partition,
    PartitionLag, StoreLags,
};

use crate::call::Call;
use crate::error::Result;
use crate::http::Response;
use crate::ksql::Ksql;
use crate::ksql::answer::{failed, json};

/// `GET /clusterStatus`
pub(crate) async fn cluster_status(call: Call) -> Result<Response> {
    Ok(match is_enabled(&call, "ksql.heartbeat.enable").and_then(|()| crate::ksql::of(&call)) {
        Ok(ksql) => json(StatusCode::OK, &status(&call, &ksql)),
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

/// What this node has; of others it knows whether they live.
fn status(call: &Call, ksql: &Ksql) -> ClusterStatus {
    let node = &call.state.node;
    let now = node.now_ms();
    let alive =
        |is_alive| HostStatus { host_alive: is_alive, last_status_update_ms: now, ..HostStatus::default() };
    let host = |endpoint: &str| endpoint.split_once("://").map_or(endpoint, |(_, host)| host).to_owned();
    let mut hosts: BTreeMap<String, HostStatus> = BTreeMap::new();
    for member in node.members() {
        if member.node != node.node_id() {
            hosts.insert(host(&member.endpoint), alive(member.unreachable.is_none()));
        }
    }
    let here = node
        .members()
        .iter()
        .find(|member| member.node == node.node_id())
        .map(|member| host(&member.endpoint));
    let here = here.filter(|host| !host.is_empty()).unwrap_or_else(|| node.config().listen.to_string());
    let (mut queries, mut lags) = (BTreeMap::new(), BTreeMap::new());
    for status in node.query_statuses() {
        let stores: Vec<String> = status.plan.stores().iter().map(|store| store.name.to_string()).collect();
        let active: Vec<_> = status.tasks.iter().filter(|(_, task)| **task == TaskStatus::Running).collect();
        let has_any = !active.is_empty();
        let topics = query_topics(ksql, &status.id);
        let partitions = active.iter().flat_map(|(id, _)| {
            let partition = i32::try_from(id.partition.0).unwrap_or(i32::MAX);
            topics.iter().map(move |topic| Partition { topic: topic.clone(), partition })
        });
        let active_partitions = partitions.collect();
        for store in &stores {
            if let Some(table) = node.store(&status.id, store) {
                lags.insert(format!("{}#{store}", ksql.prefix(&status.id)), store_lags(&table));
            }
        }
        let active_stores = if has_any { stores } else { Vec::new() };
        queries.insert(
            status.id,
            ActiveAndStandby { active_stores, active_partitions, ..ActiveAndStandby::default() },
        );
    }
    let own = HostStatus {
        active_standby_per_query: queries,
        host_store_lags: HostStoreLags { state_store_lags: lags, update_time_ms: now },
        ..alive(true)
    };
    hosts.insert(here, own);
    ClusterStatus { cluster_status: hosts }
}

/// The topics that a query reads.
fn query_topics(ksql: &Ksql, id: &str) -> Vec<String> {
    let state = ksql.state();
    let Some(query) = state.query(id) else { return Vec::new() };
    let topic = |name: &std::sync::Arc<str>| state.catalog().source(name)?.properties.topic.clone();
    query.sources.iter().filter_map(topic).collect()
}

fn store_lags(table: &lentic::RawTable) -> StoreLags {
    let lag = |status: lentic::PartitionStatus| {
        let (position, end) = (status.progress.position.0 as i64, status.progress.end.0 as i64);
        let lag = PartitionLag {
            current_offset_position: position,
            end_offset_position: end,
            offset_lag: (end - position).max(0),
        };
        (status.partition.to_string(), lag)
    };
    let lag_by_partition: BTreeMap<_, _> = table.status().into_iter().map(lag).collect();
    StoreLags { size: lag_by_partition.len(), lag_by_partition }
}
