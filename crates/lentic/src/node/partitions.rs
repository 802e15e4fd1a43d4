//! The partitions that are on this node: they come and go with their shards.
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use lentic_engine::TaskId;
use lentic_store::layout::StoreId;
use lentic_types::{Offset, PartitionId, ShardId, TopicPartition};

use super::Shared;
use crate::RawTable;
use crate::table::{Owner, Partition};

/// How long the rows of a partition stay that has left.
const STAY: Duration = Duration::from_mins(10);

/// Rows of a partition that is not here any more.
pub(crate) struct LeftBehind {
    owner: Owner,
    store: StoreId,
    id: PartitionId,
    at: Instant,
}

impl Shared {
    /// All tables, those that the node alone knows included.
    pub(crate) fn tables_here(&self) -> Vec<RawTable> {
        self.registry.tables()
    }

    /// Whether a partition of such a table is to be here.
    pub(super) fn is_placed_here(&self, owner: &Owner, partition: PartitionId) -> bool {
        owner.shard(partition, self.config.shards).is_none_or(|shard| self.cluster.keeps(shard))
    }

    /// Whether an earlier process that started so was in this data directory, and has ended.
    pub(crate) fn was_here(&self, start: u64) -> bool {
        self.dir.was_here(start)
    }

    /// Brings the partitions that are here in line with the shards that this node keeps. Rows of those that leave stay on the
    /// disk: a partition that comes back goes on where it was.
    pub(crate) fn place_tables(&self) {
        let mut catalog = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        for table in self.registry.tables() {
            let name = table.spec().name;
            if self.config.kept(&name).is_some() || table.is_closed() {
                continue;
            }
            let topic = table.inner.topic.load_full();
            for id in (0..table.partitions()).map(PartitionId) {
                let is_wanted = self.is_placed_here(table.owner(), id);
                let is_here = table.partition(id).is_some();
                if is_here && !is_wanted {
                    table.remove(id);
                    self.inbox.revoke(TaskId::of_table(name.as_str(), id));
                    self.leave_behind(&table, id);
                } else if is_wanted && !is_here {
                    let store = match self.family_of(table.owner(), id, table.is_in_memory()) {
                        Ok(store) => store,
                        Err(error) => return self.fail(error.to_string()),
                    };
                    let source = TopicPartition::new(topic.name.clone(), id);
                    let conditional = Arc::clone(catalog.conditional.entry(source).or_default());
                    table.add(Partition::new(id, store, table.inner.store_id, conditional));
                    self.assign_partition(&table, id);
                }
            }
        }
    }

    /// The rows of a partition stay on the disk for some time, without anybody who reads them.
    pub(super) fn leave_behind(&self, table: &RawTable, id: PartitionId) {
        let at = Instant::now();
        let left = LeftBehind { owner: table.owner().clone(), store: table.inner.store_id, id, at };
        self.left_behind.lock().unwrap_or_else(PoisonError::into_inner).push(left);
    }

    /// The same for all that are not here: an earlier process may have had them.
    pub(super) fn leave_rest_behind(&self, table: &RawTable) {
        if self.cluster.is_alone() || table.is_in_memory() {
            return;
        }
        for id in (0..table.partitions()).map(PartitionId).filter(|id| table.partition(*id).is_none()) {
            self.leave_behind(table, id);
        }
    }

    /// Removes the rows of partitions that left long ago and have not come back.
    pub(crate) fn remove_left_behind(&self) {
        let mut left = self.left_behind.lock().unwrap_or_else(PoisonError::into_inner);
        let old: Vec<_> = left.extract_if(.., |left| left.at.elapsed() > STAY).collect();
        drop(left);
        // The partitions stand still meanwhile.
        let _catalog = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        for left in old.into_iter().filter(|left| !self.is_placed_here(&left.owner, left.id)) {
            if let Err(error) = self.remove_rows(&left.owner, left.store, [left.id].into_iter()) {
                return self.fail(error.to_string());
            }
        }
    }

    /// What the tables here are made from, of these shards.
    pub(crate) fn sources_of(&self, shards: &[ShardId]) -> Vec<(ShardId, TopicPartition)> {
        let mut sources = Vec::new();
        for table in self.registry.tables() {
            let topic = table.inner.topic.load().name.clone();
            for partition in table.here().iter() {
                if let Some(shard) = table.shard(partition.id).filter(|shard| shards.contains(shard)) {
                    sources.push((shard, TopicPartition::new(topic.clone(), partition.id)));
                }
            }
        }
        sources
    }

    /// Whether everything of a shard has come to these ends. What a task leads here is at the end: nobody else writes it.
    pub(crate) fn has_reached(&self, shard: ShardId, ends: &BTreeMap<TopicPartition, Offset>) -> bool {
        self.registry.tables().iter().all(|table| {
            let topic = table.inner.topic.load().name.clone();
            (0..table.partitions()).map(PartitionId).filter(|id| table.shard(*id) == Some(shard)).all(|id| {
                let end = ends.get(&TopicPartition::new(topic.clone(), id)).copied().unwrap_or_default();
                table.partition(id).is_some_and(|partition| partition.has_reached(end))
                    || self.is_led(table, id)
            })
        })
    }
}
