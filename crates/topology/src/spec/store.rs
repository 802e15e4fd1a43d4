//! Stores: what a task remembers.
use lentic_types::TableName;

use crate::codec::Codec;

/// What a store is for, and with that how its keys lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// One row for each key.
    KeyValue,
    /// One row for each key and window start.
    Window {
        /// Length of a window, where all have the same.
        size_ms: i64,
        /// How long windows can be read, counted back from the greatest start.
        retention_ms: i64,
        /// Whether records of the same key and time are kept apart by a number.
        duplicates: bool,
    },
    /// One row for each key and session.
    Session {
        /// How long sessions can be read, counted back from the greatest end.
        retention_ms: i64,
    },
    /// Every version of each key.
    Versioned {
        /// How far back.
        history_ms: i64,
    },
    /// Keys in an order of their maker's: buffers and subscriptions.
    Ordered,
}

/// When rows of a key-value store are deleted by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl {
    /// Older than this, by event time against the task's stream time; milliseconds.
    pub ttl_ms: i64,
}

/// A store.
#[derive(Clone, Debug)]
pub struct StoreSpec {
    /// Its name: that of its changelog, and of the table that serves it.
    pub name: TableName,
    /// What for.
    pub kind: StoreKind,
    /// Keys, without their windows.
    pub key: Codec,
    /// Values.
    pub value: Codec,
    /// Whether changes go to a changelog topic, from which the store can be rebuilt.
    pub logged: bool,
    /// Whether rows are on the disk; else in memory, and rebuilt at each start.
    pub persistent: bool,
    /// Whether it is served as a table: stores that the user named are.
    pub served: bool,
    /// Whether changes of one row may be merged before they go on, where the node has memory for that.
    pub cached: bool,
    /// When rows are deleted by age.
    pub ttl: Option<Ttl>,
    /// Handed over from a store of this name in the topology before.
    pub takes_over: Option<TableName>,
    /// Whether windows and versions in it are listed by time: for results at the end of windows, and expiry.
    pub timed: bool,
    /// Whether results come at the end of windows: Kafka Streams' stores for that hide windows one millisecond later.
    pub closes: bool,
}

impl StoreSpec {
    /// The name by which changelog and positions know it: that of the store it continues, if it does.
    pub fn log_name(&self) -> &TableName {
        self.takes_over.as_ref().unwrap_or(&self.name)
    }

    /// A logged, persistent store.
    pub fn new(name: TableName, kind: StoreKind, key: Codec, value: Codec) -> Self {
        Self {
            name,
            kind,
            key,
            value,
            logged: true,
            persistent: true,
            served: false,
            cached: !matches!(kind, StoreKind::Versioned { .. }),
            ttl: None,
            takes_over: None,
            timed: !matches!(kind, StoreKind::KeyValue | StoreKind::Ordered),
            closes: false,
        }
    }
}
