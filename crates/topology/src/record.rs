//! A record between two operators.
use std::sync::Arc;

use lentic_types::{Header, Timestamp};

use crate::Payload;

/// Headers, shared: most records have none, and operators pass on what came.
pub type Headers = Option<Arc<[Header]>>;

/// A record of a stream, or a change of a table.
#[derive(Clone, Debug)]
pub struct Record {
    /// `None` is Kafka's null.
    pub key: Option<Payload>,
    /// The value; of a table's change the new one, and `None` deletes.
    pub value: Option<Payload>,
    /// Of a table's change the value before, where somebody downstream needs it; else `None`.
    pub old: Option<Payload>,
    /// Whether a table's change is about the latest version of its row; false only behind versioned tables.
    pub is_latest: bool,
    /// Event time.
    pub timestamp: Timestamp,
    /// As they came.
    pub headers: Headers,
}

impl Record {
    /// A record without headers.
    pub fn new(key: Option<Payload>, value: Option<Payload>, timestamp: Timestamp) -> Self {
        Self { key, value, old: None, is_latest: true, timestamp, headers: None }
    }

    /// The same with another value.
    #[must_use]
    pub fn with_value(self, value: Option<Payload>) -> Self {
        Self { value, ..self }
    }

    /// The same as a table's change.
    #[must_use]
    pub fn with_change(self, value: Option<Payload>, old: Option<Payload>) -> Self {
        Self { value, old, ..self }
    }
}
