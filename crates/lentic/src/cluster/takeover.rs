//! The thread that deals with what predecessors left: it executes the steps of each shard's ownership.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use lentic_cluster::{HolderRecord, Holders, OwnershipInput, OwnershipStep};
use lentic_engine::log::{self, RecordRef};
use lentic_types::{Offset, PartitionId, ShardId, Timestamp, TopicPartition};

use super::clock;
use crate::NodeError;
use crate::node::{Shared, pause, vital_thread};
use crate::span::{Span, read_through};

const TICK: Duration = Duration::from_millis(10);

/// How long one step may take before it is tried again.
const PATIENCE: Duration = Duration::from_secs(30);

/// After a step that failed.
const RETRY: Duration = Duration::from_millis(300);

pub(super) fn spawn(shared: &Arc<Shared>) -> Result<JoinHandle<()>, NodeError> {
    vital_thread(shared, "take-over", |shared| {
        let mut complained = false;
        while !shared.is_stopping() {
            match round(shared) {
                Ok(did_something) => {
                    complained = false;
                    if !did_something {
                        pause(TICK);
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut complained, true) {
                        tracing::warn!("shards can't be taken over yet, it is tried again: {error}");
                    }
                    pause(RETRY);
                }
            }
        }
    })
}

/// One step of every shard that has one to do; shards in the same step do it together.
fn round(shared: &Shared) -> log::Result<bool> {
    let (mut looking, mut claims, mut bounding) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
    let (mut taking_over, mut rolling) = (BTreeMap::new(), BTreeMap::new());
    for (shard, ownership) in shared.cluster.ownerships().iter() {
        match ownership.step() {
            OwnershipStep::ReadHolders => drop(looking.insert(*shard)),
            OwnershipStep::TakeOver(ids) => drop(taking_over.insert(*shard, ids)),
            OwnershipStep::Claim(record) => claims.push((*shard, record)),
            OwnershipStep::FetchEnds => drop(bounding.insert(*shard)),
            OwnershipStep::RollForward(left) => rolling.extend(left),
            _ => {}
        }
    }
    let is_idle = looking.is_empty()
        && taking_over.is_empty()
        && claims.is_empty()
        && bounding.is_empty()
        && rolling.is_empty();
    if is_idle {
        return Ok(false);
    }
    if !looking.is_empty() {
        read_holders(shared, &looking)?;
    }
    if !taking_over.is_empty() {
        let ids: BTreeSet<_> = taking_over.values().flatten().cloned().collect();
        tracing::info!(ids = ids.len(), "taking over what was left open");
        if let Some(kafka) = &shared.cluster.kafka {
            kafka.take_over(&ids.into_iter().collect::<Vec<_>>())?;
        }
        tell(shared, taking_over.keys(), &OwnershipInput::TakenOver);
    }
    if !claims.is_empty() {
        match shared.write_holders(&claims, PATIENCE) {
            Ok(()) => tell(shared, claims.iter().map(|(shard, _)| shard), &OwnershipInput::Claimed),
            // The group tells what is not this node's any more.
            Err(error) => return Err(error),
        }
    }
    if !bounding.is_empty() {
        let topic = shared.shards_topic()?;
        let sources =
            || bounding.iter().map(|shard| TopicPartition::new(topic.clone(), PartitionId(shard.0)));
        let found = shared.log.bounds(&sources().collect::<Vec<_>>())?;
        for ((shard, source), bounds) in bounding.iter().zip(sources()).zip(found) {
            let ends = BTreeMap::from([(source, bounds?.end)]);
            tell(shared, [shard], &OwnershipInput::Ends(ends));
        }
    }
    if !rolling.is_empty() {
        roll_forward(shared, rolling)?;
    }
    Ok(true)
}

fn tell<'a>(shared: &Shared, shards: impl IntoIterator<Item = &'a ShardId>, input: &OwnershipInput) {
    let mut ownerships = shared.cluster.ownerships();
    for shard in shards {
        if let Some(ownership) = ownerships.get_mut(shard) {
            ownership.handle(input.clone());
        }
    }
}

