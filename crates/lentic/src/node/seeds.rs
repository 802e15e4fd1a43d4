//! The way to the rows that other nodes have, once there is one.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Node, Shared, now, pause};
use crate::RawTable;
use crate::seed::Seeds;

/// Between two looks for it.
const LOOK: Duration = Duration::from_millis(20);

#[derive(Default)]
pub(super) struct SeedsPlace {
    way: Mutex<Option<Arc<dyn Seeds>>>,
    rows: AtomicU64,
}

impl Node {
    /// From now on partitions that are built anew take their rows from nodes that have them, in this way.
    pub fn set_seeds(&self, seeds: Arc<dyn Seeds>) {
        *self.shared.seeds.way.lock().unwrap_or_else(PoisonError::into_inner) = Some(seeds);
    }

    /// Rows that were taken over from other nodes since the start.
    pub fn seeded_rows(&self) -> u64 {
        self.shared.seeds.rows.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// The way, once it is known who the others are. `None`: there is none; a node that has just started may find it for so
    /// long. Blocks.
    pub(crate) fn seeds_or_wait(&self, after_start: Duration) -> Option<Arc<dyn Seeds>> {
        if self.cluster.is_alone() {
            return None;
        }
        loop {
            let way = self.seeds.way.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if way.is_some() && self.cluster.has_heard() {
                return way;
            }
            let is_over = now().millis_since(self.cluster.started_at()) > after_start.as_millis() as u64;
            if is_over || self.inbox.stopped() {
                return None;
            }
            pause(LOOK);
        }
    }

    pub(crate) fn count_seeded(&self, rows: u64) {
        self.seeds.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// A table by name, one that the node alone knows included.
    pub(crate) fn named(&self, name: &str) -> Option<RawTable> {
        self.registry.table(name)
    }
}
