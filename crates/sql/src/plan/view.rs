//! How the rows of a table are read from one of the stores of the query that makes it.
use std::fmt;
use std::sync::Arc;

use lentic_topology::spec::{Predicate, RecordContext, ValueMapper};
use lentic_topology::{Codec, DataError, Payload};
use lentic_types::Timestamp;

use super::row::{Key, Row};
use crate::catalog::SourceWindow;

/// A store, and what is done with its rows until they are the table's.
#[derive(Clone)]
pub struct View {
    /// The store's name in the query's topology.
    pub store: Arc<str>,
    /// The windows of its keys.
    pub window: Option<SourceWindow>,
    /// Keys with their windows.
    key: Codec,
    /// Keys without windows.
    plain_key: Codec,
    /// Whether a sequence number stands behind the window, as in the changelogs of window stores.
    has_sequence: bool,
    value: Codec,
    steps: Vec<Step>,
}

/// Of the number that stands behind the window.
const SEQUENCE_BYTES: usize = 4;

#[derive(Clone)]
enum Step {
    Map(ValueMapper),
    Filter(Predicate),
}

impl View {
    pub(super) fn new(
        store: &str,
        key: Codec,
        plain_key: Codec,
        value: Codec,
        window: Option<SourceWindow>,
    ) -> Self {
        Self { store: store.into(), window, key, plain_key, has_sequence: false, value, steps: Vec::new() }
    }

    /// Of a store that holds its rows by windows of a fixed size.
    pub(super) fn of_window_store(mut self) -> Self {
        self.has_sequence = true;
        self
    }

    pub(super) fn mapped(mut self, map: ValueMapper) -> Self {
        self.steps.push(Step::Map(map));
        self
    }

    pub(super) fn filtered(mut self, keep: Predicate) -> Self {
        self.steps.push(Step::Filter(keep));
        self
    }

    /// The bytes of a key, without a window.
    pub fn key_bytes(&self, key: &Key) -> Result<Option<Vec<u8>>, DataError> {
        self.plain_key.to_bytes(Some(&Payload::new(key.clone())))
    }

    /// The row of the table that a row of the store is: its key, and its other columns. `None`: it is none, because HAVING says
    /// so, for example.
    pub fn row(&self, key: &[u8], value: &[u8], timestamp: i64) -> Result<Option<(Key, Row)>, DataError> {
        let key = if self.has_sequence { &key[..key.len().saturating_sub(SEQUENCE_BYTES)] } else { key };
        let Some(key) = self.key.decode(Some(key))? else { return Ok(None) };
        let mut value = self.value.decode(Some(value))?;
        let headers = None;
        let timestamp = Timestamp(timestamp);
        let context = RecordContext { timestamp, headers: &headers, partition: 0, offset: -1 };
        for step in &self.steps {
            match step {
                Step::Map(map) => {
                    let mapped = map(Some(&key), value.as_ref(), &context);
                    value =
                        mapped.map_err(|error| DataError { expected: "a row", text: error.to_string() })?;
                }
                Step::Filter(keep) if keep(Some(&key), value.as_ref()) => {}
                Step::Filter(_) => return Ok(None),
            }
        }
        Ok(value.map(|value| (key.take(), value.take())))
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("store", &self.store)
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}
