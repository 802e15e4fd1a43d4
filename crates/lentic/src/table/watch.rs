//! Watching rows: a snapshot, then every change.
use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use lentic_types::{Offset, PartitionId, Timestamp};

use super::RawTable;
use crate::ReadError;

/// Which keys are watched (bytes as in the log).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All.
    All,
    /// One.
    Key(Vec<u8>),
    /// Those that begin so.
    Prefix(Vec<u8>),
}

/// A place in the changes of all partitions, as clients carry it (`Last-Event-ID`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventId {}

impl fmt::Display for EventId {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

impl FromStr for EventId {
    type Err = ReadError;
    fn from_str(_text: &str) -> Result<Self, ReadError> {
        todo!()
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

/// An open watch. One reader owns it; dropping it ends it.
pub struct Watch {}

impl Watch {
    /// Appends what there is, at most about `max` events, to `events`. Returns whether there is more right now. May
    /// read the disk or the log: call it where blocking is fine. `Err(TooMany("watch_buffer_bytes"))`: the reader
    /// was too slow and is cut off.
    pub fn poll(&mut self, _max: usize, _events: &mut Vec<WatchEvent>) -> Result<bool, ReadError> {
        todo!()
    }

    /// Calls `wake` once as soon as [`Watch::poll`] has something (at once if it has) or the watch has ended.
    pub fn when_ready(&mut self, _wake: Box<dyn FnOnce() + Send>) {
        todo!()
    }

    /// The id after the last event returned; it covers all partitions. Meaningful once the snapshot is complete.
    pub fn id(&self) -> EventId {
        todo!()
    }
}

impl RawTable {
    /// Opens a watch. The caller has been admitted before.
    pub fn watch(&self, _filter: Filter, _start: WatchStart) -> Result<Watch, ReadError> {
        todo!()
    }
}
