//! Queries that are answered at once, from the rows of a table wherever they are.
use std::ops::Bound;
use std::sync::Arc;

use lentic::KeyBounds;
use lentic::types::{PartitionId, Timestamp};
use lentic_sql::plan::pull::{Lookup, TablePull, WindowBounds};

use super::Columns;
use super::store::Reading;

/// A query over a table, planned.
pub(crate) struct Pulled {
    pub(crate) id: String,
    pub(crate) pull: Arc<TablePull>,
    pub(crate) columns: Columns,
    /// The key that is looked up instead of the one that was planned.
    pub(super) key: Option<Vec<u8>>,
}

impl Pulled {
    pub(super) fn new(id: String, pull: Arc<TablePull>) -> Self {
        let columns =
            Columns::new(pull.columns().iter().map(|column| (&column.name, &column.kind, &column.place)));
        Self { id, pull, columns, key: None }
    }
}

/// The id of a query that is answered at once.
pub(super) fn pull_id(now_ms: i64) -> String {
    format!("query_{now_ms}")
}

impl Pulled {
    /// What is read of a store of so many partitions. Where some rows are enough, one partition is read after the other, as ksqlDB
    /// does.
    pub(super) fn readings(&self, partitions: u32) -> Vec<Reading> {
        let (pull, windows) = (&self.pull, self.pull.windows());
        let between = |bounds: KeyBounds| of_windows(bounds, windows);
        let scan = |bounds: KeyBounds| match pull.enough() {
            None => vec![Reading::Between(between(bounds), None)],
            Some(_) => {
                let of = |id| Reading::Between(between(bounds.clone()), Some(PartitionId(id)));
                (0..partitions).map(of).collect()
            }
        };
        let one = self.key.as_ref().map(|key| Lookup::Keys(vec![key.clone()]));
        match one.as_ref().unwrap_or_else(|| pull.lookup()) {
            Lookup::Keys(keys) if windows.is_none() => vec![Reading::Keys(keys.clone())],
            Lookup::Keys(keys) => {
                let windows_of =
                    |key: &Vec<u8>| KeyBounds { windows_of: Some(key.clone()), ..KeyBounds::default() };
                keys.iter().map(|key| Reading::Between(between(windows_of(key)), None)).collect()
            }
            Lookup::Range { from, to } => {
                let from = match from {
                    Bound::Included(key) => Some(key.clone()),
                    Bound::Excluded(key) => Some(behind(key)),
                    Bound::Unbounded => None,
                };
                let to = match to {
                    Bound::Included(key) => Some(behind(key)),
                    Bound::Excluded(key) => Some(key.clone()),
                    Bound::Unbounded => None,
                };
                scan(KeyBounds { from, to, ..KeyBounds::default() })
            }
            Lookup::Scan => scan(KeyBounds::default()),
        }
    }
}

/// The first key behind another one.
fn behind(key: &[u8]) -> Vec<u8> {
    let mut behind = key.to_vec();
    behind.push(0);
    behind
}

/// The end of the windows' starts is exclusive.
fn of_windows(bounds: KeyBounds, windows: Option<&WindowBounds>) -> KeyBounds {
    let Some(windows) = windows else { return bounds };
    KeyBounds {
        start_from: (windows.start_from != i64::MIN).then_some(Timestamp(windows.start_from)),
        start_to: windows.start_to.checked_add(1).map(Timestamp),
        ..bounds
    }
}
