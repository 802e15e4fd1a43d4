//! What the examples of the documentation run in.
use std::sync::Arc;

use super::{Context, Topics};
use crate::function::{Registry, World};
use crate::plan::{Planner, ProcessingLog};

struct Still;

impl World for Still {
    fn now_ms(&self) -> i64 {
        0
    }

    fn random_bits(&self) -> u64 {
        0
    }
}

impl ProcessingLog for Still {
    fn report(&self, _: &str, _: &str, _: &str) {}
}

impl Topics for Still {
    fn partitions(&self, _: &str) -> Option<u32> {
        Some(1)
    }
}

/// Topics: whatever is asked for is there, with one partition.
pub fn topics() -> impl Topics {
    Still
}

/// All functions, a clock that stands still.
pub fn context(topics: &dyn Topics) -> Context<'_> {
    let (world, log) = (Arc::new(Still), Arc::new(Still));
    Context { planner: Planner { registry: Arc::new(Registry::standard()), world, log }, topics }
}
