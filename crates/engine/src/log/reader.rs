//! Reading a log.
use std::sync::Arc;
use std::time::Duration;

use lentic_types::{Offset, RecordBatch, TopicPartition};

use super::{Error, Result};

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFrom {
    /// At exactly this offset; [`Polled::OutOfRange`] if the log doesn't reach there.
    Offset(Offset),
    /// The same for who has read everything below: [`Polled::OutOfRange`] also where the log tells that the last record
    /// below `offset` is not of this leader epoch (-1: unknown, nothing is compared), because an end was lost and
    /// written anew.
    Position {
        /// The next offset to read.
        offset: Offset,
        /// Leader epoch of the last record read.
        epoch: i32,
    },
    /// At the first record that is still there.
    Start,
}

/// How a reader works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderOptions {
    /// For bulk reading: fetch far ahead. Else for the lowest latency.
    pub bulk: bool,
    /// Keep headers.
    pub headers: bool,
    /// A poll returns at most this many bytes of records (or one record).
    pub batch_bytes: usize,
}

impl ReadFrom {
    /// The first offset wanted; `None`: the log's first.
    pub fn offset(self) -> Option<Offset> {
        match self {
            Self::Offset(offset) | Self::Position { offset, .. } => Some(offset),
            Self::Start => None,
        }
    }
}

impl Default for ReaderOptions {
    fn default() -> Self {
        Self { bulk: false, headers: false, batch_bytes: 1 << 20 }
    }
}

/// What a poll found.
#[derive(Clone, Debug)]
pub enum Polled {
    /// Records of one partition, in order, with their leader epoch (-1 unknown) after the last.
    Records {
        /// Whose.
        partition: TopicPartition,
        /// The records: committed ones only, never empty.
        batch: Arc<RecordBatch>,
        /// Leader epoch of the last record.
        epoch: i32,
    },
    /// Everything committed below `offset` was returned: the end as the reader sees it (with transactions: the last
    /// stable offset, markers and aborted records passed). Comes at each arrival at an end.
    End {
        /// Whose.
        partition: TopicPartition,
        /// The position.
        offset: Offset,
    },
    /// The offset asked for is not in the log (any more, or yet), or the log below it is another than the one that was
    /// read; the partition is no longer assigned.
    OutOfRange {
        /// Whose.
        partition: TopicPartition,
    },
    /// Reading this partition failed; it stays assigned and is retried, unless the error is `NoSuchTopic`.
    Failed {
        /// Whose; `None` concerns all.
        partition: Option<TopicPartition>,
        /// Why.
        error: Error,
    },
}

/// Reads assigned partitions. One thread owns it.
pub trait Reader: Send {
    /// Adds a partition. An assigned one is moved.
    fn assign(&mut self, partition: &TopicPartition, from: ReadFrom) -> Result<()>;

    /// Removes a partition; nothing of it is returned afterwards. Fine if it isn't assigned.
    fn unassign(&mut self, partition: &TopicPartition) -> Result<()>;

    /// Waits up to `timeout` for something and appends all that is there, within the batch size, to `polled`.
    fn poll(&mut self, timeout: Duration, polled: &mut Vec<Polled>) -> Result<()>;
}
