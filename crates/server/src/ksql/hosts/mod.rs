//! The hosts of the service, in ksqlDB's sense: what all nodes say of queries that each of them knows a part of.
mod answer;
mod ask;
mod lag;
mod report;

use lentic::Node;
use lentic::types::Offset;
use serde::{Deserialize, Serialize};

pub(crate) use answer::answer;
pub(crate) use ask::{Host, Hosts};
pub(crate) use lag::here as held_here;
pub(crate) use report::{Report, UNRESPONSIVE, aggregate};

/// Path of what nodes alone ask each other: a [`Question`] in the body, JSON in the answer.
pub(crate) const HOST_PATH: &str = "/peer/ksql";

/// What one node asks another about queries.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    /// How they are doing: a [`Report`].
    Queries,
    /// What it has of their state: a [`lentic_ksql_api::HostStatus`].
    State,
    /// To end the query of this id, whose rows go to a client of it: whether there was one.
    Close(String),
    /// To wait until the statement of this offset is in force, and its query runs: whether that is so.
    InForce {
        /// The statement's.
        offset: u64,
        /// The query that it starts.
        query: Option<String>,
    },
}

impl Question {
    pub(crate) fn in_force(offset: Offset, query: Option<&str>) -> Self {
        Self::InForce { offset: offset.0, query: query.map(str::to_owned) }
    }
}

/// This node's name among the hosts, `host:port`.
pub(crate) fn own_name(node: &Node) -> String {
    let here = node.members().into_iter().find(|member| member.node == node.node_id());
    let name = here.map(|member| name_of(&member.endpoint)).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| node.config().listen.to_string())
}

/// The name of the host that clients reach there.
fn name_of(endpoint: &str) -> String {
    endpoint.split_once("://").map_or(endpoint, |(_, host)| host).to_owned()
}
