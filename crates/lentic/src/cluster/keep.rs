//! Which shards are on this node.
use std::collections::BTreeSet;

use lentic_cluster::Placement;
use lentic_types::ShardId;

use super::Cluster;

/// The shards whose partitions are here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Nobody else is there, as far as is known.
    All,
    /// These.
    Some(BTreeSet<ShardId>),
}

impl Kept {
    pub(super) fn contains(&self, shard: ShardId) -> bool {
        match self {
            Self::All => true,
            Self::Some(shards) => shards.contains(&shard),
        }
    }
}

impl Cluster {
    /// What is to be here.
    pub(super) fn to_keep(&self, replicas: usize, given_up: &BTreeSet<ShardId>) -> BTreeSet<ShardId> {
        let nothing = BTreeSet::new();
        let kept = self.kept.load();
        let kept = match &**kept {
            Kept::All => &nothing,
            Kept::Some(shards) => shards,
        };
        let (node, rack) = (&self.node, self.rack.as_deref());
        let placement = Placement { node, rack, owned: self.owned(), given_up, kept };
        placement.to_keep(&self.map.load(), self.shards, replicas)
    }
}
