//! Queries that are answered at once, from the rows of a table wherever they are.
use std::ops::Bound;
use std::sync::Arc;

use lentic::KeyBounds;
use lentic::types::Timestamp;
use lentic_sql::plan::pull::{Lookup, TablePull, WindowBounds};

use super::Columns;
use super::store::Reading;

/// A query over a table, planned.
pub(crate) struct Pulled {
    pub(crate) id: String,
    pub(crate) pull: Arc<TablePull>,
    pub(crate) columns: Columns,
}

impl Pulled {
    pub(super) fn new(id: String, pull: Arc<TablePull>) -> Self {
        let columns =
            Columns::new(pull.columns().iter().map(|column| (&column.name, &column.kind, column.is_key)));
        Self { id, pull, columns }
    }
}

/// What is read of the store.
pub(super) fn readings(pull: &TablePull) -> Vec<Reading> {
    let windows = pull.windows();
    let between = |bounds: KeyBounds| Reading::Between(of_windows(bounds, windows));
    match pull.lookup() {
        Lookup::Keys(keys) if windows.is_none() => vec![Reading::Keys(keys.clone())],
        Lookup::Keys(keys) => {
            let windows_of =
                |key: &Vec<u8>| KeyBounds { windows_of: Some(key.clone()), ..KeyBounds::default() };
            keys.iter().map(|key| between(windows_of(key))).collect()
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
            vec![between(KeyBounds { from, to, ..KeyBounds::default() })]
        }
        Lookup::Scan => vec![between(KeyBounds::default())],
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
