//! Opening tasks: their stores are rolled forward to the ends of their changelogs, their positions read, and they are
//! handed to a stream thread.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use lentic_engine::stream::{PositionsRecord, StreamAssignment, TaskInput, TaskSettings};
use lentic_engine::{TaskId, TaskState};
use lentic_topology::spec::{OffsetReset, Spec, StoreIndex, Topic};
use lentic_types::{Offset, ShardId, TopicPartition};

use super::{Inner, QueryError, TaskStatus, positions};
use crate::config::Config;
use crate::node::{Shared, pause, thread};
use crate::{NodeError, RawTable};

/// Between two looks whether the stores have got there.
const POLL: Duration = Duration::from_millis(5);

/// After which a failed attempt is repeated.
const RETRY: Duration = Duration::from_millis(500);

impl Shared {
    /// Opens tasks in the background.
    pub(super) fn open_tasks(
        self: &Arc<Self>,
        query: &Arc<Inner>,
        tasks: Vec<TaskId>,
    ) -> Result<(), NodeError> {
        let (shared, query) = (Arc::clone(self), Arc::clone(query));
        let handle = thread("query-opener", move || {
            let mut complained = false;
            while !shared.is_stopping() {
                match attempt(&shared, &query, &tasks) {
                    Ok(()) => return,
                    Err(error) => {
                        if !std::mem::replace(&mut complained, true) {
                            tracing::warn!(query = %query.plan.name(), "can't begin yet, it is tried again: {error}");
                        }
                        pause(RETRY);
                    }
                }
            }
        })?;
        self.threads.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(handle);
        Ok(())
    }
}

/// Opens those of the tasks whose shards are this node's, and goes on to be: the others are done with.
fn attempt(shared: &Arc<Shared>, query: &Arc<Inner>, tasks: &[TaskId]) -> Result<(), QueryError> {
    let topic = shared.shards_topic()?;
    let mut waiting = Vec::new();
    for task in query.tasks_that_are(&TaskStatus::Opening).into_iter().filter(|task| tasks.contains(task)) {
        match shared.cluster.runs(shared.shard_of(&task)) {
            Some(generation) => waiting.push((task, generation)),
            None => query.set_status(&task, TaskStatus::Elsewhere),
        }
    }
    // After this node is known to own the shards: what a predecessor wrote later is fenced.
    let ends = ends(shared, query, waiting.iter().map(|(task, _)| task))?;
    let shards: BTreeSet<ShardId> = waiting.iter().map(|(task, _)| shared.shard_of(task)).collect();
    let records = positions::read(&*shared.log, &topic, &shards)?;
    for table in &query.globals.0 {
        while !shared.is_stopping() && !table.is_ready() {
            pause(POLL);
        }
    }
    while !waiting.is_empty() && !shared.is_stopping() {
        let mut is_idle = true;
        let mut left = Vec::new();
        for (task, generation) in waiting {
            if shared.cluster.runs(shared.shard_of(&task)) != Some(generation) {
                query.set_status(&task, TaskStatus::Elsewhere);
            } else if query.tasks().get(&task) != Some(&TaskStatus::Opening) {
                // It was stopped meanwhile.
            } else if is_rolled_forward(query, &task, &ends) {
                is_idle = false;
                begin(shared, query, &task, generation, &records)?;
            } else {
                left.push((task, generation));
            }
        }
        waiting = left;
        if is_idle {
            pause(POLL);
        }
    }
    Ok(())
}

/// Hands a task to a stream thread, unless its shard is taken back at this moment.
fn begin(
    shared: &Arc<Shared>,
    query: &Arc<Inner>,
    task: &TaskId,
    generation: i64,
    records: &BTreeMap<Vec<u8>, PositionsRecord>,
) -> Result<(), QueryError> {
    let former = query.former.get(&*task.subtopology).cloned().unwrap_or_default();
    let inputs = inputs(shared, query, task)?;
    let places = match shared.lead(query, task) {
        Ok(places) => places,
        Err(error) => {
            shared.follow(query, task);
            return Err(error);
        }
    };
    let assignment = StreamAssignment {
        task: task.clone(),
        plan: query.plan.clone(),
        prefix: query.prefix.clone(),
        places,
        inputs,
        positions: positions::of_task(records, task, &former, query.created),
        globals: Arc::clone(&query.globals) as _,
        destinations: Arc::clone(&query.destinations) as _,
        settings: settings(&shared.config),
        shard: shared.shard_of(task),
        key: positions::key(task, query.created),
        generation,
        watched: watched(query, task),
    };
    let cluster = &shared.cluster;
    let ownerships = cluster.ownerships();
    let is_owned = cluster.is_alone()
        || ownerships
            .get(&assignment.shard)
            .is_some_and(|own| own.is_running() && own.generation() == generation);
    let mut tasks = query.tasks();
    let is_wanted = tasks.get(task) == Some(&TaskStatus::Opening);
    if is_owned && is_wanted {
        shared.streams.assign(assignment, query)?;
        tasks.insert(task.clone(), TaskStatus::Running);
    } else if is_wanted {
        tasks.insert(task.clone(), TaskStatus::Elsewhere);
    }
    drop((tasks, ownerships));
    if !(is_owned && is_wanted) {
        shared.follow(query, task);
    }
    query.changed.notify_all();
    Ok(())
}

