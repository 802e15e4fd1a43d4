//! The routing table: what all nodes tell, folded.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_types::{ShardId, Timestamp};

use crate::{NodeId, NodeRecord, Role};

/// How long a node counts that tells nothing, in milliseconds: as long as its session in the group.
const EXPIRY_MS: u64 = 10_000;

/// A node, and when it told so.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    record: NodeRecord,
    at: Timestamp,
}

/// Who is where. The highest generation wins: a zombie's late claim loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardMap {
    nodes: BTreeMap<NodeId, Told>,
    /// Could not be reached, and why, and have told nothing since: nobody is sent to them.
    unreachable: BTreeMap<NodeId, Arc<str>>,
}

/// A node that holds a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Which node.
    pub node: &'a NodeId,
    /// What it tells.
    pub record: &'a NodeRecord,
    /// What it is to the shard.
    pub role: Role,
    /// Whether it answers plain reads of it.
    pub ready: bool,
    /// Records behind.
    pub lag: u64,
}

impl ShardMap {
    /// Takes in what a node tells; `None`: it has left. `at` is the record's time in the log. An earlier process of the same
    /// node doesn't outrank a later one.
    pub fn told(&mut self, node: NodeId, record: Option<NodeRecord>, at: Timestamp) {
        self.unreachable.remove(&node);
        let Some(record) = record else {
            self.nodes.remove(&node);
            return;
        };
        let is_older = self.nodes.get(&node).is_some_and(|known| known.record.started_at > record.started_at);
        if !is_older {
            self.nodes.insert(node, Told { record, at });
        }
    }

    /// Forgets nodes that have told nothing for too long.
    pub fn expire(&mut self, now: Timestamp) {
        self.nodes.retain(|_, told| now.millis_since(told.at) <= EXPIRY_MS);
    }

    /// A node could not be reached.
    pub fn not_reached(&mut self, node: NodeId, why: &str) {
        self.unreachable.insert(node, why.into());
    }

    /// Why a node could not be reached, if that is the last that is known of it.
    pub fn why_not_reached(&self, node: &NodeId) -> Option<&Arc<str>> {
        self.unreachable.get(node)
    }

    /// The nodes and what they tell, by id.
    pub fn nodes(&self) -> impl Iterator<Item = (&NodeId, &NodeRecord)> {
        self.nodes.iter().map(|(node, told)| (node, &told.record))
    }

    /// What a node tells.
    pub fn node(&self, node: &str) -> Option<&NodeRecord> {
        self.nodes.get(node).map(|told| &told.record)
    }

    /// The owner of a shard: of those that claim it, the one by the latest assignment.
    pub fn owner(&self, shard: ShardId) -> Option<Place<'_>> {
        let claims = self.holders(shard).filter(|place| place.role == Role::Active);
        claims.max_by_key(|place| (place.record.generation, place.record.started_at))
    }

    /// Everybody who has it, the best to ask first: the owner, then copies by how far behind they are. Who can't answer yet
    /// comes last.
    pub fn places(&self, shard: ShardId) -> Vec<Place<'_>> {
        let owner = self.owner(shard).map(|place| place.node.clone());
        let mut places: Vec<_> = self.holders(shard).collect();
        for place in &mut places {
            // Another's newer claim.
            if Some(place.node) != owner.as_ref() {
                place.role = Role::Standby;
            }
        }
        places.sort_by_key(|place| (!place.ready, place.role != Role::Active, place.lag));
        places
    }

    /// The same but for one node, which asks, and those that can't be reached.
    pub fn others(&self, shard: ShardId, own: &str) -> Vec<Place<'_>> {
        let mut places = self.places(shard);
        places.retain(|place| **place.node != *own && !self.unreachable.contains_key(place.node));
        places
    }

    fn holders(&self, shard: ShardId) -> impl Iterator<Item = Place<'_>> {
        self.nodes.iter().filter_map(move |(node, told)| {
            let state = told.record.shards.get(&shard)?;
            let (role, ready, lag) = (state.role, state.ready, state.lag);
            Some(Place { node, record: &told.record, role, ready, lag })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ShardState;

    const SHARD: ShardId = ShardId(3);

    fn record(started_at: i64, generation: i64, role: Role, ready: bool, lag: u64) -> NodeRecord {
        NodeRecord {
            start: String::new(),
            started_at,
            endpoint: String::new(),
            peer: String::new(),
            rack: None,
            generation,
            statements: 1,
            shards: BTreeMap::from([(SHARD, ShardState { role, ready, lag })]),
            tables: BTreeMap::new(),
        }
    }

    fn order(map: &ShardMap) -> Vec<(&str, Role)> {
        map.places(SHARD).into_iter().map(|place| (&**place.node, place.role)).collect()
    }

    #[test]
    fn the_latest_assignment_wins() {
        let mut map = ShardMap::default();
        map.told("zombie".into(), Some(record(1, 4, Role::Active, true, 0)), Timestamp(0));
        map.told("owner".into(), Some(record(1, 5, Role::Active, true, 9)), Timestamp(0));
        map.told("copy".into(), Some(record(1, 5, Role::Standby, true, 2)), Timestamp(0));
        map.told("late".into(), Some(record(1, 5, Role::Standby, false, 0)), Timestamp(0));
        let (active, standby) = (Role::Active, Role::Standby);
        assert_eq!(
            order(&map),
            [("owner", active), ("zombie", standby), ("copy", standby), ("late", standby)]
        );
        // An owner that is still catching up is asked after those that can answer.
        map.told("owner".into(), Some(record(1, 5, Role::Active, false, 9)), Timestamp(0));
        assert_eq!(order(&map)[2].0, "owner");
        map.told("owner".into(), None, Timestamp(0));
        assert_eq!(map.owner(SHARD).map(|place| &**place.node), Some("zombie"));
    }

    #[test]
    fn who_can_not_be_reached_is_not_asked_until_it_tells_something() {
        let mut map = ShardMap::default();
        let tell = |map: &mut ShardMap, node: &str, role| {
            map.told(node.into(), Some(record(1, 5, role, true, 0)), Timestamp(0));
        };
        tell(&mut map, "owner", Role::Active);
        tell(&mut map, "copy", Role::Standby);
        let others = |map: &ShardMap, own: &str| -> Vec<String> {
            map.others(SHARD, own).into_iter().map(|place| place.node.to_string()).collect()
        };
        assert_eq!(others(&map, "me"), ["owner", "copy"]);
        assert_eq!(others(&map, "owner"), ["copy"]);
        map.not_reached("owner".into(), "refused");
        assert_eq!(others(&map, "me"), ["copy"]);
        tell(&mut map, "owner", Role::Active);
        assert_eq!(others(&map, "me"), ["owner", "copy"]);
    }

    #[test]
    fn earlier_starts_and_the_silent_do_not_count() {
        let mut map = ShardMap::default();
        map.told("a".into(), Some(record(2, 5, Role::Active, true, 0)), Timestamp(1_000));
        map.told("a".into(), Some(record(1, 6, Role::Standby, true, 0)), Timestamp(2_000));
        assert_eq!(order(&map), [("a", Role::Active)]);
        map.expire(Timestamp(11_000));
        assert_eq!(order(&map).len(), 1);
        map.expire(Timestamp(11_001));
        assert_eq!(order(&map).len(), 0);
    }
}
