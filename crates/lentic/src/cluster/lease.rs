//! The thread that proves, again and again, that this node still has its place in the group.
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use lentic_engine::log;
use lentic_types::PartitionId;

use super::clock;
use crate::NodeError;
use crate::node::{Shared, pause, vital_thread};

/// Between two fences of a node that commits nothing else.
const EVERY: Duration = Duration::from_millis(700);

/// After one that was not confirmed, and where there is nothing to be proven yet.
const AGAIN: Duration = Duration::from_millis(100);

/// How long one may take.
const TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn spawn(shared: &Arc<Shared>) -> Result<JoinHandle<()>, NodeError> {
    vital_thread(shared, "lease", |shared| {
        while !shared.is_stopping() {
            pause(if prove(shared) { EVERY } else { AGAIN });
        }
    })
}

/// One fence over one of the shards: it is the member that is proven, not the shard. False: it was not.
fn prove(shared: &Shared) -> bool {
    let cluster = &shared.cluster;
    let Some(shard) = cluster.lease.load().owned().next() else { return false };
    let sent = clock::now_ms();
    match shared.log.fence(&[PartitionId(shard.0)], TIMEOUT) {
        Ok(()) => {
            cluster.change_lease(|lease| lease.proven(sent));
            return true;
        }
        Err(log::Error::Fenced) => tracing::warn!("the group does not know this node any more"),
        Err(error) => tracing::debug!("this node's place in the group could not be proven: {error}"),
    }
    false
}
