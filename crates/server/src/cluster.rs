//! `/v1/cluster`: the nodes of the service and where its shards are.
use axum::http::StatusCode;
use lentic::config::MOST_STANDBYS;
use lentic::types::ShardId;
use lentic::{Member, Role};

use crate::api;
use crate::call::{Call, json};
use crate::error::{Code, Error, Result};
use crate::http::Response;
use crate::rows::role_name;

pub(crate) mod paths {
    pub(crate) use super::{__path_alter, __path_cluster, __path_drain};
}

/// The nodes of the service, as they tell, and where its shards are.
///
/// `state` of a shard: `served` by its owner; `moving` while its owner still catches up (standbys answer meanwhile, and say
/// so); `unreachable` while this node can't reach its owner (the same); `unowned` while nobody has it.
#[utoipa::path(get, path = "/v1/cluster", tag = "Node",
    responses((status = 200, description = "Nodes and shards", body = api::Cluster)))]
pub(crate) async fn cluster(call: Call) -> Result<Response> {
    call.query(&[])?;
    let node = &call.state.node;
    let members = node.members();
    let nodes = members.iter().map(described).collect();
    let shards = (0..node.config().shards).map(|shard| placed(ShardId(shard), &members)).collect();
    let service_id = node.config().service_id.clone();
    let num_standby_replicas = node.num_standby_replicas();
    let node = node.node_id().to_owned();
    json(StatusCode::OK, &api::Cluster { service_id, node, num_standby_replicas, nodes, shards })
}

/// Changes what holds for all nodes.
///
/// It is recorded with the declarations: all nodes follow it, also after a restart, whatever their own configurations say.
/// Copies come and go by it within moments; no shard changes its owner.
#[utoipa::path(patch, path = "/v1/cluster", tag = "Node",
    request_body = api::AlterCluster,
    responses((status = 200, description = "Changed", body = api::Cluster)))]
pub(crate) async fn alter(mut call: Call) -> Result<Response> {
    call.query(&[])?;
    let change: api::AlterCluster = call.json().await?;
    let Some(num_standby_replicas) = change.num_standby_replicas else {
        let text = "the body names nothing to change: num_standby_replicas";
        return Err(Error::new(Code::BadRequest, text));
    };
    if num_standby_replicas > MOST_STANDBYS {
        let text = format!("num_standby_replicas is {num_standby_replicas}: use 0 to {MOST_STANDBYS}");
        return Err(Error::new(Code::BadRequest, text));
    }
    let node = call.state.node.clone();
    call.state.block_change(call.deadline, move || node.alter_cluster(num_standby_replicas)).await??;
    cluster(call).await
}

/// Hands this node's shards to the other nodes, before a stop.
///
/// It goes on answering, as any node does that has no shards; a restart brings it back. `handed_over` is false where other nodes
/// have not taken all of them in time, or there are none.
#[utoipa::path(post, path = "/v1/node:drain", tag = "Node",
    responses((status = 200, description = "Done", body = api::Drained)))]
pub(crate) async fn drain(call: Call) -> Result<Response> {
    call.query(&[])?;
    let node = call.state.node.clone();
    let left = call.deadline.left();
    let handed_over = call.state.block_change(call.deadline, move || node.drain(left)).await?;
    json(StatusCode::OK, &api::Drained { handed_over })
}

fn described(member: &Member) -> api::ClusterNode {
    let count = |role| member.shards.iter().filter(|shard| shard.role == role).count() as u32;
    api::ClusterNode {
        node: member.node.clone(),
        url: member.endpoint.clone(),
        peer: member.peer.clone(),
        rack: member.rack.clone(),
        generation: member.generation,
        active: count(Role::Active),
        standby: count(Role::Standby),
        lag: member.shards.iter().map(|shard| shard.lag).sum(),
        unreachable: member.unreachable.clone(),
    }
}

fn placed(shard: ShardId, members: &[Member]) -> api::ClusterShard {
    let holds = |member: &Member| {
        let held = member.shards.iter().find(|held| held.shard == shard)?;
        let role = role_name(held.role).to_owned();
        Some(api::ClusterHolder { node: member.node.clone(), role, ready: held.ready, lag: held.lag })
    };
    let nodes: Vec<_> = members.iter().filter_map(holds).collect();
    let owner = nodes.iter().find(|holder| holder.role == role_name(Role::Active));
    let is_out_of_reach =
        |node: &str| members.iter().any(|member| member.node == node && member.unreachable.is_some());
    let state = match owner {
        Some(owner) if is_out_of_reach(&owner.node) => "unreachable",
        Some(owner) if owner.ready => "served",
        Some(_) => "moving",
        None => "unowned",
    };
    api::ClusterShard { shard: shard.0, state: state.to_owned(), nodes }
}
