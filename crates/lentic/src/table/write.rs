//! Writing rows: through the log, always.
use std::time::Duration;

use bytes::Bytes;
use lentic_types::{Offset, PartitionId, Timestamp, Token};

use super::RawTable;
use crate::WriteError;

/// A put, or a delete where `value` is `None`. Bytes as they go to the log: validated by the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Option<Bytes>,
}

/// A write that the log has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where.
    pub partition: PartitionId,
    /// Its offset: wait for `Target::Position(offset.next())` to see it in reads.
    pub offset: Offset,
    /// Its timestamp.
    pub timestamp: Timestamp,
    /// The same as a token.
    pub token: Token,
}

/// What must hold for a conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The row exists and its token is one of these.
    Is(Vec<Token>),
    /// There is no row.
    Absent,
    /// There is a row.
    Present,
}

impl RawTable {
    /// Appends one write; `done` is called once, from any thread, and must not block. Never blocks.
    pub fn write(&self, _write: Write, _done: Box<dyn FnOnce(Result<Written, WriteError>) + Send>) {
        todo!()
    }

    /// Compare-and-set, decided by the log: linearizable. Blocks up to `timeout`.
    pub fn write_if(&self, _write: Write, _condition: &Condition, _timeout: Duration) -> Result<Written, WriteError> {
        todo!()
    }

    /// All writes in one transaction, visible together per partition. Blocks up to `timeout`.
    pub fn write_all(&self, _writes: Vec<Write>, _timeout: Duration) -> Result<Vec<Written>, WriteError> {
        todo!()
    }
}
