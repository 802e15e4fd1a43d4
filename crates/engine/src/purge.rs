//! Removes rows whose records the log no longer holds (retention, DeleteRecords): a table is the fold of the
//! *retained* log.
use lentic_store::layout::{RowPrefix, RowView};
use lentic_store::{Order, Result, Store, WriteBatch};
use lentic_types::{Offset, Timestamp};
use std::ops::Bound;

/// A row that was purged: readers that watch get a delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purged {
    /// Order-preserving key bytes.
    pub key: Vec<u8>,
    /// The offset of the record it came from.
    pub offset: Offset,
    /// That record's timestamp.
    pub timestamp: Timestamp,
}

/// A pass over the rows of a partition, in steps; a new one begins when the log's start has moved.
#[derive(Default)]
pub(crate) struct Purge {
    /// Rows below this were removed by a whole pass.
    done: Offset,
    /// The pass under way: up to which start, and the store key to go on after.
    pass: Option<(Offset, Vec<u8>)>,
}

impl Purge {
    /// Rows below this were removed.
    pub(crate) fn done(&self) -> Offset {
        self.done
    }

    /// One step over at most `rows` rows, which it takes its own from: fills `batch` with deletes and returns what they
    /// delete.
    pub(crate) fn step(
        &mut self,
        store: &dyn Store,
        prefix: RowPrefix,
        log_start: Offset,
        rows: &mut usize,
        batch: &mut WriteBatch,
    ) -> Result<Vec<Purged>> {
        batch.clear();
        if *rows == 0 {
            return Ok(Vec::new());
        }
        let (start, after) = match self.pass.take() {
            Some(pass) => pass,
            None if log_start > self.done => (log_start, Vec::new()),
            None => return Ok(Vec::new()),
        };
        let mut range = prefix.range();
        if !after.is_empty() {
            range.start = Bound::Excluded(after);
        }
        let mut purged = Vec::new();
        let mut last = Vec::new();
        let mut cursor = store.cursor(range, Order::Ascending)?;
        while *rows > 0 {
            *rows -= 1;
            let Some((key, value)) = cursor.next()? else {
                self.done = start;
                return Ok(purged);
            };
            let row = RowView::read(value)?;
            if row.offset < start {
                batch.delete(key);
                let key = RowPrefix::strip(key).to_vec();
                purged.push(Purged { key, offset: row.offset, timestamp: row.timestamp });
            }
            last.clear();
            last.extend_from_slice(key);
        }
        drop(cursor);
        self.pass = Some((start, last));
        Ok(purged)
    }
}
