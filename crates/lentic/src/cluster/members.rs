//! The cluster as a user looks at it.
use lentic_cluster::Role;
use lentic_types::ShardId;

use crate::Node;

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub node: String,
    /// Whether it is the one that answers.
    pub is_self: bool,
    /// Where clients reach it.
    pub endpoint: String,
    /// Its failure domain.
    pub rack: Option<String>,
    /// Of the assignment that its roles are by.
    pub generation: i64,
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

    /// A node could not be reached: until it tells something new nobody is sent to it.
    pub fn forget_node(&self, node: &str) {
        self.shared.cluster.lost(node);
    }

    /// Whether other nodes of the service are there.
    pub fn has_others(&self) -> bool {
        self.shared.cluster.has_others()
    }

    /// Whether this process is the whole service: on an embedded log.
    pub fn is_alone(&self) -> bool {
        self.shared.cluster.is_alone()
    }

    /// The nodes of the cluster as they tell; of a node that is alone only itself.
    pub fn members(&self) -> Vec<Member> {
        let cluster = &self.shared.cluster;
        if cluster.is_alone() {
            let own = self.shared.own_record();
            return vec![member(self.node_id(), &own, true)];
        }
        let map = cluster.map();
        map.nodes().map(|(node, record)| member(node, record, node == cluster.node())).collect()
    }
}

fn member(node: &str, record: &lentic_cluster::NodeRecord, is_self: bool) -> Member {
    let shard = |(shard, state): (&ShardId, &lentic_cluster::ShardState)| MemberShard {
        shard: *shard,
        role: state.role,
        ready: state.ready,
        lag: state.lag,
    };
    Member {
        node: node.to_owned(),
        is_self,
        endpoint: record.endpoint.clone(),
        rack: record.rack.clone(),
        generation: record.generation,
        shards: record.shards.iter().map(shard).collect(),
    }
}
