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
    value: Codec,
    /// Bytes that the store puts behind a key and its window: the number by which a window store tells records of one time apart.
    behind_key: usize,
    steps: Vec<Step>,
}

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
        Self { store: store.into(), window, key, plain_key, value, behind_key: 0, steps: Vec::new() }
    }

    /// Of a window store, unless its windows are sessions.
    pub(super) fn of_window_store(mut self) -> Self {
        let is_time = matches!(self.window, Some(SourceWindow::Tumbling(_) | SourceWindow::Hopping(_)));
        self.behind_key = if is_time { 4 } else { 0 };
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
        let key = key.get(..key.len().saturating_sub(self.behind_key)).unwrap_or_default();
        let Some(key) = self.key.decode(Some(key))? else { return Ok(None) };
        let mut value = self.value.decode(Some(value))?;
        let headers = None;
        let timestamp = Timestamp(timestamp);
        let context = RecordContext { timestamp, headers: &headers, partition: 0, offset: -1 };
        for step in &self.steps {
            match step {
                Step::Map(map) => {
                    let mapped = map(Some(&key), value.take(), &context);
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
