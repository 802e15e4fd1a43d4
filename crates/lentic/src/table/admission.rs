//! Whether a read may be answered now: freshness as demanded.
use std::time::Duration;

use lentic_types::{Offset, PartitionId, Token};

use super::RawTable;
use crate::ReadError;

/// What a reader demands. The default is a *plain read*: never older than what the log held when the node started.
#[derive(Clone, Debug, Default)]
pub struct Demand {
    /// The store must contain these writes.
    pub at_least: Vec<Token>,
    /// The store must have been proven current this recently. Accepts rows of a table that is still catching up.
    pub max_staleness: Option<Duration>,
}

/// Which partitions a read touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One.
    Partition(PartitionId),
    /// All.
    All,
}

impl From<Option<PartitionId>> for Scope {
    fn from(partition: Option<PartitionId>) -> Self {
        partition.map_or(Self::All, Self::Partition)
    }
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The next offset to apply is at least this.
    Position(Offset),
    /// The partition has caught up with the end that its log had at start.
    CaughtUp,
    /// Anything new.
    Progress,
}

/// The answer to [`RawTable::admit`].
#[derive(Clone, Debug, PartialEq)]
pub enum Admission {
    /// Read now.
    Granted,
    /// Not yet.
    Pending(Pending),
}

/// What stands between a read and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Of which partition.
    pub partition: PartitionId,
    /// Wait for this ([`RawTable::when`]), then ask again.
    pub until: Target,
    /// The error to answer with if waiting takes too long.
    pub error: ReadError,
}

impl RawTable {
    /// Whether a read of `scope` may be answered now. Errors are final; `Pending` says what to wait for.
    pub fn admit(&self, _scope: Scope, _demand: &Demand) -> Result<Admission, ReadError> {
        todo!()
    }

    /// Calls `wake` once `partition` has reached `until`: at once if it has. Dropped uncalled when the table closes.
    /// `wake` must not block.
    pub fn when(&self, _partition: PartitionId, _until: Target, _wake: Box<dyn FnOnce() + Send>) {
        todo!()
    }

    /// Blocks until a read is admitted or `timeout` has passed.
    pub fn wait(&self, _scope: Scope, _demand: &Demand, _timeout: Duration) -> Result<(), ReadError> {
        todo!()
    }
}
