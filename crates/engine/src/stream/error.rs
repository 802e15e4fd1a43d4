//! What can stop a record, a task, or the node.
use std::fmt;

use lentic_topology::DataError;
use lentic_topology::spec::ProcessError;
use lentic_types::TopicPartition;

/// Why processing can't go on as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// The store failed: the node stops.
    Store(lentic_store::Error),
    /// The record's bytes don't decode.
    Undecodable(DataError),
    /// The record has no time.
    NoTimestamp,
    /// The user's function failed on the record.
    Process(ProcessError),
    /// A result can't be written as bytes.
    Unencodable(DataError),
    /// A buffer is full that the topology says to stop at.
    BufferFull(String),
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Undecodable(error) => write!(f, "a record does not decode: {error}"),
            Self::NoTimestamp => f.write_str(
                "a record has no timestamp: choose another timestamp extractor, or let its producer set one",
            ),
            Self::Process(error) => write!(f, "processing a record failed: {error}"),
            Self::Unencodable(error) => write!(f, "a result can't be written: {error}"),
            Self::BufferFull(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for TaskError {}

impl From<lentic_store::Error> for TaskError {
    fn from(error: lentic_store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<ProcessError> for TaskError {
    fn from(error: ProcessError) -> Self {
        Self::Process(error)
    }
}

/// A record that an error policy let go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where it was read.
    pub partition: TopicPartition,
    /// Its offset.
    pub offset: lentic_types::Offset,
    /// Why.
    pub error: TaskError,
}
