//! What the group gives and takes, and what this node does about it before it answers.
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, PoisonError, Weak};
use std::time::Duration;

use lentic_cluster::{HolderRecord, Ownership, OwnershipInput, OwnershipStep};
use lentic_log_kafka::membership::Listener;
use lentic_types::ShardId;

use super::{Cluster, clock};
use crate::node::Shared;

/// How long the release of shards may take: the group waits.
const RELEASE: Duration = Duration::from_secs(5);

/// Hears the group. It is there before the node is.
pub(crate) struct Group {
    cluster: Arc<Cluster>,
    node: OnceLock<Weak<Shared>>,
}

impl Group {
    pub(crate) fn new(cluster: Arc<Cluster>) -> Self {
        Self { cluster, node: OnceLock::new() }
    }

    /// The node is there: what is taken from it is ended first.
    pub(crate) fn attach(&self, node: &Arc<Shared>) {
        let _ = self.node.set(Arc::downgrade(node));
    }

    fn node(&self) -> Option<Arc<Shared>> {
        self.node.get().and_then(Weak::upgrade)
    }
}

impl Listener for Group {
    fn assigned(&self, given: &BTreeSet<ShardId>, generation: i64) {
        let cluster = &self.cluster;
        tracing::info!(generation, shards = given.len(), "the group gave shards");
        let ids = cluster.kafka.as_ref().map(|kafka| kafka.transactional_ids()).unwrap_or_default();
        cluster.change_lease(|lease| {
            lease.assigned(given.iter().copied(), generation, clock::now_ms());
        });
        let mut ownerships = cluster.ownerships();
        for shard in given {
            let ownership = Ownership::new(cluster.process.clone(), ids.clone(), generation);
            ownerships.insert(*shard, ownership);
        }
        drop(ownerships);
        cluster
            .given_up
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|shard| !given.contains(shard));
        cluster.has_joined.store(true, Ordering::Release);
        cluster.nudge();
    }

    fn revoked(&self, taken: &BTreeSet<ShardId>) {
        let cluster = &self.cluster;
        tracing::info!(shards = taken.len(), "the group takes shards back");
        let now = clock::now_ms();
        let lease = cluster.lease.load();
        let waiting: BTreeSet<_> = taken.iter().filter(|shard| lease.waits(**shard, now)).copied().collect();
        // First: from here on nobody is answered as by the active one, and no task is opened.
        cluster.change_lease(|lease| lease.revoked(taken.iter().copied()));
        let mut ownerships = cluster.ownerships();
        for shard in taken {
            if let Some(ownership) = ownerships.get_mut(shard) {
                ownership.handle(OwnershipInput::Revoked);
            }
        }
        drop(ownerships);
        let node = self.node();
        if let Some(node) = &node {
            node.give_up_tasks(taken);
        }
        let mut releases = Vec::new();
        let mut ownerships = cluster.ownerships();
        for shard in taken {
            let Some(mut ownership) = ownerships.remove(shard) else { continue };
            if let OwnershipStep::Release(record) = ownership.handle(OwnershipInput::Finished) {
                releases.push((*shard, HolderRecord { waits: waiting.contains(shard), ..record }));
            }
        }
        drop(ownerships);
        if let Some(node) = node.filter(|_| !releases.is_empty())
            && let Err(error) = node.write_holders(&releases, RELEASE)
        {
            // Then the next one takes over.
            tracing::debug!("shards were given up without a word: {error}");
        }
        cluster.given_up.lock().unwrap_or_else(PoisonError::into_inner).extend(taken);
        cluster.nudge();
    }

    fn lost(&self, taken: &BTreeSet<ShardId>) {
        let cluster = &self.cluster;
        tracing::warn!(shards = taken.len(), "the group has dropped this node");
        cluster.change_lease(|lease| lease.revoked(taken.iter().copied()));
        cluster.ownerships().retain(|shard, _| !taken.contains(shard));
        if let Some(node) = self.node() {
            node.lose_tasks(taken);
        }
        cluster.given_up.lock().unwrap_or_else(PoisonError::into_inner).extend(taken);
        cluster.nudge();
    }
}
