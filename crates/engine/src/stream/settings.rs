//! What a task goes by.
use lentic_topology::Policy;
use lentic_types::TopicName;

/// What happens to a record that can't be processed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorPolicy {
    /// The task stops.
    #[default]
    Fail,
    /// It is logged and counted, written to the dead-letter topic if there is one, and the next is taken.
    Continue,
}

impl ErrorPolicy {
    /// Whether the next record is taken, given the policy of the operator's own: this is the one that it inherits.
    pub(crate) fn continues(self, own: Policy) -> bool {
        match own {
            Policy::Inherited => self == Self::Continue,
            Policy::Fail => false,
            Policy::Continue => true,
        }
    }
}

/// Settings of tasks, by Kafka Streams' names where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSettings {
    /// `max.task.idle.ms`: how long a task waits for input that may come, -1 not at all.
    pub max_task_idle_ms: i64,
    /// `deserialization.exception.handler`.
    pub deserialization: ErrorPolicy,
    /// `processing.exception.handler`.
    pub processing: ErrorPolicy,
    /// `production.exception.handler`: of results that can't be written to the user's topics. Records of changelogs and
    /// repartition topics are never left out.
    pub production: ErrorPolicy,
    /// `errors.dead.letter.queue.topic.name`.
    pub dead_letters: Option<TopicName>,
    /// How often results at the end of windows are looked for, wall-clock milliseconds.
    pub emit_interval_ms: i64,
    /// Whether results at the end of windows go out before stream time moves on so far that their windows leave their store,
    /// however short the time since the last look. Kafka Streams loses such results.
    pub emit_before_expiry: bool,
    /// Bytes of committed rows that a task remembers.
    pub cache_bytes: usize,
}

impl Default for TaskSettings {
    fn default() -> Self {
        Self {
            max_task_idle_ms: 0,
            deserialization: ErrorPolicy::Fail,
            processing: ErrorPolicy::Fail,
            production: ErrorPolicy::Fail,
            dead_letters: None,
            emit_interval_ms: 1_000,
            emit_before_expiry: true,
            cache_bytes: 16 << 20,
        }
    }
}
