//! How far a store has come in its log.
use serde::{Deserialize, Serialize};

use crate::{Offset, Timestamp, TopicId};

/// A place in one partition of one creation of a topic: everything below `offset` is contained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which creation of the topic.
    pub topic: TopicId,
    /// The next offset to read.
    pub offset: Offset,
    /// The leader epoch of the last record below `offset` (embedded log: the number of a start), -1 where unknown.
    /// A log whose epoch for that offset differs has diverged from what the store holds.
    pub epoch: i32,
}

/// How much of its log a store holds, as its freshness is stated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The next offset to apply.
    pub position: Offset,
    /// The log's end as `read_uncommitted` sees it, when last learnt.
    pub end: Offset,
    /// When the fetch began that last proved the store current.
    pub current_at: Option<Timestamp>,
}

impl Progress {
    /// Records between the position and the end.
    pub fn lag(self) -> u64 {
        self.end.0.saturating_sub(self.position.0)
    }
}

impl Default for Timestamp {
    fn default() -> Self {
        Self::NONE
    }
}
