//! The thread that brings what is on this node in line with what the group and the others say.
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lentic_engine::log;
use lentic_types::{Offset, ShardId, TopicPartition};

use super::clock;
use super::keep::Kept;
use crate::NodeError;
use crate::node::{Shared, vital_thread};

/// Between two looks where nobody tells of a change.
const TICK: Duration = Duration::from_millis(100);

/// Between two looks at what partitions left behind that went long ago.
const CLEAN: Duration = Duration::from_secs(30);

/// Ends that a shard has to reach before it counts as active, and when they were asked for.
type Targets = BTreeMap<ShardId, (u64, BTreeMap<TopicPartition, Offset>)>;

pub(super) fn spawn(shared: &Arc<Shared>) -> Result<JoinHandle<()>, NodeError> {
    vital_thread(shared, "placement", |shared| {
        let (mut targets, mut clean_at) = (Targets::new(), Instant::now() + CLEAN);
        while !shared.is_stopping() {
            let _ = shared.cluster.nudged.recv_timeout(TICK);
            keep(shared);
            shared.open_owned_tasks();
            activate(shared, &mut targets);
            if Instant::now() >= clean_at {
                clean_at = Instant::now() + CLEAN;
                shared.remove_left_behind();
            }
        }
    })
}

/// Partitions come and go with their shards.
fn keep(shared: &Arc<Shared>) {
    let cluster = &shared.cluster;
    if !cluster.is_settled() {
        return;
    }
    let mut given_up = cluster.given_up.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = cluster.to_keep(cluster.replicas(), &given_up);
    given_up.retain(|shard| kept.contains(shard));
    drop(given_up);
    let kept = Kept::Some(kept);
    if **cluster.kept.load() != kept {
        cluster.kept.store(Arc::new(kept));
        shared.place_tables();
    }
}

/// A shard is served once it has reached the ends that its logs had when the group gave it, and active once it has reached those
/// that they had when its predecessor could answer no more.
fn activate(shared: &Shared, targets: &mut Targets) {
    let cluster = &shared.cluster;
    let now = clock::now_ms();
    // Who has not claimed it yet is nobody whose lease the next one would wait for.
    let waiting: Vec<_> =
        cluster.lease.load().to_catch_up(now).filter(|shard| cluster.runs(*shard).is_some()).collect();
    targets.retain(|shard, _| waiting.contains(shard));
    let new: Vec<_> = waiting.iter().filter(|shard| !targets.contains_key(shard)).copied().collect();
    if !new.is_empty() {
        let sources = shared.sources_of(&new);
        let partitions: Vec<_> = sources.iter().map(|(_, source)| source.clone()).collect();
        let asked = clock::now_ms();
        let Ok(found) = shared.log.bounds(&partitions) else { return };
        let mut ends: Targets = new.into_iter().map(|shard| (shard, (asked, BTreeMap::new()))).collect();
        for ((shard, source), bounds) in sources.into_iter().zip(found) {
            match (bounds, ends.get_mut(&shard)) {
                (Ok(bounds), Some((_, ends))) => drop(ends.insert(source, bounds.end)),
                // What is gone has no end.
                (Err(log::Error::NoSuchTopic(_)), _) | (Ok(_), None) => {}
                // Asked for again.
                (Err(_), _) => drop(ends.remove(&shard)),
            }
        }
        targets.append(&mut ends);
    }
    let reached: Vec<_> = targets
        .iter()
        .filter(|(shard, (_, ends))| shared.has_reached(**shard, ends))
        .map(|(shard, (asked, _))| (*shard, *asked))
        .collect();
    if !reached.is_empty() {
        cluster
            .change_lease(|lease| reached.iter().for_each(|(shard, asked)| lease.caught_up(*shard, *asked)));
        targets.retain(|shard, _| !reached.iter().any(|(done, _)| done == shard));
    }
}
