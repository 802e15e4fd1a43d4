//! A node: the threads that keep tables at the end of their logs, and the catalog of tables.
use std::time::Duration;

use lentic_types::{FormatName, Partitioner, TableName, TableSpec, TopicName};

use crate::config::Config;
use crate::{NodeError, RawTable, TableError};

/// A running node; cheap to clone.
#[derive(Clone)]
pub struct Node {}

/// Whether a node can take traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The tables known at start have caught up.
    Ready,
    /// These have not.
    CatchingUp(Vec<TableName>),
    /// A stop has begun.
    Stopping,
}

/// What a topic looks like, from a sample of its records.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The topic.
    pub topic: TopicName,
    /// Its partitions.
    pub partitions: u32,
    /// `cleanup.policy` as Kafka writes it.
    pub cleanup_policy: String,
    /// Records looked at.
    pub sampled: u64,
    /// Best format for the keys, with the share (0 to 1) of samples that decode.
    pub key: GuessedFormat,
    /// Best format for the values.
    pub value: GuessedFormat,
    /// The partitioner that fits all sampled keys; `None`: none does.
    pub partitioner: Option<Partitioner>,
    /// Remarks (no records, null keys, not compacted ...).
    pub warnings: Vec<String>,
}

/// A format and how well it fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuessedFormat {
    /// The format.
    pub format: FormatName,
    /// Share of samples that decode, 0 to 1.
    pub share: f64,
}

impl Node {
    /// Opens the state, replays the statements, starts the threads. Returns before the tables have caught up.
    pub fn open(_config: Config) -> Result<Self, NodeError> {
        todo!()
    }

    /// The effective configuration.
    pub fn config(&self) -> &Config {
        todo!()
    }

    /// Declares a table. `Ok((table, true))`: created; `false`: it was there, equal in all fields. Blocks.
    pub fn create_table(&self, _spec: TableSpec) -> Result<(RawTable, bool), TableError> {
        todo!()
    }

    /// Changes what can be changed. Blocks.
    pub fn alter_table(
        &self,
        _name: &TableName,
        _read_only: Option<bool>,
        _partitioner: Option<Partitioner>,
    ) -> Result<RawTable, TableError> {
        todo!()
    }

    /// Forgets a table; its topic stays unless `delete_topic`. Blocks.
    pub fn drop_table(&self, _name: &TableName, _delete_topic: bool) -> Result<(), TableError> {
        todo!()
    }

    /// A table by name.
    pub fn table(&self, _name: &str) -> Option<RawTable> {
        todo!()
    }

    /// All tables, by name.
    pub fn tables(&self) -> Vec<RawTable> {
        todo!()
    }

    /// Samples a topic. Blocks.
    pub fn guess(&self, _topic: &TopicName) -> Result<Guess, TableError> {
        todo!()
    }

    /// Whether the tables known at start have caught up; once ready it stays so until a stop begins.
    pub fn readiness(&self) -> Readiness {
        todo!()
    }

    /// `Err`: the log can't be reached at the moment (the text says why). Does not block.
    pub fn log_health(&self) -> Result<(), String> {
        todo!()
    }

    /// `Some(reason)` after a failure that the node can't go on from (a failed durable write): stop the process.
    pub fn failure(&self) -> Option<String> {
        todo!()
    }

    /// (name, value) of memory and disk use, for metrics and status.
    pub fn usage(&self) -> Vec<(&'static str, u64)> {
        todo!()
    }

    /// Milliseconds since the epoch, by the node's clock.
    pub fn now_ms(&self) -> i64 {
        todo!()
    }

    /// From now on not ready.
    pub fn begin_stop(&self) {
        todo!()
    }

    /// Stops threads, flushes, leaves the group; bounded by `timeout`.
    pub fn close(&self, _timeout: Duration) -> Result<(), NodeError> {
        todo!()
    }
}
