//! Answers about partitions that are here: to other nodes, and to this one's own gathering.
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use lentic::types::PartitionId;
use lentic::{Order, Row, Scan, Scope};

use super::part::{MEDIA_TYPE, Part, PartRow, Question, What};
use crate::call::{Call, bytes, from_json};
use crate::catalog::Entry;
use crate::error::Result;
use crate::freshness::{Freshness, admitted};
use crate::http::{Deadline, Response};
use crate::state::State;

/// Keys that are read without a thread of their own.
const ON_THE_SPOT: usize = 32;

/// Answers another node.
pub(crate) async fn answer(mut call: Call) -> Result<Response> {
    let entry = call.table_or_store()?;
    let question: Question = {
        let body = call.body("max_body_bytes", usize::MAX).await?;
        from_json(&body)?
    };
    let part = read(&call.state, &entry, &question, call.deadline).await?;
    Ok(bytes(part.to_bytes(), MEDIA_TYPE))
}

/// Waits until what is demanded is there, and reads it.
pub(super) async fn read(
    state: &State,
    entry: &Arc<Entry>,
    question: &Question,
    deadline: Deadline,
) -> Result<Part> {
    let partitions: Arc<[PartitionId]> = question.partitions.iter().copied().map(PartitionId).collect();
    let scope = Scope::Some(partitions);
    admitted(&entry.table, &scope, &question.demand()?, deadline).await?;
    // Few keys are found on the spot while the disk is fast, as a client's are.
    let begin = Instant::now();
    if let What::Keys(keys) = &question.what
        && (1..=ON_THE_SPOT).contains(&keys.len())
        && state.pace.is_fast(begin)
    {
        let part = look(entry, scope, &question.what, deadline);
        state.pace.took(begin, begin + begin.elapsed() / keys.len() as u32);
        return part;
    }
    let (entry, what) = (Arc::clone(entry), question.what.clone());
    state.block(deadline, move || look(&entry, scope, &what, deadline)).await?
}

/// Blocks.
fn look(entry: &Entry, scope: Scope, what: &What, deadline: Deadline) -> Result<Part> {
    let table = &entry.table;
    let begun = table.begin(&scope);
    let freshness = Freshness::of(table, &scope);
    let until = Some(deadline.at().into_std());
    let (mut rows, mut more, mut count) = (Vec::new(), false, 0);
    let positions = match what {
        What::Nothing => Vec::new(),
        What::Count(bounds) => {
            let scan = Scan { bounds: bounds.to_bounds(), scope: scope.clone(), until, ..Scan::default() };
            let (counted, positions) = table.count(&scan)?;
            count = counted;
            positions
        }
        What::Keys(keys) => {
            let keys: Vec<_> = keys.iter().map(|key| key.0.clone()).collect();
            table.get_many(&scope, &keys, &mut |index, row| {
                rows.extend(row.map(|row| kept(&keys[index], &row)));
            })?
        }
        What::Rows { bounds, descending, limit, max_bytes } => {
            let order = if *descending { Order::Descending } else { Order::Ascending };
            let scan = Scan { bounds: bounds.to_bounds(), order, scope: scope.clone(), until };
            let mut size = 0;
            table.scan(&scan, &mut |row| {
                if rows.len() == *limit || (size >= *max_bytes && !rows.is_empty()) {
                    more = true;
                    return ControlFlow::Break(());
                }
                size += row.key.len() + row.row.value.len();
                rows.push(kept(row.key, &row.row));
                ControlFlow::Continue(())
            })?
        }
    };
    Ok(Part { rows, more, count, positions, freshness, role: table.role_since(&begun) })
}

fn kept(key: &[u8], row: &Row<'_>) -> PartRow {
    PartRow {
        key: Bytes::copy_from_slice(key),
        value: Bytes::copy_from_slice(row.value),
        partition: row.partition,
        offset: row.offset,
        timestamp: row.timestamp,
    }
}
