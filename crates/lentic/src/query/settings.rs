//! What one query goes by, where it differs from the node.
use std::time::Duration;

use lentic_engine::stream::TaskSettings;

use crate::config::{Config, ErrorHandling};

/// Settings of one query; `None`: the node's. The guarantee, the commit interval and the caches are the node's: its queries
/// share threads and transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuerySettings {
    /// What happens to a record whose bytes don't decode.
    pub deserialization: Option<ErrorHandling>,
    /// What happens to a record that a function fails on.
    pub processing: Option<ErrorHandling>,
    /// What happens to a result that its topic would refuse.
    pub production: Option<ErrorHandling>,
    /// `max.task.idle.ms`.
    pub max_task_idle_ms: Option<i64>,
    /// How long a query that failed waits before it is tried again the first time (ksqlDB:
    /// `ksql.query.retry.backoff.initial.ms`); twice as long each time after.
    pub retry_initial: Duration,
    /// And at most (ksqlDB: `ksql.query.retry.backoff.max.ms`).
    pub retry_max: Duration,
}

impl Default for QuerySettings {
    fn default() -> Self {
        Self {
            deserialization: None,
            processing: None,
            production: None,
            max_task_idle_ms: None,
            retry_initial: Duration::from_secs(15),
            retry_max: Duration::from_mins(15),
        }
    }
}

impl QuerySettings {
    /// As its tasks go by them.
    pub(super) fn of_tasks(&self, config: &Config) -> TaskSettings {
        TaskSettings {
            max_task_idle_ms: self.max_task_idle_ms.unwrap_or(config.max_task_idle_ms),
            deserialization: self.deserialization.unwrap_or(config.deserialization_errors).policy(),
            processing: self.processing.unwrap_or(config.processing_errors).policy(),
            production: self.production.unwrap_or(config.production_errors).policy(),
            dead_letters: super::dead_letters(config),
            cache_bytes: config.task_cache_bytes,
            ..TaskSettings::default()
        }
    }
}