/// Whether anybody watches a store's partition.
fn watched(query: &Inner, task: &TaskId) -> Arc<dyn Fn(StoreIndex) -> bool + Send + Sync> {
    let (tables, partition) = (query.tables.clone(), task.partition);
    Arc::new(move |index| {
        let table = tables.get(&index);
        table.and_then(|table| table.partition(partition)).is_some_and(|partition| partition.is_watched())
    })
}

/// The ends of the changelogs of these tasks, as `read_uncommitted` sees them.
fn ends<'a>(
    shared: &Shared,
    query: &Inner,
    tasks: impl Iterator<Item = &'a TaskId>,
) -> Result<BTreeMap<TopicPartition, Offset>, QueryError> {
    let mut partitions = Vec::new();
    for task in tasks {
        partitions.extend(tables(query, task).map(|table| changelog(table, task)));
    }
    let found = shared.log.bounds(&partitions)?;
    let mut ends = BTreeMap::new();
    for (partition, bounds) in partitions.into_iter().zip(found) {
        ends.insert(partition, bounds?.end);
    }
    Ok(ends)
}

fn tables<'a>(query: &'a Inner, task: &'a TaskId) -> impl Iterator<Item = &'a RawTable> {
    let part = query.plan.subtopologies().iter().find(|part| part.name == task.subtopology);
    let stores = part.map_or(&[][..], |part| &part.stores);
    stores.iter().filter_map(|index| query.tables.get(index))
}

fn changelog(table: &RawTable, task: &TaskId) -> TopicPartition {
    TopicPartition::new(table.inner.topic.load().name.clone(), task.partition)
}

fn is_rolled_forward(query: &Inner, task: &TaskId, ends: &BTreeMap<TopicPartition, Offset>) -> bool {
    tables(query, task).all(|table| {
        let end = ends.get(&changelog(table, task)).copied().unwrap_or_default();
        table.partition(task.partition).is_some_and(|partition| {
            let view = partition.view();
            view.state == TaskState::Live && view.progress.position >= end
        })
    })
}

/// The input partitions of a task, and where it begins without a position.
fn inputs(shared: &Shared, query: &Inner, task: &TaskId) -> Result<Vec<TaskInput>, QueryError> {
    let part = query.plan.subtopologies().iter().find(|part| part.name == task.subtopology);
    let mut inputs = Vec::new();
    for topic in part.map(|part| part.topics.clone()).unwrap_or_default() {
        if task.partition.0 >= query.topics.partitions[&topic] {
            continue;
        }
        let known = &query.topics.inputs[&topic.resolve(&query.prefix)];
        let partition = TopicPartition::new(known.name.clone(), task.partition);
        let bounds = shared.log.bounds_of(&partition)?;
        let begin = if begins_at_end(query, &topic) { bounds.end } else { bounds.start };
        inputs.push(TaskInput { partition, topic_id: known.id, begin });
    }
    Ok(inputs)
}

fn begins_at_end(query: &Inner, topic: &Topic) -> bool {
    query.plan.nodes().iter().any(|node| match &node.spec {
        Spec::Source(source) => source.topics.contains(topic) && source.reset == OffsetReset::Latest,
        _ => false,
    })
}

fn settings(config: &Config) -> TaskSettings {
    TaskSettings {
        max_task_idle_ms: config.max_task_idle_ms,
        deserialization: config.deserialization_errors.policy(),
        processing: config.processing_errors.policy(),
        production: config.production_errors.policy(),
        dead_letters: super::dead_letters(config),
        cache_bytes: config.task_cache_bytes,
        ..TaskSettings::default()
    }
}
