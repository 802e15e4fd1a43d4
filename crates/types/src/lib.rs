//! The nouns that every other crate speaks in: topics, partitions, offsets, records, positions, tokens and
//! partitioners. Pure data: nothing here reads a clock, a socket or a disk.
//!
//! ```
//! use lentic_types::{Partitioner, PartitionId};
//! // The partition that Java's default partitioner gives the key "N14228" in a topic of 6 partitions.
//! assert_eq!(Partitioner::Murmur2.partition(b"N14228", 6), PartitionId(2));
//! ```
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod id;
mod partitioner;
mod position;
mod record;
mod table;
mod token;
mod window;

pub use id::{
    InvalidName, Offset, PartitionId, ShardId, TableName, Timestamp, TopicId, TopicName, TopicPartition,
};
pub use partitioner::Partitioner;
pub use position::{Position, Progress};
pub use record::{Header, OutgoingRecord, RecordBatch, RecordView};
pub use table::{FormatName, TableSpec};
pub use token::{InvalidToken, Token};
pub use window::{WindowKind, WindowSpec};
