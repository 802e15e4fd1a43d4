//! What can go wrong with a log.
use std::fmt;

use lentic_types::TopicName;

/// `Result` with a log's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed log operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The log can't be reached or did not answer in time. Reading may be tried again; a write that ends so had
    /// **not** reached the log.
    Unavailable(String),
    /// A write may or may not have reached the log. Never retried silently.
    Unknown(String),
    /// The local queue for writes is full: try again in a moment.
    QueueFull,
    /// The topic, or this partition of it, doesn't exist.
    NoSuchTopic(TopicName),
    /// A topic to be created exists already.
    TopicExists(TopicName),
    /// The record is larger than the log takes; the limit in bytes where known.
    TooLarge(Option<u64>),
    /// The log refuses (authorization, policy, invalid settings); the text is the log's.
    Refused(String),
    /// This producer or member was fenced by a newer one with the same id.
    Fenced,
    /// A durable write failed: the node must stop.
    Broken(String),
    /// The log is being closed.
    Closed,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(text) => write!(f, "the log can't be reached: {text}"),
            Self::Unknown(text) => write!(f, "whether the write reached the log is unknown: {text}"),
            Self::QueueFull => f.write_str("the queue for writes is full; try again in a moment"),
            Self::NoSuchTopic(topic) => write!(f, "there is no topic {topic}"),
            Self::TopicExists(topic) => write!(f, "the topic {topic} exists already"),
            Self::TooLarge(Some(limit)) => {
                write!(f, "the record is larger than the {limit} bytes that the log takes")
            }
            Self::TooLarge(None) => f.write_str("the record is larger than the log takes"),
            Self::Refused(text) => write!(f, "the log refused: {text}"),
            Self::Fenced => f.write_str("another process took over this node's identity"),
            Self::Broken(text) => write!(f, "a durable write failed: {text}"),
            Self::Closed => f.write_str("the log is closed"),
        }
    }
}

impl std::error::Error for Error {}
