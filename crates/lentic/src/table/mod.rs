//! A table as bytes: what the server and the typed [`crate::Table`] stand on.
mod admission;
mod read;
mod status;
mod watch;
mod write;

pub use admission::{Admission, Demand, Pending, Scope, Target};
pub use read::{Found, KeyBounds, Row, Scan, ScannedRow};
pub use status::{PartitionStatus, Routing};
pub use watch::{EventId, Filter, Watch, WatchEvent, WatchStart};
pub use write::{Condition, Write, Written};

use lentic_types::{Offset, PartitionId, TableSpec, Token, TopicId};

/// A handle to one table of a node; cheap to clone. Outlives a drop of the table: everything is `Closed` then.
#[derive(Clone)]
pub struct RawTable {}

impl RawTable {
    /// The declaration as it is in force (`read_only` and `partitioner` as changed since).
    pub fn spec(&self) -> TableSpec {
        todo!()
    }

    /// Number of partitions of the topic.
    pub fn partitions(&self) -> u32 {
        todo!()
    }

    /// Which creation of the topic.
    pub fn topic_id(&self) -> TopicId {
        todo!()
    }

    /// How a key finds its partition.
    pub fn routing(&self) -> Routing {
        todo!()
    }

    /// The partition of a key (bytes as in the log), or `None` where keys don't lie by one partitioner.
    pub fn partition_of(&self, _key: &[u8]) -> Option<PartitionId> {
        todo!()
    }

    /// The token of the record at `offset`.
    pub fn token(&self, _partition: PartitionId, _offset: Offset) -> Token {
        todo!()
    }

    /// Per partition: offsets, lag, state. In partition order.
    pub fn status(&self) -> Vec<PartitionStatus> {
        todo!()
    }

    /// What the operator should know (topic not compacted, mixed partitioning, tombstone horizon ...): (stable code,
    /// sentence with the remedy).
    pub fn warnings(&self) -> Vec<(&'static str, String)> {
        todo!()
    }

    /// Estimated number of rows.
    pub fn rows_estimate(&self) -> u64 {
        todo!()
    }
}
