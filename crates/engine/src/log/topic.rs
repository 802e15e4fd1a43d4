//! What a node needs to know of a topic.
use lentic_types::{TopicId, TopicName};

/// `cleanup.policy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CleanupPolicy {
    /// The last record of each key stays.
    pub compact: bool,
    /// Records go by age or size.
    pub delete: bool,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: TopicName,
    /// Which creation of it.
    pub id: TopicId,
    /// Number of partitions, at least 1.
    pub partitions: u32,
    /// The settings that matter to a table.
    pub settings: TopicSettings,
}

/// Settings of a topic, with Kafka's names and defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSettings {
    /// `cleanup.policy`.
    pub cleanup: CleanupPolicy,
    /// `retention.ms`; -1 is for ever.
    pub retention_ms: i64,
    /// `retention.bytes` per partition; -1 is no limit.
    pub retention_bytes: i64,
    /// `delete.retention.ms`: how long a tombstone stays after it was cleaned.
    pub delete_retention_ms: i64,
    /// `min.compaction.lag.ms`.
    pub min_compaction_lag_ms: i64,
    /// `max.message.bytes`.
    pub max_message_bytes: u64,
}

impl Default for TopicSettings {
    fn default() -> Self {
        Self {
            cleanup: CleanupPolicy { compact: false, delete: true },
            retention_ms: 604_800_000,
            retention_bytes: -1,
            delete_retention_ms: 86_400_000,
            min_compaction_lag_ms: 0,
            max_message_bytes: 1_048_588,
        }
    }
}

impl TopicSettings {
    /// Kafka's defaults with `cleanup.policy=compact`.
    pub fn compacted() -> Self {
        Self { cleanup: CleanupPolicy { compact: true, delete: false }, ..Self::default() }
    }
}
