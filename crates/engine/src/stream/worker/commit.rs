//! A commit, step by step.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_store::{Store, WriteBatch};
use lentic_topology::spec::StoreIndex;
use lentic_types::{Offset, RecordBatch, Timestamp};

use super::{Applied, AppliedStore, Sealed, StreamAction, StreamWorker};
use crate::TaskId;
use crate::stream::produced::{PartitionBy, ProducedRecord};
use crate::stream::{CommitPart, TaskError};

/// Where a worker stands.
pub(super) enum Phase {
    /// Records are processed.
    Running,
    /// The changelogs' records are on their way.
    Flushing(Vec<Part>),
    /// The positions records and the end of the transaction are on their way.
    Sealing(Vec<Part>),
    /// An abort is on its way.
    Aborting,
}

/// One task's part of a commit.
pub(super) struct Part {
    pub(super) commit: CommitPart,
    /// Of the changelogs' records, by store.
    pub(super) offsets: BTreeMap<StoreIndex, Vec<Offset>>,
}

impl StreamWorker {
    pub(super) fn begin_commit(&mut self, now: Timestamp, actions: &mut Vec<StreamAction>) {
        self.commit_now = false;
        self.last_commit = now;
        // What waits in caches goes out first: the last records sent are to be those of the changelogs.
        let mut failed = None;
        for (id, held) in &mut self.tasks {
            let outcome = held.task.flush_cache();
            self.is_open |= held.take_out(&mut self.produced, actions);
            if let Err(error) = outcome {
                failed = Some((id.clone(), error));
                break;
            }
        }
        if let Some((id, error)) = failed {
            return self.failed(&id, error, now, actions);
        }
        let mut parts = Vec::new();
        let mut failed = None;
        for (id, held) in &mut self.tasks {
            let has_news = held.has_produced || held.task.is_dirty(held.committed.as_ref());
            if !has_news && !held.task.wants_commit() {
                continue;
            }
            let (partition, produced) = (Self::partition(id), &mut self.produced);
            let names = held.task.changelogs().clone();
            let prepared = held.task.prepare(&mut |index, changed| {
                let Some(topic) = names.get(&index) else { return };
                produced.push(ProducedRecord {
                    topic,
                    by: PartitionBy::Number(partition.0),
                    key: Some(changed.key),
                    value: changed.value,
                    timestamp: changed.timestamp,
                    headers: &None,
                });
            });
            match prepared {
                Ok(commit) => parts.push(Part { commit, offsets: BTreeMap::new() }),
                Err(error) => {
                    failed = Some((id.clone(), error));
                    break;
                }
            }
        }
        if let Some((id, error)) = failed {
            return self.failed(&id, error, now, actions);
        }
        if parts.is_empty() && !self.is_open {
            return;
        }
        self.is_open = true;
        let offsets = parts.iter().flat_map(|part| &part.commit.changelogs).map(|(_, count)| count).sum();
        self.phase = Phase::Flushing(parts);
        actions.push(StreamAction::Flush { offsets });
    }

    pub(super) fn flushed(&mut self, offsets: &[Offset], actions: &mut Vec<StreamAction>) {
        let Phase::Flushing(mut parts) = std::mem::replace(&mut self.phase, Phase::Running) else { return };
        let mut rest = offsets;
        for part in &mut parts {
            // The offsets of a task that was taken away meanwhile are nobody else's.
            let held = self.tasks.get(&part.commit.task);
            for (index, count) in &part.commit.changelogs {
                let (own, others) = rest.split_at_checked(*count).unwrap_or((rest, &[]));
                rest = others;
                if let (Some(last), Some(held)) = (own.last(), held) {
                    let name = held.assignment.plan.store(*index).log_name().to_string();
                    part.commit.positions.changelogs.insert(name, last.next().0);
                }
                part.offsets.insert(*index, own.to_vec());
            }
            part.commit.positions.generation = held.map_or(0, |held| held.assignment.generation);
        }
        let seal = |part: &Part| {
            let held = self.tasks.get(&part.commit.task)?;
            let assignment = &held.assignment;
            let value = part.commit.positions.to_bytes();
            Some(Sealed { shard: assignment.shard, key: assignment.key.clone(), value })
        };
        let sealed = parts.iter().filter_map(seal).collect();
        self.phase = Phase::Sealing(parts);
        actions.push(StreamAction::Seal(sealed));
    }

    pub(super) fn committed(
        &mut self,
        now: Timestamp,
        actions: &mut Vec<StreamAction>,
    ) -> Result<(), lentic_store::Error> {
        let Phase::Sealing(parts) = std::mem::replace(&mut self.phase, Phase::Running) else { return Ok(()) };
        self.is_open = false;
        self.last_commit = now;
        for part in parts {
            let id = part.commit.task.clone();
            let Some(held) = self.tasks.get_mut(&id) else { continue };
            held.has_produced = false;
            let stores = apply(&mut held.task, &part, &*held.assignment.watched, now)?;
            if let Err(TaskError::Store(error)) = held.task.committed() {
                return Err(error);
            }
            for place in &mut held.assignment.places {
                if let Some(current) = held.task.state().place(place.index) {
                    *place = current.clone();
                }
            }
            // Who has not come past the record that it failed on has not got better.
            let before = held.committed.as_ref().map(|before| &before.inputs);
            if before.map_or_else(
                || has_begun(held, &part.commit.positions),
                |before| *before != part.commit.positions.inputs,
            ) {
                held.failures = 0;
            }
            held.committed = Some(part.commit.positions.clone());
            actions.push(StreamAction::Applied(Box::new(Applied {
                task: id,
                stores,
                positions: part.commit.positions,
            })));
        }
        Ok(())
    }

