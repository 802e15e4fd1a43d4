//! Writing much: what stream processing sends between two commits.
use std::time::Duration;

use lentic_types::{Header, Offset, PartitionId, Timestamp, TopicName};

use super::Result;

/// A record to be sent, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a> {
    /// Where to.
    pub topic: &'a TopicName,
    /// The partition.
    pub partition: PartitionId,
    /// `None` is Kafka's null key.
    pub key: Option<&'a [u8]>,
    /// `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Milliseconds; [`Timestamp::NONE`] lets the log set it.
    pub timestamp: Timestamp,
    /// In order.
    pub headers: &'a [Header],
}

/// Sends records without waiting for each. One thread owns it.
pub trait Sender: Send {
    /// Queues a record. Where the queue is full it waits for room, as long as the adapter's settings allow. The order of
    /// the records of a partition is that of the calls.
    fn send(&mut self, record: &RecordRef<'_>) -> Result<()>;

    /// Waits until everything sent since the last flush is acknowledged; its offsets, in the order sent. With an error,
    /// which of the records are in the log is not known, and the sender is of no use any more.
    fn flush(&mut self, timeout: Duration) -> Result<Vec<Offset>>;
}

/// Much that becomes visible together or not at all. Dropping it aborts it.
///
/// On the embedded log the partitions written to are held from the first [`Sender::flush`] on: flush when the commit is
/// near.
pub trait BulkTransaction: Sender {
    /// Makes the commit depend on this node's membership: it fails with [`super::Error::Fenced`] if the group has given the
    /// node's place to somebody else. Everything sent must be flushed. `shards` are those that the records are about.
    fn fence(&mut self, shards: &[PartitionId], timeout: Duration) -> Result<()>;

    /// Makes all visible. [`super::Error::Unknown`] and [`super::Error::Fenced`]: nobody knows; any other error: it is
    /// aborted.
    fn commit(self: Box<Self>, timeout: Duration) -> Result<()>;

    /// Takes all back, as [`super::Transaction::abort`] does.
    fn abort(self: Box<Self>, timeout: Duration) -> Result<()>;
}
