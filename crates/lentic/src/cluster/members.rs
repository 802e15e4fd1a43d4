//! The cluster as a user looks at it.
use std::sync::Arc;

use lentic_cluster::{NodeId, NodeRecord, Role, ShardMap, ShardState};
use lentic_types::ShardId;

use crate::Node;
use crate::node::now;

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub node: String,
    /// Where clients reach it.
    pub endpoint: String,
    /// Where nodes reach it: `host:port`, or `https://host:port`.
    pub peer: String,
    /// Its failure domain.
    pub rack: Option<String>,
    /// Of the assignment that its roles are by.
    pub generation: i64,
    /// Why this node can't reach it now; `None`: it can, or has not tried.
    pub unreachable: Option<String>,
    /// What is on it.
    pub shards: Vec<MemberShard>,
}

/// A shard on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberShard {
    /// Which.
    pub shard: ShardId,
    /// What the node is to it.
    pub role: Role,
    /// Whether it answers plain reads.
    pub ready: bool,
    /// Records behind.
    pub lag: u64,
}

impl Node {
    /// Other nodes don't reach this one before it has said where it is reached.
    pub fn set_addresses(&self, addresses: super::Addresses) {
        self.shared.cluster.set_addresses(addresses);
    }

    /// A node could not be reached, and why: until it tells something new nobody is sent to it.
    pub fn mark_unreachable(&self, node: &str, why: &str) {
        self.shared.cluster.mark_unreachable(node, why);
    }

    /// Whether other nodes of the service are there.
    pub fn has_others(&self) -> bool {
        self.shared.cluster.has_others()
    }

    /// Whether this process is the whole service: on an embedded log.
    pub fn is_alone(&self) -> bool {
        self.shared.cluster.is_alone()
    }

    /// Copies of each shard that other nodes keep beside its owner: as configured, until [`Node::alter_cluster`] says otherwise.
    pub fn num_standby_replicas(&self) -> usize {
        self.shared.cluster.replicas()
    }

    /// The nodes of the cluster as they tell; of a node that is alone only itself.
    pub fn members(&self) -> Vec<Member> {
        let cluster = &self.shared.cluster;
        let map = if cluster.is_alone() {
            let mut map = ShardMap::default();
            map.told(cluster.node().clone(), Some(self.shared.own_record()), now());
            Arc::new(map)
        } else {
            cluster.map()
        };
        let members = map.nodes().map(|(node, record)| Member {
            unreachable: map.why_not_reached(node).map(ToString::to_string),
            ..member(&map, node, record)
        });
        members.collect()
    }
}

/// Of several that claim a shard the one by the latest assignment has it.
fn member(map: &ShardMap, node: &NodeId, record: &NodeRecord) -> Member {
    let role = |shard| {
        let is_owner = map.owner(shard).is_some_and(|owner| owner.node == node);
        if is_owner { Role::Active } else { Role::Standby }
    };
    let shard = |(shard, state): (&ShardId, &ShardState)| MemberShard {
        shard: *shard,
        role: role(*shard),
        ready: state.ready,
        lag: state.lag,
    };
    Member {
        node: node.to_string(),
        endpoint: record.endpoint.clone(),
        peer: record.peer.clone(),
        rack: record.rack.clone(),
        generation: record.generation,
        unreachable: None,
        shards: record.shards.iter().map(shard).collect(),
    }
}
