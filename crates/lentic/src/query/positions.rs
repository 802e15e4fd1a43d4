//! Positions records: what the last commit of each task left, in the topic of the shards.
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use lentic_engine::TaskId;
use lentic_engine::log::{self, Log, Polled, ReadFrom, ReaderOptions};
use lentic_engine::stream::PositionsRecord;
use lentic_types::{Offset, PartitionId, ShardId, TopicName, TopicPartition};

use super::QueryError;

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
    let mut records: BTreeMap<Vec<u8>, PositionsRecord> = BTreeMap::new();
    let partitions: Vec<_> =
        shards.iter().map(|shard| TopicPartition::new(topic.clone(), PartitionId(shard.0))).collect();
    let mut open = BTreeMap::new();
    let mut reader = log.reader(ReaderOptions::default())?;
    for (partition, bounds) in partitions.iter().zip(log.bounds(&partitions)?) {
        let bounds = bounds?;
        if bounds.start < bounds.end {
            reader.assign(partition, ReadFrom::Offset(bounds.start))?;
            open.insert(partition.clone(), bounds.end);
        }
    }
    let deadline = Instant::now() + PATIENCE;
    let mut polled = Vec::new();
    while !open.is_empty() {
        if Instant::now() > deadline {
            let text = format!("the positions in {topic} could not be read to their end in {PATIENCE:?}");
            return Err(log::Error::Unavailable(text).into());
        }
        reader.poll(Duration::from_millis(100), &mut polled)?;
        for found in polled.drain(..) {
            match found {
                Polled::Records { partition, batch, .. } => {
                    for record in batch.iter() {
                        if let (Some(key), Some(value)) = (record.key, record.value) {
                            take(&mut records, key, value)?;
                        }
                    }
                    let read_to = batch.last_offset().map_or(Offset(0), Offset::next);
                    if open.get(&partition).is_some_and(|end| read_to >= *end) {
                        open.remove(&partition);
                    }
                }
                Polled::End { partition, offset } => {
                    if open.get(&partition).is_some_and(|end| offset >= *end) {
                        open.remove(&partition);
                    }
                }
                Polled::OutOfRange { partition } => {
                    return Err(log::Error::NoSuchTopic(partition.topic).into());
                }
                Polled::Failed { error: error @ log::Error::NoSuchTopic(_), .. } => return Err(error.into()),
                Polled::Failed { .. } => {}
            }
        }
    }
    Ok(records)
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
                union.inputs.extend(record.inputs.clone());
                union.changelogs.extend(record.changelogs.clone());
                union.operators.extend(record.operators.clone());
                union.observed.extend(record.observed.clone());
                union.stream_time = union.stream_time.max(record.stream_time);
                union.generation = union.generation.max(record.generation);
                union
            }
        });
    }
    found
}
