//! Writing to a log.
use std::time::Duration;

use lentic_types::{Offset, OutgoingRecord, Timestamp};

use super::Result;

/// Where an appended record went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Its offset.
    pub offset: Offset,
    /// Its timestamp as the log keeps it.
    pub timestamp: Timestamp,
}

/// Learns the outcome of an append.
pub type Acked = Box<dyn FnOnce(Result<Ack>) + Send>;

/// Records that become visible together or not at all. Dropping it aborts it, without making the caller wait.
pub trait Transaction: Send {
    /// Produces a record and waits for its offset. The record is visible to nobody yet, and in its partition every
    /// record that becomes visible below that offset was there before.
    fn produce(&mut self, record: OutgoingRecord, timeout: Duration) -> Result<Ack>;

    /// Produces many; waits for all offsets once, in the order given. One that is refused leaves only the abort.
    fn produce_all(&mut self, records: Vec<OutgoingRecord>, timeout: Duration) -> Result<Vec<Ack>>;

    /// Makes all visible. [`super::Error::Unknown`] if the outcome could not be learnt.
    fn commit(self: Box<Self>, timeout: Duration) -> Result<()>;

    /// Takes all back. Waits up to `timeout`; an abort that takes longer fails with [`super::Error::Unavailable`] and goes
    /// on by itself. In no case does anything become visible.
    fn abort(self: Box<Self>, timeout: Duration) -> Result<()>;
}