/// Committed records up to the last stable offset. A claim beyond it is of a process that died while it claimed: nothing else
/// of it is open, and the brokers' timeout ends that. It may also live and become the active one: its lease is waited for.
fn read_holders(shared: &Shared, shards: &BTreeSet<ShardId>) -> log::Result<()> {
    let mut found: BTreeMap<ShardId, Holders> =
        shards.iter().map(|shard| (*shard, Holders::default())).collect();
    let topic = shared.shards_topic()?;
    let partitions: Vec<_> =
        shards.iter().map(|shard| TopicPartition::new(topic.clone(), PartitionId(shard.0))).collect();
    let (mut spans, mut ends) = (Vec::new(), Vec::new());
    for (partition, bounds) in partitions.iter().zip(shared.log.bounds(&partitions)?) {
        let bounds = bounds?;
        spans.push(Span { partition: partition.clone(), from: bounds.start, to: None });
        ends.push((partition, bounds.end));
    }
    let read_to = read_through(
        &*shared.log,
        spans,
        PATIENCE,
        &|| shared.is_stopping(),
        &mut |partition, key, value| {
            if key == HolderRecord::KEY
                && let Ok(record) = HolderRecord::from_bytes(value)
                && let Some(holders) = found.get_mut(&ShardId(partition.partition.0))
            {
                holders.committed(record);
            }
        },
    )?;
    for (partition, end) in ends {
        if read_to.get(partition).is_none_or(|read_to| *read_to < end)
            && let Some(holders) = found.get_mut(&ShardId(partition.partition.0))
        {
            holders.more();
        }
    }
    let own = &shared.cluster.process;
    for (shard, holders) in found {
        if holders.have_ended() || shared.held_here_before(&holders, own) {
            shared.cluster.change_lease(|lease| lease.released(shard, clock::now_ms()));
        }
        tell(shared, [&shard], &OwnershipInput::Holders(holders));
    }
    Ok(())
}

fn roll_forward(shared: &Shared, ends: BTreeMap<TopicPartition, Offset>) -> log::Result<()> {
    let partitions: Vec<_> = ends.keys().cloned().collect();
    let mut spans = Vec::new();
    for ((partition, end), bounds) in ends.iter().zip(shared.log.bounds(&partitions)?) {
        // What is before the end was looked at: whether reading comes past it is what counts.
        let from = Offset(end.0.saturating_sub(1)).max(bounds?.start);
        spans.push(Span { partition: partition.clone(), from, to: Some(*end) });
    }
    read_through(&*shared.log, spans, PATIENCE, &|| shared.is_stopping(), &mut |_, _, _| {})?;
    for (partition, end) in ends {
        let shard = ShardId(partition.partition.0);
        tell(shared, [&shard], &OwnershipInput::ReadTo(partition, end));
    }
    Ok(())
}

impl Shared {
    /// Writes holder records in one transaction under the fence of their shards.
    pub(super) fn write_holders(
        &self,
        records: &[(ShardId, HolderRecord)],
        timeout: Duration,
    ) -> log::Result<()> {
        let topic = self.shards_name();
        let mut transaction = self.log.begin_bulk(timeout)?;
        for (shard, record) in records {
            let value = record.to_bytes();
            transaction.send(&RecordRef {
                topic: &topic,
                partition: PartitionId(shard.0),
                key: Some(HolderRecord::KEY),
                value: Some(&value),
                timestamp: Timestamp::NONE,
                headers: &[],
            })?;
        }
        transaction.flush(timeout)?;
        let shards: Vec<_> = records.iter().map(|(shard, _)| PartitionId(shard.0)).collect();
        transaction.fence(&shards, timeout)?;
        transaction.commit(timeout)
    }

    /// Whether whoever holds a shard was an earlier process in this node's data directory, whose lock proves that it has ended.
    fn held_here_before(&self, holders: &Holders, own: &lentic_cluster::Process) -> bool {
        holders.last().is_some_and(|last| last.process.node == own.node && self.was_here(last.process.start))
    }
}
