//! Queries that are answered at once, from the rows of a table wherever they are.
use std::ops::Bound;
use std::sync::Arc;

use lentic::KeyBounds;
use lentic::types::Timestamp;
use lentic_ksql_api::{ErrorBody, ErrorCode};
use lentic_sql::plan::pull::{Lookup, TablePull, WindowBounds};

use super::store::{self, PAGE_ROWS, Reading};
use super::{Answer, Columns};
use crate::http::Deadline;
use crate::ksql::error_body;
use crate::peers::{Gather, PartRow};
use crate::state::State;

/// How long an answer may take (ksqlDB forwards for 20 s).
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// A query over a table, planned.
pub(crate) struct Pulled {
    pub(crate) id: String,
    pub(crate) pull: Arc<TablePull>,
    pub(crate) columns: Columns,
}

impl Pulled {
    pub(super) fn new(id: String, pull: Arc<TablePull>) -> Self {
        let columns =
            Columns::new(pull.columns().iter().map(|column| (&column.name, &column.kind, &column.place)));
        Self { id, pull, columns }
    }

    /// The whole answer.
    pub(crate) async fn answer(
        &self,
        state: &Arc<State>,
        gather: &Gather,
        answer: &mut dyn Answer,
    ) -> Result<Vec<u8>, ErrorBody> {
        let deadline = Deadline::after(PATIENCE, true);
        let failed = |error: &dyn std::fmt::Display| {
            ErrorBody::new(ErrorCode::SERVER_ERROR, format!("Unable to execute pull query. {error}"))
        };
        let (node, pull) = (state.node.clone(), Arc::clone(&self.pull));
        let find = move || store::find(&node, pull.query(), pull.store());
        let store = state.block(deadline, find).await.map_err(|error| error_body(&error))??;
        let mut collector = self.pull.collector();
        for reading in readings(&self.pull) {
            let mut wants_more = true;
            let mut take = |row: &PartRow| {
                wants_more = collector
                    .add(&row.key, &row.value, row.timestamp.0)
                    .map_err(|error| failed(&format!("{} was expected: {}", error.expected, error.text)))?;
                Ok(wants_more)
            };
            store::read(gather, &store, reading, deadline, &mut take).await?;
            if !wants_more {
                break;
            }
        }
        let mut out = Vec::new();
        answer.header(&self.id, &self.columns, &mut out);
        for row in collector.finish() {
            answer.row(&row, &self.columns, &mut out).map_err(|error| failed(&error))?;
        }
        answer.end(None, &mut out);
        Ok(out)
    }
}

/// What is read of the store.
fn readings(pull: &TablePull) -> Vec<Reading> {
    let windows = pull.windows();
    let between = |bounds: KeyBounds| Reading::Between(of_windows(bounds, windows));
    let scan = |bounds: KeyBounds| match pull.enough() {
        None => between(bounds),
        Some(limit) => {
            let page_rows = if pull.is_filtered() { PAGE_ROWS } else { limit.clamp(1, PAGE_ROWS) };
            Reading::InTurn(of_windows(bounds, windows), page_rows)
        }
    };
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
            vec![scan(KeyBounds { from, to, ..KeyBounds::default() })]
        }
        Lookup::Scan => vec![scan(KeyBounds::default())],
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
