//! What is known of the topics that results are written to, so that a record that its topic would refuse is found before it
//! is sent: one refused record takes the whole commit back.
use lentic_types::{Header, TopicName};

use super::error::ProductionError;

/// Knows the topics that are written to.
pub trait Destinations: Send + Sync {
    /// The topic as it is at the moment, or was a moment ago. Asked for each record that goes to a topic of its own
    /// choice, so that it has to remember what it knows.
    fn find(&self, topic: &TopicName) -> Destination;
}

/// A topic that is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// It is there, and takes records within these limits.
    Found(Limits),
    /// It does not exist.
    Missing,
    /// Nobody can tell at the moment: what is wrong is told by the write.
    Unknown,
}

/// Which records a topic takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a record, counted by [`record_bytes`]; Kafka's `max.message.bytes` without what a batch costs.
    pub max_record_bytes: u64,
    /// `cleanup.policy=compact`: records without a key are refused.
    pub is_compacted: bool,
}

/// Topics of which nothing is known: whatever is wrong is told by the write.
pub struct AnyDestination;

impl Destinations for AnyDestination {
    fn find(&self, _topic: &TopicName) -> Destination {
        Destination::Unknown
    }
}

impl Limits {
    /// Whether a topic takes such a record.
    pub(crate) fn admit(&self, key: Option<&[u8]>, bytes: u64) -> Result<(), ProductionError> {
        if self.is_compacted && key.is_none() {
            return Err(ProductionError::NoKey);
        }
        let limit = self.max_record_bytes;
        if bytes > limit { Err(ProductionError::TooLarge { bytes, limit }) } else { Ok(()) }
    }
}

/// Kafka writes two lengths before the parts of a header.
const HEADER_BYTES: usize = 10;

/// How many bytes of its topic's limit a record takes.
pub fn record_bytes(key: Option<&[u8]>, value: Option<&[u8]>, headers: &[Header]) -> u64 {
    let header = |header: &Header| {
        header.name.len() + header.value.as_ref().map_or(0, |value| value.len()) + HEADER_BYTES
    };
    let parts = key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len);
    (parts + headers.iter().map(header).sum::<usize>()) as u64
}
