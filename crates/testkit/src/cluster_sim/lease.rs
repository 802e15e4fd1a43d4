//! Who may answer as the active one: nobody does so with rows older than another has shown before.
use std::collections::BTreeMap;

use lentic_cluster::Holders;
use lentic_types::{Offset, ShardId, TopicPartition};

use super::node::Node;
use super::rule::Rule;
use super::world::World;

impl Node {
    /// The predecessor of a shard, if there was one, has ended: it answers nothing any more.
    pub(super) fn found_holders(&mut self, world: &World, id: ShardId, holders: &Holders) {
        if holders.have_ended() || !world.keeps(Rule::Lease) {
            self.lease.released(id, clock(world));
        }
    }

    /// A fence was confirmed.
    pub(super) fn proven(&mut self, world: &World) {
        self.lease.proven(clock(world));
    }

    /// Where nothing is to be committed offset 0 of the shards is committed plainly, now and then.
    pub(super) fn prove(&mut self, world: &mut World) {
        if world.random.percent(20) && world.broker.group.knows(&self.membership()) {
            self.proven(world);
        }
    }

    /// Shards that run have reached the ends of the logs: nobody else writes there since.
    pub(super) fn catch_up(&mut self, world: &World) {
        let now = clock(world);
        for id in self.lease.to_catch_up(now).collect::<Vec<_>>() {
            if self.shards.get(&id).is_some_and(|shard| shard.is_open) {
                self.lease.caught_up(id, now);
            }
        }
    }

    pub(super) fn is_active(&self, world: &World, id: ShardId) -> bool {
        let is_open = self.shards.get(&id).is_some_and(|shard| shard.is_open);
        is_open && self.lease.is_active(id, clock(world))
    }

    /// Somebody reads all that this process may answer for.
    pub(super) fn answer(&self, world: &mut World) {
        for id in self.shards.keys() {
            if !self.is_active(world, *id) {
                continue;
            }
            let tasks = world.application.tasks_of(*id).to_vec();
            for (_, changelog) in tasks.iter().flat_map(|task| world.application.changelogs(task)) {
                let position = self.positions.get(&changelog).copied().unwrap_or_default();
                let shown = world.broker.log(&changelog).map_or(Offset(0), |log| log.last_below(position));
                let before = world.shown.entry(changelog.clone()).or_default();
                if shown < *before {
                    let (name, before) = (&self.name, *before);
                    let text = format!("{name} shows {changelog} to {shown}, and it was shown to {before}");
                    world.broken(text);
                    return;
                }
                *before = shown;
            }
        }
    }
}

/// A clock that goes on while a process is stopped.
fn clock(world: &World) -> u64 {
    world.now.0 as u64
}

/// By changelog: how far readers have seen it.
pub(super) type Shown = BTreeMap<TopicPartition, Offset>;
