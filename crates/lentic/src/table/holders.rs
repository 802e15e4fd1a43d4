//! Which nodes have a partition, and which of them is to be asked.
use lentic_cluster::{Here, Place, Role, Standing};
use lentic_engine::TaskState;
use lentic_types::{PartitionId, ShardId};

use super::{RawTable, Scope};
use crate::ReadError;

/// Another node that has a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub node: String,
    /// Where nodes reach it: `host:port`, or `https://host:port`.
    pub peer: String,
    /// Where clients reach it: `http://host:port`.
    pub endpoint: String,
    /// What it is to the partition.
    pub role: Role,
    /// Whether it answers plain reads.
    pub ready: bool,
    /// Records that its shard is behind.
    pub lag: u64,
}

/// See [`RawTable::begin`].
#[derive(Clone, Debug)]
pub struct Begun(Vec<BegunIn>);

/// The same of one partition; `None`: every node has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct BegunIn(Option<(ShardId, Option<Standing>)>);

impl Holder {
    fn of(place: &Place<'_>) -> Self {
        Self {
            node: place.node.to_string(),
            peer: place.record.peer.clone(),
            endpoint: place.record.endpoint.clone(),
            role: place.role,
            ready: place.ready,
            lag: place.lag,
        }
    }
}

impl RawTable {
    /// The shard of a partition; `None`: every node has it.
    pub fn shard_of(&self, partition: PartitionId) -> Option<ShardId> {
        self.shard(partition)
    }

    /// Whether the partition's rows are on this node.
    pub fn is_here(&self, partition: PartitionId) -> bool {
        self.partition(partition).is_some()
    }

    /// What this node is to a partition now. What it answers a read as is [`Found::role`](crate::Found::role).
    pub fn role(&self, partition: PartitionId) -> Role {
        let cluster = &self.inner.around.cluster;
        if cluster.is_alone() {
            return Role::Active;
        }
        self.shard(partition).map_or(Role::Active, |shard| cluster.role(shard))
    }

    /// What this node is to some partitions as a read of them begins, for [`RawTable::role_since`].
    pub fn begin(&self, scope: &Scope) -> Begun {
        let here = if *scope == Scope::All { self.here() } else { self.in_scope(scope).unwrap_or_default() };
        Begun(here.iter().map(|partition| self.begin_in(partition.id)).collect())
    }

    /// As what this node answers a read that has begun so: the active one is that only where it was so all the time.
    pub fn role_since(&self, begun: &Begun) -> Role {
        begun.0.iter().map(|place| self.role_in(*place)).min().unwrap_or(Role::Active)
    }

    pub(super) fn begin_in(&self, partition: PartitionId) -> BegunIn {
        let cluster = &self.inner.around.cluster;
        let shard = if cluster.is_alone() { None } else { self.shard(partition) };
        BegunIn(shard.map(|shard| (shard, cluster.standing(shard))))
    }

    pub(super) fn role_in(&self, begun: BegunIn) -> Role {
        let cluster = &self.inner.around.cluster;
        begun.0.map_or(Role::Active, |(shard, standing)| cluster.role_since(shard, standing))
    }

    /// What this node has of a partition itself.
    pub fn what_is_here(&self, partition: PartitionId) -> Here {
        Here { answers: self.is_answered_here(partition), has_copy: self.is_here(partition) }
    }

    /// Whether a plain read of the partition is this node's to answer: it has the shard, by the group's assignment, with the
    /// rows that were written before that.
    pub fn is_answered_here(&self, partition: PartitionId) -> bool {
        let cluster = &self.inner.around.cluster;
        if cluster.is_alone() {
            return true;
        }
        let Some(shard) = self.shard(partition) else { return true };
        self.is_live_here(partition) && cluster.serves(shard)
    }

    /// Whether the group has given the partition to this node, be it on its way yet.
    pub fn is_owned_here(&self, partition: PartitionId) -> bool {
        self.shard(partition).is_none_or(|shard| self.inner.around.cluster.owns(shard))
    }

    /// Whether there is a copy here that answers plain reads where nobody can do it better.
    pub fn is_live_here(&self, partition: PartitionId) -> bool {
        self.partition(partition).is_some_and(|here| here.view().state == TaskState::Live)
    }

    /// The other nodes that have a partition, the best to ask first.
    pub fn holders(&self, partition: PartitionId) -> Vec<Holder> {
        let Some(shard) = self.shard(partition) else { return Vec::new() };
        let mut holders = self.inner.around.cluster.others(shard, Holder::of);
        holders.retain(|holder| !holder.peer.is_empty());
        holders
    }

    /// The other nodes that have a partition and can't be reached, each with the reason.
    pub fn out_of_reach(&self, partition: PartitionId) -> Vec<(String, String)> {
        let Some(shard) = self.shard(partition) else { return Vec::new() };
        let nodes = self.inner.around.cluster.out_of_reach(shard);
        nodes.into_iter().map(|(node, why)| (node.to_string(), why.to_string())).collect()
    }

    /// Whether a read of everything can be one of what is here.
    pub fn is_all_here(&self) -> bool {
        self.is_whole().is_ok()
    }

    /// `Err`: a read of everything would be one of a part, and the configuration did not choose so.
    pub(super) fn is_whole(&self) -> Result<(), ReadError> {
        if self.keeps_all() || self.inner.around.chosen.contains(&self.inner.spec.load().name) {
            return Ok(());
        }
        Err(ReadError::NotKept(self.first_not_kept()))
    }
}
