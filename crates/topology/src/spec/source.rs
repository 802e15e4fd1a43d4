//! Where records come from and go to.
use std::fmt;
use std::sync::Arc;

use lentic_types::{Partitioner, Timestamp, TopicName};

use super::function::Topicker;
use super::{Name, Policy, StoreIndex};
use crate::Payload;
use crate::codec::Codec;

/// A topic: the user's, or one that the topology makes for itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The user's.
    Named(TopicName),
    /// `<prefix>-<name>-repartition`, made with as many partitions as the topics that it is read together with, or as many
    /// as it says.
    Repartition(Name),
}

impl Topic {
    /// Its name in the log. `prefix` is that of the query's own topics.
    ///
    /// # Panics
    /// Never: builders check names.
    pub fn resolve(&self, prefix: &str) -> TopicName {
        match self {
            Self::Named(name) => name.clone(),
            Self::Repartition(name) => {
                TopicName::new(format!("{prefix}-{name}-repartition")).expect("checked when it was built")
            }
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => name.fmt(f),
            Self::Repartition(name) => write!(f, "{name}-repartition"),
        }
    }
}

/// What timestamp a record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtractedTime {
    /// This one, milliseconds.
    At(Timestamp),
    /// None: the record is skipped.
    Skip,
    /// None, and that is an error.
    Fail,
}

/// What a timestamp extractor sees.
pub struct Extract<'a> {
    /// The key.
    pub key: Option<&'a Payload>,
    /// The value.
    pub value: Option<&'a Payload>,
    /// The record's own timestamp; negative: none.
    pub timestamp: Timestamp,
    /// The greatest timestamp seen in the partition, -1 before the first.
    pub partition_time: Timestamp,
    /// The wall clock.
    pub now: Timestamp,
}

/// Decides on the time of each record.
#[derive(Clone, Default)]
pub enum TimestampExtractor {
    /// The record's own; without one it fails (Kafka Streams' default).
    #[default]
    FailOnInvalid,
    /// The record's own; without one it is skipped.
    SkipOnInvalid,
    /// The record's own; without one, the partition's time.
    PartitionTimeOnInvalid,
    /// When it is processed.
    WallClock,
    /// By the user's function; a record that it gives a negative time is skipped.
    By(Arc<dyn Fn(&Extract<'_>) -> ExtractedTime + Send + Sync>),
}

/// Where reading begins when there is no position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OffsetReset {
    /// At the first record that is there.
    #[default]
    Earliest,
    /// At the end.
    Latest,
}

/// A source.
#[derive(Clone)]
pub struct Source {
    /// The topics.
    pub topics: Vec<Topic>,
    /// Keys.
    pub key: Codec,
    /// Values.
    pub value: Codec,
    /// Whether values are a table's changes, as a repartition topic of one carries them (old and new).
    pub is_change: bool,
    /// Event time.
    pub timestamp: TimestampExtractor,
    /// Where to begin.
    pub reset: OffsetReset,
    /// What happens to records that don't decode.
    pub errors: Policy,
}

/// Where a record was read, as processors see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The topic.
    pub topic: TopicName,
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: u64,
}

/// Which topic a sink writes.
#[derive(Clone)]
pub enum Target {
    /// Always the same.
    Topic(Topic),
    /// One by record.
    Dynamic(Topicker),
}

/// What chooses the partition of a sink's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkKey {
    /// The key's bytes, of windowed keys without the window.
    Hash(Partitioner),
    /// The number that the value of a foreign-key answer begins with.
    Answer,
}

/// A sink.
#[derive(Clone)]
pub struct Sink {
    /// Where to.
    pub target: Target,
    /// Keys.
    pub key: Codec,
    /// Values.
    pub value: Codec,
    /// Whether values are a table's changes, and the topic a repartition topic that carries old and new.
    pub is_change: bool,
    /// What chooses the partition.
    pub partition: SinkKey,
    /// Whether records without a key are dropped.
    pub needs_key: bool,
}

/// A table that every node has whole.
#[derive(Clone)]
pub struct GlobalSource {
    /// Its name.
    pub name: Name,
    /// Its topic.
    pub topic: TopicName,
    /// Keys.
    pub key: Codec,
    /// Values.
    pub value: Codec,
    /// Its store, of a kind that no changelog belongs to.
    pub store: Option<StoreIndex>,
}
