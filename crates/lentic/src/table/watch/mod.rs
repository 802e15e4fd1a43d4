//! Watching rows: a snapshot, then every change.
mod catch_up;
mod event_id;
mod line;
mod live;
mod merged_id;
mod open;
mod snapshot;
mod subscription;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use lentic_types::{Offset, PartitionId, Timestamp};

pub use event_id::EventId;
pub(crate) use line::Line;
pub use merged_id::MergedId;
pub use open::Watch;
pub(crate) use subscription::Subscription;

/// Which keys are watched (bytes as in the log).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All.
    All,
    /// One; where keys are windowed, all of its windows.
    Key(Vec<u8>),
    /// Those that begin so.
    Prefix(Vec<u8>),
}

impl Filter {
    fn matches(&self, key: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Key(wanted) => key == wanted,
            Self::Prefix(prefix) => key.starts_with(prefix),
        }
    }
}

/// Where a watch begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchStart {
    /// With all rows, then changes.
    Snapshot,
    /// With the next change.
    Now,
    /// After this event; a `Reset` and a snapshot where the log no longer tells all that happened since.
    After(EventId),
}

/// What a watch sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchEvent {
    /// A row of the snapshot, or (after [`WatchEvent::SnapshotEnd`]) a put.
    Put {
        /// Key bytes as in the log.
        key: Bytes,
        /// Value bytes as in the log.
        value: Bytes,
        /// The record's timestamp.
        timestamp: Timestamp,
        /// Its partition.
        partition: PartitionId,
        /// Its offset: the token.
        offset: Offset,
        /// Whether this is a row of the snapshot.
        snapshot: bool,
    },
    /// A delete.
    Delete {
        /// Key bytes as in the log.
        key: Bytes,
        /// The record's timestamp.
        timestamp: Timestamp,
        /// Its partition.
        partition: PartitionId,
        /// Its offset.
        offset: Offset,
    },
    /// The snapshot is complete.
    SnapshotEnd,
    /// Continuity is lost: forget the rows, a snapshot follows. The text says why.
    Reset(String),
}
