//! Rows of a query's store, wherever its partitions are: each node is asked for its own.
use std::sync::Arc;
use std::time::{Duration, Instant};

use lentic::types::PartitionId;
use lentic::{Admission, Demand, Found, KeyBounds, Node, Order, Scope, Tier};
use lentic_ksql_api::{ErrorBody, ErrorCode};

use crate::catalog::Entry;
use crate::http::Deadline;
use crate::ksql::error_body;
use crate::peers::{Gather, Key, PartRow, What, is_here, merge};
use crate::state::State;

/// Rows that are read at a time.
pub(super) const PAGE_ROWS: usize = 10_000;
const PAGE_BYTES: usize = 1 << 20;
/// How long a query that has just been made is waited for.
const BEGIN: Duration = Duration::from_secs(10);

/// Which rows.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    /// Of these keys, which have no windows.
    Keys(Vec<Vec<u8>>),
    /// All between bounds, in the order of their keys.
    Between(KeyBounds),
    /// All between bounds, one partition after the other and so many rows at a time: what is behind the last one that is wanted
    /// is not read.
    InTurn(KeyBounds, usize),
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

/// Shows rows until `visit` has enough.
pub(super) async fn read(
    gather: &Gather,
    store: &Arc<Entry>,
    reading: Reading,
    deadline: Deadline,
    visit: &mut (dyn FnMut(&PartRow) -> Result<bool, ErrorBody> + Send),
) -> Result<(), ErrorBody> {
    let partitions: Vec<_> = (0..store.table.partitions()).map(PartitionId).collect();
    match reading {
        Reading::Keys(keys) => {
            let what = |partitions: &[PartitionId]| {
                let is_asked = |key: &&Vec<u8>| {
                    store.table.partition_of(key).is_none_or(|partition| partitions.contains(&partition))
                };
                What::Keys(keys.iter().filter(is_asked).cloned().map(Key).collect())
            };
            let parts = gather.all(store, &what, deadline).await.map_err(|error| error_body(&error))?;
            for row in parts.iter().flat_map(|part| &part.rows) {
                if !visit(row)? {
                    break;
                }
            }
            Ok(())
        }
        Reading::Between(bounds) => {
            let scan = Scan { gather, store, partitions: &partitions, page_rows: PAGE_ROWS, deadline };
            scan.read(bounds, visit).await.map(drop)
        }
        Reading::InTurn(bounds, page_rows) => {
            for partition in &partitions {
                let partitions = std::slice::from_ref(partition);
                let scan = Scan { gather, store, partitions, page_rows, deadline };
                if !scan.read(bounds.clone(), visit).await? {
                    break;
                }
            }
            Ok(())
        }
    }
}

/// The rows of some partitions, page by page.
struct Scan<'a> {
    gather: &'a Gather,
    store: &'a Arc<Entry>,
    partitions: &'a [PartitionId],
    page_rows: usize,
    deadline: Deadline,
}

impl Scan<'_> {
    /// Shows rows until there are no more; false: `visit` has enough.
    async fn read(
        &self,
        mut bounds: KeyBounds,
        visit: &mut (dyn FnMut(&PartRow) -> Result<bool, ErrorBody> + Send),
    ) -> Result<bool, ErrorBody> {
        let Self { gather, store, partitions, page_rows, deadline } = *self;
        loop {
            let what = |_: &[PartitionId]| What::rows(&bounds, Order::Ascending, page_rows, PAGE_BYTES);
            let parts = gather.some(store, partitions, &what, deadline).await;
            let (mut last, mut outcome) = (None, Ok(true));
            let parts = parts.map_err(|error| error_body(&error))?;
            let is_more = merge(store, parts, Order::Ascending, &mut |row| {
                last = Some(row.key.to_vec());
                outcome = visit(row);
                matches!(outcome, Ok(true))
            });
            if !outcome? {
                return Ok(false);
            }
            if !is_more || last.is_none() {
                return Ok(true);
            }
            bounds.after = last;
        }
    }
}
