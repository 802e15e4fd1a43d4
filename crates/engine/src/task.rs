//! A task: one partition of one subtopology of one query, and what readers may know of it.
use std::fmt;
use std::sync::Arc;

use lentic_store::layout::Incarnation;
use lentic_types::{Offset, PartitionId, Progress, ShardId, Timestamp};

/// A task's identity: stable names, never ordinals, so that an edit elsewhere moves nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    /// The query's or table's name.
    pub query: Arc<str>,
    /// The subtopology's name; of a table over a topic: `table`.
    pub subtopology: Arc<str>,
    /// The partition of its input.
    pub partition: PartitionId,
}

impl TaskId {
    /// The task that keeps one partition of a table over a topic.
    pub fn of_table(table: &str, partition: PartitionId) -> Self {
        Self { query: Arc::from(table), subtopology: Arc::from("table"), partition }
    }

    /// The shard it belongs to, of `shards` (at least 1): neighbours in partition number are neighbours in shard.
    pub fn shard(&self, shards: u32) -> ShardId {
        let mut name = Vec::with_capacity(self.query.len() + 1 + self.subtopology.len());
        name.extend_from_slice(self.query.as_bytes());
        name.push(0);
        name.extend_from_slice(self.subtopology.as_bytes());
        let hash = xxhash_rust::xxh3::xxh3_64(&name);
        ShardId((hash.wrapping_add(u64::from(self.partition.0)) % u64::from(shards.max(1))) as u32)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}_{}", self.query, self.subtopology, self.partition)
    }
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskState {
    /// Nothing is known yet.
    #[default]
    Starting,
    /// The first build of its rows: nothing can be read.
    Restoring,
    /// A new build while the old rows can be read.
    Rebuilding,
    /// Continues from its position; has not reached the end that the log had at start.
    CatchingUp,
    /// Has reached that end; stays so.
    Live,
    /// Can't go on; its topic is gone ([`crate::Worker::fail`]).
    Failed,
}

/// What readers need to know of a task; a value, replaced at each change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskView {
    /// Where it stands.
    pub state: TaskState,
    /// Whose rows are whole; meaningless in `Starting` and `Restoring`.
    pub incarnation: Incarnation,
    /// Position, end, proof.
    pub progress: Progress,
    /// The end to reach before plain reads are answered.
    pub target: Offset,
    /// Rows below this read as absent.
    pub log_start: Offset,
    /// Rows below this were removed, and who watches was told of each.
    pub purged: Offset,
    /// See [`lentic_store::layout::PositionRecord::partitioners`].
    pub partitioners: u8,
    /// Records without a key, skipped.
    pub null_keys: u64,
    /// Whether reading stands before an open transaction.
    pub blocked: bool,
    /// Windows that start (sessions: end) before this read as absent.
    pub oldest: Option<Timestamp>,
}
