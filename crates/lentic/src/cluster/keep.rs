//! Which shards are on this node.
use std::collections::BTreeSet;

use lentic_cluster::{Candidate, ShardMap, standbys};
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
    /// What is to be here: this node's own shards, those of others that it keeps copies of, and those that it gave up until
    /// their new owner answers.
    pub(super) fn to_keep(&self, replicas: usize, given_up: &BTreeSet<ShardId>) -> BTreeSet<ShardId> {
        let map = self.map.load();
        let mut kept = self.owned();
        let candidates = self.candidates(&map);
        for shard in (0..self.shards).map(ShardId) {
            if kept.contains(&shard) {
                continue;
            }
            let owner = map.owner(shard).filter(|owner| *owner.node != self.node);
            // Nobody else may have it: what is here stays until somebody says that it is his.
            if owner.is_none() && self.has_copy(shard) {
                kept.insert(shard);
                continue;
            }
            let is_waited_for = given_up.contains(&shard) && !owner.is_some_and(|owner| owner.ready);
            let owner = owner.map(|owner| &**owner.node);
            let chosen = standbys(shard, owner, &candidates, replicas);
            let is_standby = owner.is_some() && chosen.iter().any(|one| one.node == self.node);
            if is_waited_for || is_standby {
                kept.insert(shard);
            }
        }
        kept
    }

    fn has_copy(&self, shard: ShardId) -> bool {
        matches!(&**self.kept.load(), Kept::Some(shards) if shards.contains(&shard))
    }

    fn candidates(&self, map: &ShardMap) -> Vec<Candidate> {
        let others = map.nodes().filter(|(node, _)| **node != self.node);
        let mut candidates: Vec<_> = others
            .map(|(node, record)| Candidate { node: node.clone(), rack: record.rack.clone() })
            .collect();
        candidates.push(Candidate { node: self.node.clone(), rack: self.rack.clone() });
        candidates.sort_by(|a, b| a.node.cmp(&b.node));
        candidates
    }
}
