//! Clock and chance for queries.
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use lentic_sql::function::World;

/// The machine's clock, and random bits.
#[derive(Default)]
pub(super) struct Outside {
    keys: RandomState,
    drawn: AtomicU64,
}

impl World for Outside {
    fn now_ms(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64
    }

    fn random_bits(&self) -> u64 {
        // SipHash of a counter under random keys.
        self.keys.hash_one(self.drawn.fetch_add(1, Ordering::Relaxed))
    }
}
