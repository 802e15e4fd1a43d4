//! The partitions that are on this node: they come and go with their shards.
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use lentic_engine::TaskId;
use lentic_types::{Offset, PartitionId, ShardId, TopicPartition};

use super::Shared;
use crate::RawTable;
use crate::table::{Owner, Partition};

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
