//! Rows from another node instead of from the log: a new owner or standby of a shard is there sooner so, and the brokers have
//! nothing to do with it.
mod block;
mod given;
mod taken;

use std::fmt;

use lentic_store::layout::PositionRecord;
use lentic_types::{PartitionId, TopicId};

use crate::Holder;

pub use block::Block;
pub use given::Seed;
pub(crate) use taken::{Taken, take};

/// What one node asks another for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedQuestion {
    /// The name of the table, which may be known to nodes alone.
    pub table: String,
    /// The partition.
    pub partition: PartitionId,
    /// The creation of its topic.
    pub topic: TopicId,
    /// How its keys lie in the store, in words: rows that lie otherwise are of no use.
    pub layout: String,
    /// Only rows behind this key, in the bytes of the store.
    pub after: Option<Vec<u8>>,
}

/// The way to other nodes' rows: whatever speaks with them has it ([`crate::Node::set_seeds`]).
pub trait Seeds: Send + Sync {
    /// Asks a node. Blocks for a short time. `Err`: it doesn't give them, in words.
    fn ask(&self, holder: &Holder, question: &SeedQuestion) -> Result<Box<dyn SeedStream>, String>;
}

/// An answer: the position, then all rows in the order of their keys.
pub trait SeedStream: Send {
    /// What the answer begins with.
    fn head(&self) -> &SeedHead;

    /// The next rows; `None`: these were all. `Err`: the answer broke off, in words. Blocks as long as there is hope.
    fn next(&mut self) -> Result<Option<Block>, String>;
}

/// What stands before the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedHead {
    /// The position that the rows have reached at least, as it lies in a store.
    pub record: PositionRecord,
    /// About so many rows there are.
    pub rows: u64,
}

impl SeedHead {
    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.rows.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.record.to_bytes());
        bytes
    }

    /// `None`: of another release.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (rows, record) = bytes.split_first_chunk::<8>()?;
        let record = PositionRecord::from_bytes(record).ok()?;
        Some(Self { record, rows: u64::from_be_bytes(*rows) })
    }
}

/// Why rows are not given.
#[derive(Debug)]
pub enum SeedError {
    /// This node has no such partition, or not yet.
    NotHere,
    /// It has other ones than are asked for.
    Other,
    /// The store failed.
    Store(lentic_store::Error),
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHere => f.write_str("the partition's rows are not on this node, or not all of them yet"),
            Self::Other => f.write_str("the rows here are of another topic, or their keys lie otherwise"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SeedError {}
