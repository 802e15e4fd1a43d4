//! What can stop a record, a task, or the node.
use std::fmt;

use lentic_topology::DataError;
use lentic_topology::spec::{Origin, ProcessError};

/// Why processing can't go on as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// The store failed: the node stops.
    Store(lentic_store::Error),
    /// The record's bytes don't decode.
    Undecodable(DataError),
    /// The record has no time.
    NoTimestamp,
    /// The topology's own timestamp extractor fails on the record.
    ExtractorFailed,
    /// The user's function failed on the record.
    Process(ProcessError),
    /// What a row or its key is made of can't be written as bytes.
    Unencodable(DataError),
    /// A result can't be written to its topic, and that is the record's own fault: the log works.
    Production {
        /// The topic, as it was named.
        topic: String,
        /// Why.
        error: ProductionError,
    },
    /// A buffer is full that the topology says to stop at.
    BufferFull(String),
}

/// Why a record can't be written to its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductionError {
    /// Its key or value can't be written as bytes.
    Unencodable(DataError),
    /// It is larger than its topic takes.
    TooLarge {
        /// Bytes of the record.
        bytes: u64,
        /// What the topic takes.
        limit: u64,
    },
    /// The topic that the record chose does not exist.
    NoSuchTopic,
    /// The record chose no topic's name: the text says what is wrong with it.
    InvalidTopic(String),
    /// The topic is compacted, and the record has no key.
    NoKey,
}

impl TaskError {
    /// Whether it belongs to the record being processed, so that the policy for processing errors decides.
    pub(crate) fn is_of_processing(&self) -> bool {
        matches!(self, Self::Process(_) | Self::Unencodable(_))
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Undecodable(error) => write!(f, "a record does not decode: {error}"),
            Self::NoTimestamp => f.write_str(
                "a record has no timestamp: choose another timestamp extractor, or let its producer set one",
            ),
            Self::ExtractorFailed => f.write_str(
                "Fatal user code error in TimestampExtractor callback for record: it finds no valid time there: correct \
                 the records, choose another timestamp extractor, or have such records skipped",
            ),
            Self::Process(error) => write!(f, "processing a record failed: {error}"),
            Self::Unencodable(error) => write!(f, "a row can't be written: {error}"),
            Self::Production { topic, error } => write!(f, "a result can't be written to {topic}: {error}"),
            Self::BufferFull(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for ProductionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unencodable(error) => error.fmt(f),
            Self::TooLarge { bytes, limit } => write!(
                f,
                "it has {bytes} bytes, and the topic takes {limit}: raise the topic's max.message.bytes, or make \
                 results smaller"
            ),
            Self::NoSuchTopic => f.write_str("the topic does not exist: create it, or choose another"),
            Self::InvalidTopic(text) => f.write_str(text),
            Self::NoKey => f.write_str("the topic is compacted and takes no record without a key"),
        }
    }
}

impl std::error::Error for TaskError {}

impl std::error::Error for ProductionError {}

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
    /// Where the record was read whose processing led to it; `None`: a schedule did.
    pub origin: Option<Origin>,
    /// The value of that record as it was read, where it is at hand and has one.
    pub value: Option<Vec<u8>>,
    /// Why.
    pub error: TaskError,
}
