//! What the cluster runs: a plan, its topics, and how its tasks fall into shards.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_engine::TaskId;
use lentic_engine::stream::changelog;
use lentic_format::KeyLayout;
use lentic_store::layout::StoreId;
use lentic_topology::Plan;
use lentic_topology::spec::{StoreIndex, Topic};
use lentic_types::{PartitionId, ShardId, TopicId, TopicName, TopicPartition};

use crate::driver::layout;

pub(super) struct Application {
    pub(super) plan: Plan,
    /// Before the names of its own topics.
    pub(super) prefix: String,
    /// Partitions of the topics that it reads.
    pub(super) partitions: BTreeMap<Topic, u32>,
    pub(super) tasks: BTreeMap<ShardId, Vec<TaskId>>,
    /// The topic of the shards.
    pub(super) shards: TopicName,
}

impl Application {
    /// All tasks of a plan, in this many shards.
    pub(super) fn new(plan: Plan, partitions: BTreeMap<Topic, u32>, shards: u32) -> Self {
        let mut tasks: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for part in plan.subtopologies() {
            for partition in 0..plan.tasks(part, &partitions) {
                let (query, subtopology) = (Arc::clone(plan.name()), Arc::clone(&part.name));
                let task = TaskId { query, subtopology, partition: PartitionId(partition) };
                tasks.entry(task.shard(shards)).or_default().push(task);
            }
        }
        let prefix = format!("sim-{}", plan.name());
        let shards = TopicName::new("sim-shards").expect("a topic's name");
        Self { plan, prefix, partitions, tasks, shards }
    }

    pub(super) fn tasks_of(&self, shard: ShardId) -> &[TaskId] {
        self.tasks.get(&shard).map_or(&[], Vec::as_slice)
    }

    /// Where the positions and holder records of a shard are.
    pub(super) fn shard_partition(&self, shard: ShardId) -> TopicPartition {
        TopicPartition::new(self.shards.clone(), PartitionId(shard.0))
    }

    pub(super) fn stores_of(&self, task: &TaskId) -> &[StoreIndex] {
        let part = self.plan.subtopologies().iter().find(|part| part.name == task.subtopology);
        part.map_or(&[], |part| &part.stores)
    }

    /// The logged stores of a task, with their changelogs.
    pub(super) fn changelogs(&self, task: &TaskId) -> Vec<(StoreIndex, TopicPartition)> {
        let stores = self.stores_of(task).iter().filter(|index| self.plan.store(**index).logged);
        let changelog = |index: &StoreIndex| {
            let topic = changelog(&self.plan, *index, &self.prefix);
            (*index, TopicPartition::new(topic, task.partition))
        };
        stores.map(changelog).collect()
    }

    /// The input partitions of a task.
    pub(super) fn inputs(&self, task: &TaskId) -> Vec<TopicPartition> {
        let part = self.plan.subtopologies().iter().find(|part| part.name == task.subtopology);
        let topics = part.map(|part| part.topics.clone()).unwrap_or_default();
        let topics = topics.iter().filter(|topic| task.partition.0 < self.partitions[*topic]);
        topics.map(|topic| TopicPartition::new(topic.resolve(&self.prefix), task.partition)).collect()
    }

    pub(super) fn layout(&self, index: StoreIndex) -> KeyLayout {
        let spec = self.plan.store(index);
        layout(spec.kind, spec.key.format, spec.key.windowed.is_some())
    }

    /// The key of a task's positions records.
    pub(super) fn key(task: &TaskId) -> Vec<u8> {
        format!("task/{task}").into_bytes()
    }
}

/// The number of a store, the same on every node.
pub(super) fn store_id(index: StoreIndex) -> StoreId {
    StoreId(index.0 as u32 + 1)
}

/// Topics are never made anew: one id is as good as another.
pub(super) const TOPIC_ID: TopicId = TopicId([7; 16]);