    /// A task failed: everything since the last commit is taken back, since all tasks share the transaction.
    pub(super) fn failed(
        &mut self,
        id: &TaskId,
        error: TaskError,
        now: Timestamp,
        actions: &mut Vec<StreamAction>,
    ) {
        if let TaskError::Store(error) = error {
            actions.push(StreamAction::Stop(error));
            return;
        }
        let text = error.to_string();
        let retry_at = Timestamp(now.0 + self.settings.retry_ms);
        if let Some(held) = self.tasks.get_mut(id) {
            held.failures += 1;
            held.waits_until = Some(retry_at);
            if held.failures > 1 {
                // It fails alone, however often it tries: the others go on without it.
                self.revoked(id, actions);
                actions.push(StreamAction::Failed(id.clone(), error));
            }
        }
        self.produced.clear();
        self.phase = Phase::Aborting;
        actions.push(StreamAction::Abort(text));
    }

    /// The tasks go back to the last commit.
    pub(super) fn aborted(
        &mut self,
        _reason: &str,
        now: Timestamp,
        actions: &mut Vec<StreamAction>,
    ) -> Result<(), lentic_store::Error> {
        self.phase = Phase::Running;
        self.is_open = false;
        self.last_commit = now;
        self.produced.clear();
        for held in self.tasks.values_mut() {
            held.reset()?;
        }
        self.share_cache();
        let mut partitions: Vec<_> = self
            .tasks
            .values()
            .flat_map(|held| held.task.inputs().map(|(partition, _)| partition.clone()))
            .collect();
        partitions.sort();
        partitions.dedup();
        for partition in partitions {
            self.read(&partition, actions);
        }
        Ok(())
    }

    /// The tasks have to be opened anew.
    pub(super) fn lost(&mut self, actions: &mut Vec<StreamAction>) {
        self.phase = Phase::Running;
        self.is_open = false;
        self.produced.clear();
        let ids: Vec<_> = self.tasks.keys().cloned().collect();
        for id in ids {
            self.revoked(&id, actions);
            actions.push(StreamAction::Reopen(id));
        }
    }
}

/// Whether an input is past where it began.
fn has_begun(held: &super::held::Held, positions: &crate::stream::PositionsRecord) -> bool {
    held.assignment.inputs.iter().any(|input| {
        let position = positions.inputs.get(&input.partition.to_string());
        position.is_some_and(|position| position.offset > input.begin.0)
    })
}

/// Writes a commit into the stores, each family in one batch.
fn apply(
    task: &mut crate::stream::StreamTask,
    part: &Part,
    watched: &(dyn Fn(StoreIndex) -> bool + Send + Sync),
    now: Timestamp,
) -> Result<Vec<AppliedStore>, lentic_store::Error> {
    let mut batches: Vec<(Arc<dyn Store>, WriteBatch)> = Vec::new();
    let mut stores = Vec::new();
    let is_watched = part.offsets.keys().any(|index| watched(*index));
    let records = if is_watched { records(task, part)? } else { BTreeMap::new() };
    let indexes: Vec<_> = task.state().indexes().collect();
    for index in indexes {
        let Some(family) = task.state().family(index).map(Arc::clone) else { continue };
        let place = batches.iter().position(|(other, _)| Arc::ptr_eq(other, &family));
        let place = place.unwrap_or_else(|| {
            batches.push((family, WriteBatch::default()));
            batches.len() - 1
        });
        let offsets = part.offsets.get(&index).map_or(&[][..], Vec::as_slice);
        task.state().write(index, offsets, now, &mut batches[place].1);
        if let Some(position) = task.state().place(index).and_then(crate::stream::Place::position) {
            let records = records.get(&index).cloned().unwrap_or_default();
            let oldest = task.state().oldest(index);
            stores.push(AppliedStore { index, position, records, oldest });
        }
    }
    for (family, batch) in batches {
        if !batch.is_empty() {
            family.apply(&batch)?;
        }
    }
    Ok(stores)
}

/// The changelogs' records of a commit, for who watches.
fn records(
    task: &mut crate::stream::StreamTask,
    part: &Part,
) -> Result<BTreeMap<StoreIndex, Arc<RecordBatch>>, lentic_store::Error> {
    let (mut batches, mut counts) = (BTreeMap::<_, RecordBatch>::new(), BTreeMap::<_, usize>::new());
    task.state().changes(&mut |index, changed| {
        let count = counts.entry(index).or_default();
        let offset = part.offsets.get(&index).and_then(|offsets| offsets.get(*count));
        *count += 1;
        if let Some(offset) = offset {
            batches.entry(index).or_default().push(
                *offset,
                changed.timestamp,
                Some(changed.key),
                changed.value,
            );
        }
    })?;
    Ok(batches.into_iter().map(|(index, batch)| (index, Arc::new(batch))).collect())
}
