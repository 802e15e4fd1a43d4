//! The writer's side of a partition: the next offset, who holds it, and who waits.
use std::collections::VecDeque;

use crate::chunk::ChunkBuilder;
use crate::queue::{Append, LockRequest};

pub(crate) struct Lane {
    /// The offset of the next record.
    pub(crate) next: u64,
    /// The transaction that holds the append lock.
    pub(crate) holder: Option<u64>,
    /// What came while it was held, in order. Counted by the queue's limits.
    pub(crate) waiting: VecDeque<Waiting>,
    /// The chunk that is being filled.
    pub(crate) chunk: ChunkBuilder,
    /// Whether it is among the partitions of the batch being built.
    pub(crate) touched: bool,
    /// Whether it is among those that wait for a sync.
    pub(crate) unsynced: bool,
    /// Whether this start of the log stands in the partition's epochs.
    pub(crate) epoch_noted: bool,
    pub(crate) deleted: bool,
}

pub(crate) enum Waiting {
    Append(Append),
    Lock(LockRequest),
}

impl Lane {
    pub(crate) fn new(next: u64) -> Self {
        Self {
            next,
            holder: None,
            waiting: VecDeque::new(),
            chunk: ChunkBuilder::default(),
            touched: false,
            unsynced: false,
            epoch_noted: false,
            deleted: false,
        }
    }
}
