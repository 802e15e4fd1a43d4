//! Queries that are answered at once, from the rows of a table wherever they are.
use std::ops::Bound;
use std::sync::Arc;

use lentic::KeyBounds;
use lentic::types::Timestamp;
use lentic_ksql_api::{ErrorBody, ErrorCode};
use lentic_sql::plan::Row;
use lentic_sql::plan::pull::{Lookup, TablePull, WindowBounds};

use super::prepared::{Known, Prepared, Question};
use super::store::{self, PAGE_ROWS, Reading};
use super::{Answer, Columns};
use crate::call::Call;
use crate::http::Deadline;
use crate::ksql::{Ksql, Rights, error_body};
use crate::peers::{Gather, PartRow};
use crate::state::State;

/// How long an answer may take (ksqlDB forwards for 20 s).
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

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

    /// The whole answer.
    pub(crate) async fn answer(
        &self,
        state: &Arc<State>,
        gather: &Gather,
        answer: &mut dyn Answer,
    ) -> Result<Vec<u8>, ErrorBody> {
        let deadline = Deadline::after(PATIENCE, true);
        let (node, pull) = (state.node.clone(), Arc::clone(&self.pull));
        let find = move || store::find(&node, pull.query(), pull.store());
        let store = state.block(deadline, find).await.map_err(|error| error_body(&error))??;
        let mut collector = self.pull.collector();
        for reading in readings(&self.pull, self.key.as_ref()) {
            let mut wants_more = true;
            let mut take = |row: &PartRow| {
                wants_more = collector
                    .add(&row.key, &row.value, row.timestamp.0)
                    .map_err(|error| unreadable(error.expected, &error.text))?;
                Ok(wants_more)
            };
            store::read(gather, &store, reading, deadline, &mut take).await?;
            if !wants_more {
                break;
            }
        }
        written(&self.id, &self.columns, &collector.finish(), answer)
    }
}

impl Ksql {
    /// The whole answer to a question, if one like it was asked before.
    pub(crate) async fn answer_known(
        &self,
        call: &Call,
        rights: &Rights,
        question: Question<'_>,
        answer: &mut dyn Answer,
    ) -> Result<Option<Vec<u8>>, ErrorBody> {
        let Some(known) = self.prepared(question, rights)? else { return Ok(None) };
        let (id, gather) = (pull_id(self.planner().world.now_ms()), call.gather());
        if gather.is_plain()
            && let Some(here) = known.answer_here(&call.state, &id, answer)
        {
            return here.map(Some);
        }
        known.into_pulled(id).answer(&call.state, &gather, answer).await.map(Some)
    }
}

/// The id of a query that is answered at once.
pub(super) fn pull_id(now_ms: i64) -> String {
    format!("query_{now_ms}")
}

impl Known {
    /// The whole answer, if it can be had here and now, as that to a read of a row.
    pub(crate) fn answer_here(
        &self,
        state: &State,
        id: &str,
        answer: &mut dyn Answer,
    ) -> Option<Result<Vec<u8>, ErrorBody>> {
        let Prepared { pull, columns, store, .. } = &*self.prepared;
        if pull.windows().is_some() {
            return None;
        }
        let mut collector = pull.collector();
        let mut take = |row: &[u8], timestamp: i64| collector.add(&self.key, row, timestamp).map(drop);
        let read = store::read_here(state, store, &self.key, &mut take)?;
        let rows = read.map(|()| collector.finish()).map_err(|error| unreadable(error.expected, &error.text));
        Some(rows.and_then(|rows| written(id, columns, &rows, answer)))
    }
}

fn failed(error: &dyn std::fmt::Display) -> ErrorBody {
    ErrorBody::new(ErrorCode::SERVER_ERROR, format!("Unable to execute pull query. {error}"))
}

fn unreadable(expected: &str, text: &str) -> ErrorBody {
    failed(&format!("{expected} was expected: {text}"))
}

fn written(id: &str, columns: &Columns, rows: &[Row], answer: &mut dyn Answer) -> Result<Vec<u8>, ErrorBody> {
    let mut out = Vec::with_capacity(512);
    answer.header(id, columns, &mut out);
    for row in rows {
        answer.row(row, columns, &mut out).map_err(|error| failed(&error))?;
    }
    answer.end(None, &mut out);
    Ok(out)
}

/// What is read of the store.
fn readings(pull: &TablePull, key: Option<&Vec<u8>>) -> Vec<Reading> {
    let windows = pull.windows();
    let between = |bounds: KeyBounds| Reading::Between(of_windows(bounds, windows));
    let scan = |bounds: KeyBounds| match pull.enough() {
        None => between(bounds),
        Some(limit) => {
            let page_rows = if pull.is_filtered() { PAGE_ROWS } else { limit.clamp(1, PAGE_ROWS) };
            Reading::InTurn(of_windows(bounds, windows), page_rows)
        }
    };
    let one = key.map(|key| Lookup::Keys(vec![key.clone()]));
    match one.as_ref().unwrap_or_else(|| pull.lookup()) {
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
