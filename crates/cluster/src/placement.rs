//! Which shards a node keeps: its own, the copies that are its to keep, and those that it has given up until their new owner answers.
use std::collections::BTreeSet;

use lentic_types::ShardId;

use crate::{Candidate, NodeId, ShardMap, standbys};

/// What a node knows about itself.
#[derive(Clone, Debug)]
pub struct Placement<'a> {
    /// Its id.
    pub node: &'a NodeId,
    /// Its failure domain.
    pub rack: Option<&'a str>,
    /// What the group gave it.
    pub owned: BTreeSet<ShardId>,
    /// What it had until the group took it.
    pub given_up: &'a BTreeSet<ShardId>,
    /// What it keeps now.
    pub kept: &'a BTreeSet<ShardId>,
}

impl Placement<'_> {
    /// What it is to keep, of so many shards with so many copies each beside the owner's.
    pub fn to_keep(&self, map: &ShardMap, shards: u32, replicas: usize) -> BTreeSet<ShardId> {
        let mut keep = self.owned.clone();
        let candidates = self.candidates(map);
        for shard in (0..shards).map(ShardId) {
            if keep.contains(&shard) {
                continue;
            }
            let owner = map.owner(shard).filter(|owner| owner.node != self.node);
            // Nobody else may have it: what is here stays until somebody says that it is his.
            if owner.is_none() && self.kept.contains(&shard) {
                keep.insert(shard);
                continue;
            }
            let is_waited_for = self.given_up.contains(&shard) && !owner.is_some_and(|owner| owner.ready);
            let owner = owner.map(|owner| &**owner.node);
            let chosen = standbys(shard, owner, &candidates, replicas);
            let is_standby = owner.is_some() && chosen.iter().any(|one| one.node == *self.node);
            if is_waited_for || is_standby {
                keep.insert(shard);
            }
        }
        keep
    }

    fn candidates(&self, map: &ShardMap) -> Vec<Candidate> {
        let others = map.nodes().filter(|(node, _)| *node != self.node);
        let mut candidates: Vec<_> = others
            .map(|(node, record)| Candidate { node: node.clone(), rack: record.rack.clone() })
            .collect();
        candidates.push(Candidate { node: self.node.clone(), rack: self.rack.map(str::to_owned) });
        candidates.sort_by(|a, b| a.node.cmp(&b.node));
        candidates
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use lentic_types::Timestamp;

    use super::*;
    use crate::{NodeRecord, Role, ShardState};

    const SHARD: ShardId = ShardId(0);

    fn map(nodes: &[(&str, Option<(Role, bool)>)]) -> ShardMap {
        let mut map = ShardMap::default();
        for (node, role) in nodes {
            let state = |(role, ready)| (SHARD, ShardState { role, ready, lag: 0 });
            let record = NodeRecord {
                start: String::new(),
                started_at: 1,
                endpoint: String::new(),
                peer: String::new(),
                rack: None,
                generation: 1,
                statements: 1,
                shards: role.map(state).into_iter().collect(),
                tables: BTreeMap::new(),
            };
            map.told((*node).into(), Some(record), Timestamp(0));
        }
        map
    }

    #[test]
    fn what_is_kept() {
        let (owner, late) = (Some((Role::Active, true)), Some((Role::Active, false)));
        let set = |is_in: bool| is_in.then_some(SHARD).into_iter().collect::<BTreeSet<_>>();
        let nodes = |role| vec![("a", role), ("b", None), ("me", None)];
        for (name, nodes, owned, given_up, kept, replicas, expected) in [
            ("its own", nodes(None), true, false, false, 0, true),
            ("another's", nodes(owner), false, false, true, 0, false),
            ("a copy", nodes(owner), false, false, false, 2, true),
            ("a copy too many", nodes(owner), false, false, true, 0, false),
            ("given up, and answered", nodes(owner), false, true, true, 0, false),
            ("given up, and not answered yet", nodes(late), false, true, true, 0, true),
            ("nobody's that is here", nodes(None), false, false, true, 0, true),
            ("nobody's that is not here", nodes(None), false, false, false, 2, false),
        ] {
            let me: NodeId = "me".into();
            let (given_up, kept) = (set(given_up), set(kept));
            let place =
                Placement { node: &me, rack: None, owned: set(owned), given_up: &given_up, kept: &kept };
            assert_eq!(place.to_keep(&map(&nodes), 1, replicas), set(expected), "{name}");
        }
    }
}
