//! The contract of a log: what Kafka and the embedded log both do for a node.
//!
//! Blocking calls take no longer than the settings of the adapter allow and fail with [`Error::Unavailable`] then.
//! `lentic_testkit::log_contract` tests every promise of this module on both.
mod bulk;
mod error;
mod reader;
mod topic;
mod write;

use std::sync::Arc;
use std::time::Duration;

use lentic_types::{Offset, OutgoingRecord, PartitionId, TopicName, TopicPartition};

pub use bulk::{BulkTransaction, RecordRef, Sender};
pub use error::{Error, Result};
pub use reader::{Polled, ReadFrom, Reader, ReaderOptions};
pub use topic::{CleanupPolicy, Topic, TopicSettings};
pub use write::{Ack, Acked, Transaction};

/// The ends of a partition's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The first offset that is still there.
    pub start: Offset,
    /// The next offset to be written, as `read_uncommitted` sees it.
    pub end: Offset,
}

/// A log. Shared by all threads of a node.
pub trait Log: Send + Sync {
    /// What makes this log itself: Kafka's cluster id, the embedded log's own id. State built from one log is never
    /// continued on another.
    fn identity(&self) -> Result<String>;

    /// A topic's description, or `None` if it doesn't exist.
    fn topic(&self, name: &TopicName) -> Result<Option<Topic>>;

    /// Names of all topics, internal ones of the log itself (`__consumer_offsets`) left out; sorted.
    fn topics(&self) -> Result<Vec<TopicName>>;

    /// Creates a topic with exactly these settings. [`Error::TopicExists`] if there is one already.
    fn create_topic(&self, name: &TopicName, partitions: u32, settings: &TopicSettings) -> Result<Topic>;

    /// Deletes a topic and its records; fine if there is none.
    fn delete_topic(&self, name: &TopicName) -> Result<()>;

    /// Start and end of each partition, in the order given, in as few requests as the log allows. One that can't be
    /// told (no such topic, no leader) neither keeps the others from being told nor delays them. The outer error: the
    /// log can't be asked for any.
    fn bounds(&self, partitions: &[TopicPartition]) -> Result<Vec<Result<Bounds>>>;

    /// Start and end of one partition.
    fn bounds_of(&self, partition: &TopicPartition) -> Result<Bounds> {
        let found = self.bounds(std::slice::from_ref(partition))?.pop();
        found.unwrap_or_else(|| Err(Error::NoSuchTopic(partition.topic.clone())))
    }

    /// The leader epoch of the last record below `offset` (embedded: the number of the start that wrote it),
    /// and `None` where the log can't say. A position whose epoch differs from this has diverged from the log.
    fn epoch_below(&self, partition: &TopicPartition, offset: Offset) -> Result<Option<i32>>;

    /// A reader with nothing assigned, which sees committed records only.
    fn reader(&self, options: ReaderOptions) -> Result<Box<dyn Reader>>;

    /// Appends through the node's one idempotent producer, with acks=all. Never blocks: where the queue is full,
    /// `acked` is called with [`Error::QueueFull`]. It is called exactly once, from any thread, and must not block.
    fn append(&self, record: OutgoingRecord, acked: Acked);

    /// Opens a transaction. Waits up to `timeout` if as many are open as the adapter has producers for.
    fn begin(&self, timeout: Duration) -> Result<Box<dyn Transaction>>;

    /// A sender of its own, for much: at least once, in batches, acknowledged by all replicas.
    fn sender(&self) -> Result<Box<dyn Sender>>;

    /// Opens a transaction for much. Waits up to `timeout` for it.
    fn begin_bulk(&self, timeout: Duration) -> Result<Box<dyn BulkTransaction>>;

    /// Fails with [`Error::Fenced`] if the group has given this node's place to somebody else: the fence of who writes
    /// without transactions. `shards`: see [`BulkTransaction::fence`].
    fn fence(&self, shards: &[PartitionId], timeout: Duration) -> Result<()>;

    /// The generation of the group's assignment; it grows with each. 0 where there is no group.
    fn generation(&self) -> i64;

    /// Deletes the records below these offsets, sooner or later; what isn't there is fine.
    fn delete_records(&self, before: &[(TopicPartition, Offset)]) -> Result<()>;

    /// Whether the log answers at the moment; does not block. The text says what is wrong.
    fn health(&self) -> Result<(), String>;

    /// Waits up to `timeout` until everything appended is acknowledged, and lets go of all resources.
    fn close(&self, timeout: Duration);
}

/// A log as it is handed around.
pub type SharedLog = Arc<dyn Log>;
