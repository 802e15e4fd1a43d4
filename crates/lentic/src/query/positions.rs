//! Positions records: what the last commit of each task left, in the topic of the shards.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lentic_engine::TaskId;
use lentic_engine::log::Log;
use lentic_engine::stream::PositionsRecord;
use lentic_types::{Offset, PartitionId, ShardId, TopicName, TopicPartition};

use super::QueryError;
use crate::span::{Span, read_through};

/// How long reading them may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// The key of a task's positions record. A query that is dropped and created again begins anew.
pub(super) fn key(task: &TaskId, created: Offset) -> Vec<u8> {
    format!("task/{}/{}/{}@{created}", task.query, task.subtopology, task.partition).into_bytes()
}

/// The newest records in the partitions of these shards, by key. Reads to the end as `read_uncommitted` sees it, so that
/// nothing that a predecessor had under way is missed.
pub(super) fn read(
    log: &dyn Log,
    topic: &TopicName,
    shards: &BTreeSet<ShardId>,
) -> Result<BTreeMap<Vec<u8>, PositionsRecord>, QueryError> {
    let partitions: Vec<_> =
        shards.iter().map(|shard| TopicPartition::new(topic.clone(), PartitionId(shard.0))).collect();
    let mut spans = Vec::new();
    for (partition, bounds) in partitions.iter().zip(log.bounds(&partitions)?) {
        let bounds = bounds?;
        spans.push(Span { partition: partition.clone(), from: bounds.start, to: Some(bounds.end) });
    }
    let (mut records, mut taken) = (BTreeMap::new(), Ok(()));
    read_through(log, spans, PATIENCE, &|| false, &mut |_, key, value| {
        if taken.is_ok() {
            taken = take(&mut records, key, value);
        }
    })?;
    taken.map(|()| records)
}

/// A record of a lower generation than its predecessor's is a zombie's.
fn take(
    records: &mut BTreeMap<Vec<u8>, PositionsRecord>,
    key: &[u8],
    value: &[u8],
) -> Result<(), QueryError> {
    if !key.starts_with(b"task/") {
        return Ok(());
    }
    let record = PositionsRecord::from_bytes(value).map_err(QueryError::Invalid)?;
    if records.get(key).is_none_or(|known| known.generation <= record.generation) {
        records.insert(key.to_vec(), record);
    }
    Ok(())
}

/// What a task goes on from: its own record, or where its part of the topology was cut otherwise before, those of the parts
/// that became it.
pub(super) fn of_task(
    records: &BTreeMap<Vec<u8>, PositionsRecord>,
    task: &TaskId,
    former: &[String],
    created: Offset,
) -> Option<PositionsRecord> {
    let mut found: Option<PositionsRecord> = None;
    for name in former {
        let former = TaskId { subtopology: name.as_str().into(), ..task.clone() };
        let Some(record) = records.get(&key(&former, created)) else { continue };
        found = Some(match found {
            None => record.clone(),
            Some(mut union) => {
                // Its own record comes first, and knows better what it has taken over.
                add(&mut union.inputs, &record.inputs);
                add(&mut union.changelogs, &record.changelogs);
                add(&mut union.operators, &record.operators);
                add(&mut union.observed, &record.observed);
                union.stream_time = union.stream_time.max(record.stream_time);
                union.generation = union.generation.max(record.generation);
                union
            }
        });
    }
    found
}

fn add<T: Clone>(own: &mut BTreeMap<String, T>, others: &BTreeMap<String, T>) {
    for (name, value) in others {
        own.entry(name.clone()).or_insert_with(|| value.clone());
    }
}
