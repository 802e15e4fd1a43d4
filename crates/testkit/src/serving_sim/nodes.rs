//! What a process tells the others and hears of them, and what it keeps by that.
use std::collections::BTreeMap;

use lentic_cluster::{NodeRecord, Placement, Role, ShardState};
use lentic_engine::TaskState;
use lentic_types::{Offset, ShardId};

use super::process::Process;
use super::world::{World, nodes_partition, record};
use crate::sim::log::Isolation;

/// A node tells something at least this often.
const HEARTBEAT_MS: u64 = 2_000;

impl Process {
    /// Hears what others told, in the order of the log.
    pub(super) fn hear(&mut self, world: &World) {
        if !self.is_cut(world)
            && let Some(log) = world.broker.log(&nodes_partition())
        {
            for (offset, told, _) in log.records(self.heard_to, Isolation::Committed) {
                let key = told.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
                let value = told.value.as_deref().unwrap_or_default();
                let node = NodeRecord::from_bytes(value).expect("written by the simulation");
                self.map.told(key.unwrap_or_default().into(), Some(node), told.timestamp);
                self.heard_to = offset.next();
            }
            self.heard_to = self.heard_to.max(Offset(log.stable_end().0));
        }
        self.map.expire(world.now);
    }

    /// Tells what has changed, or that it is still there.
    pub(super) fn tell_others(&mut self, world: &mut World) {
        if !self.is_settled || self.is_cut(world) {
            return;
        }
        let own = self.own_record(world);
        let is_news = self
            .told
            .as_ref()
            .is_none_or(|(told, at)| *told != own || world.now.millis_since(*at) >= HEARTBEAT_MS);
        if is_news {
            let (key, at) = (self.name.as_bytes().to_vec(), world.now);
            world.broker.append(&nodes_partition(), record(&key, own.to_bytes(), at));
            self.told = Some((own, at));
        }
    }

    fn own_record(&self, world: &World) -> NodeRecord {
        let state = |shard: &ShardId| {
            let views: Vec<_> =
                world.partitions_of(*shard).iter().map(|partition| self.tables.view(*partition)).collect();
            let is_owner = self.lease.generation(*shard).is_some();
            ShardState {
                role: if is_owner { Role::Active } else { Role::Standby },
                ready: views.iter().all(|view| view.is_some_and(|view| view.state == TaskState::Live)),
                lag: 0,
            }
        };
        let generations = self.lease.owned().filter_map(|shard| self.lease.generation(shard));
        NodeRecord {
            start: format!("{:x}", self.start),
            started_at: self.start as i64,
            endpoint: String::new(),
            peer: self.name.to_string(),
            rack: None,
            generation: generations.max().unwrap_or(0).max(self.generation),
            statements: 1,
            shards: self.kept.iter().map(|shard| (*shard, state(shard))).collect(),
            tables: BTreeMap::new(),
        }
    }

    /// Brings the partitions that are here in line with what the group and the others say.
    pub(super) fn place(&mut self, world: &mut World) {
        if !self.is_settled {
            return;
        }
        let placement = Placement {
            node: &self.name,
            rack: None,
            owned: self.lease.owned().collect(),
            given_up: &self.given_up,
            kept: &self.kept,
        };
        let keep = placement.to_keep(&self.map, world.shards, world.replicas);
        self.given_up.retain(|shard| keep.contains(shard));
        if keep == self.kept {
            return;
        }
        self.note(world, &format!("keeps {keep:?}"));
        for partition in world.all_partitions() {
            let (is_wanted, is_here) =
                (keep.contains(&world.shard_of(partition)), self.tables.view(partition).is_some());
            if is_here && !is_wanted {
                self.tables.remove(world, partition);
            } else if is_wanted && !is_here {
                self.tables.add(world, &self.disk, partition);
            }
        }
        self.kept = keep;
    }
}
