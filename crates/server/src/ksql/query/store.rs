//! Rows of a query's store, wherever its partitions are: each node is asked for its own.
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lentic::types::PartitionId;
use lentic::{Admission, Demand, Found, KeyBounds, Node, Order, Scope, Tier};
use lentic_ksql_api::{ErrorBody, ErrorCode};

use crate::catalog::Entry;
use crate::http::Deadline;
use crate::ksql::error_body;
use crate::peers::{Gather, Key, Part, PartRow, What, is_here, merge};
use crate::state::State;

/// Rows that are read at a time.
const PAGE_ROWS: usize = 10_000;
const PAGE_BYTES: usize = 256 << 10;
/// Keys that are looked up at a time, before it is known how long their rows are, and then.
const KEYS_FIRST: usize = 64;
const KEYS_MOST: usize = 4096;
/// How long a page may take (ksqlDB forwards for 20 s).
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a query that has just been made is waited for.
const BEGIN: Duration = Duration::from_secs(10);

/// Which rows.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    /// Of these keys, which have no windows.
    Keys(Vec<Vec<u8>>),
    /// All between bounds, in the order of their keys: of all partitions, or of one.
    Between(KeyBounds, Option<PartitionId>),
}

/// The store, once its query has it. Blocks.
pub(super) fn find(node: &Node, query: &str, store: &str) -> Result<Arc<Entry>, ErrorBody> {
    let found = node.store(query, store).or_else(|| {
        node.wait_query(query, BEGIN);
        node.store(query, store)
    });
    let missing = || match node.query_status(query) {
        None => ErrorBody::new(ErrorCode::BAD_STATEMENT, "Materializing query has been stopped"),
        Some(_) => {
            let message =
                format!("Unable to execute pull query. The query {query} has not started yet. Try again.");
            ErrorBody::new(ErrorCode::SERVER_NOT_READY, message)
        }
    };
    found.map(|table| Arc::new(Entry::of_store(table))).ok_or_else(missing)
}

/// Shows the row of a key, if it is here and the disk is fast: `None` if not, or if it is to be waited for.
pub(super) fn read_here<E>(
    state: &State,
    store: &Entry,
    key: &[u8],
    visit: &mut dyn FnMut(&[u8], i64) -> Result<(), E>,
) -> Option<Result<(), E>> {
    let table = &store.table;
    let scope = match table.partition_of(key) {
        Some(partition) if table.is_answered_here(partition) => Scope::Partition(partition),
        None if is_here(store) => Scope::All,
        _ => return None,
    };
    let begin = Instant::now();
    if !matches!(table.admit(&scope, &Demand::default()), Ok(Admission::Granted)) {
        return None;
    }
    let is_fast = state.pace.is_fast(begin);
    let tier = if is_fast { Tier::Disk } else { Tier::Memory };
    let read = |found: Found<'_>| found.row.map_or(Ok(()), |row| visit(row.value, row.timestamp.0));
    let read = table.get_with(&scope, key, tier, read).ok().flatten();
    if is_fast {
        state.pace.took(begin, Instant::now());
    }
    read
}

/// A reading on its way through the store: a page after the other, so that what is held is a page of each node.
pub(super) struct Cursor {
    reading: Reading,
    /// How many of the keys come next.
    keys: usize,
}

impl Cursor {
    pub(super) fn new(reading: Reading) -> Self {
        Self { reading, keys: KEYS_FIRST }
    }

    /// Shows the rows of the next page, `most` of each node, until `visit` has enough. False: that was all.
    pub(super) async fn page(
        &mut self,
        gather: &Gather,
        store: &Arc<Entry>,
        most: Option<usize>,
        visit: &mut (dyn FnMut(&PartRow) -> Result<bool, ErrorBody> + Send),
    ) -> Result<bool, ErrorBody> {
        let deadline = Deadline::after(PATIENCE, true);
        match &mut self.reading {
            Reading::Keys(left) => {
                let keys: Vec<_> = left.drain(..self.keys.min(left.len())).collect();
                let (is_more, asked) = (!left.is_empty(), keys.len());
                let parts = of_keys(gather, store, &keys, deadline).await?;
                let mut size = 0;
                for row in parts.iter().flat_map(|part| &part.rows) {
                    size += row.key.len() + row.value.len();
                    if !visit(row)? {
                        return Ok(false);
                    }
                }
                // As many as make a page, if their rows are like these.
                self.keys = (asked * PAGE_BYTES / size.max(1)).clamp(1, self.keys * 4).min(KEYS_MOST);
                Ok(is_more)
            }
            Reading::Between(bounds, partition) => {
                let rows = most.unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS);
                let what = |_: &[PartitionId]| What::rows(bounds, Order::Ascending, rows, PAGE_BYTES);
                let inner = bounds.windows_of.as_deref();
                let only = partition.or_else(|| inner.and_then(|key| store.table.partition_of_inner(key)));
                let parts = match only {
                    Some(partition) => gather.of(store, &[partition], &what, deadline).await,
                    None => gather.all(store, &what, deadline).await,
                };
                let parts = parts.map_err(|error| error_body(&error))?;
                let (mut last, mut outcome) = (None, Ok(true));
                let is_more = merge(store, parts, Order::Ascending, &mut |row| {
                    last = Some(row.key.to_vec());
                    outcome = visit(row);
                    matches!(outcome, Ok(true))
                });
                let is_more = outcome? && is_more && last.is_some();
                bounds.after = last;
                Ok(is_more)
            }
        }
    }
}

/// The rows of some keys, from the nodes that can have them.
async fn of_keys(
    gather: &Gather,
    store: &Arc<Entry>,
    keys: &[Vec<u8>],
    deadline: Deadline,
) -> Result<Vec<Part>, ErrorBody> {
    let places: Option<BTreeSet<_>> = keys.iter().map(|key| store.table.partition_of(key)).collect();
    let what = |partitions: &[PartitionId]| {
        let is_asked = |key: &&Vec<u8>| {
            store.table.partition_of(key).is_none_or(|partition| partitions.contains(&partition))
        };
        What::Keys(keys.iter().filter(is_asked).cloned().map(Key).collect())
    };
    let parts = match places {
        Some(places) => gather.of(store, &Vec::from_iter(places), &what, deadline).await,
        None => gather.all(store, &what, deadline).await,
    };
    parts.map_err(|error| error_body(&error))
}
