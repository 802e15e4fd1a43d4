//! Removes rows whose records the log no longer holds (retention, DeleteRecords): a table is the fold of the
//! *retained* log. With them go windows that are too old to be shown.
use lentic_format::KeyLayout;
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

/// What is to be removed.
#[derive(Clone, Copy)]
pub(crate) struct Limit {
    /// Rows of records below this.
    pub(crate) log_start: Offset,
    /// Rows with an older time beside their key. Nobody is told: they were hidden before.
    pub(crate) oldest: Option<Timestamp>,
}

/// How far times have to move before a pass is made for them alone.
const EXPIRY_STEP_MS: u64 = 60_000;

/// A pass over the rows of a partition, in steps; a new one begins when the log's start has moved, or times have.
#[derive(Default)]
pub(crate) struct Purge {
    /// Rows below this were removed by a whole pass.
    done: Offset,
    /// Rows with older times were.
    expired: Option<Timestamp>,
    /// The pass under way: its limit, and the store key to go on after.
    pass: Option<(Limit, Vec<u8>)>,
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
        layout: KeyLayout,
        limit: Limit,
        rows: &mut usize,
        batch: &mut WriteBatch,
    ) -> Result<Vec<Purged>> {
        batch.clear();
        if *rows == 0 {
            return Ok(Vec::new());
        }
        let (limit, after) = match self.pass.take() {
            Some(pass) => pass,
            None if limit.log_start > self.done || self.have_expired(limit) => (limit, Vec::new()),
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
                self.done = limit.log_start;
                self.expired = limit.oldest;
                return Ok(purged);
            };
            let row = RowView::read(value)?;
            if row.offset < limit.log_start {
                batch.delete(key);
                let key = RowPrefix::strip(key).to_vec();
                purged.push(Purged { key, offset: row.offset, timestamp: row.timestamp });
            } else if let Some(oldest) = limit.oldest
                && layout.time(RowPrefix::strip(key)).is_some_and(|time| time.sorted_by() < oldest)
            {
                batch.delete(key);
            }
            last.clear();
            last.extend_from_slice(key);
        }
        drop(cursor);
        self.pass = Some((limit, last));
        Ok(purged)
    }

    fn have_expired(&self, limit: Limit) -> bool {
        limit.oldest.is_some_and(|oldest| {
            self.expired.is_none_or(|expired| oldest.millis_since(expired) >= EXPIRY_STEP_MS)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lentic_format::{KeyKind, KeyTime};
    use lentic_store::layout::{Incarnation, StoreId, row_header};
    use lentic_store::{Database, FamilyId, MemoryDatabase};
    use lentic_types::{FormatName, PartitionId};

    use super::*;

    const LAYOUT: KeyLayout = KeyLayout::new(FormatName::String, KeyKind::Session);

    struct Rows {
        store: Arc<dyn Store>,
        purge: Purge,
    }

    impl Rows {
        fn prefix() -> RowPrefix {
            RowPrefix::new(StoreId(1), PartitionId(0), Incarnation(0))
        }

        fn new(ends: &[i64]) -> Self {
            let store = MemoryDatabase::default().family(FamilyId::Node).unwrap();
            let mut batch = WriteBatch::default();
            for (offset, &end) in ends.iter().enumerate() {
                let mut key = Self::prefix().as_bytes().to_vec();
                let time = KeyTime::Session { start: Timestamp(0), end: Timestamp(end) };
                LAYOUT.store_key(b"k", time, &mut key);
                batch.put(&key, &row_header(Offset(offset as u64), Timestamp(end)));
            }
            store.apply(&batch).unwrap();
            Self { store, purge: Purge::default() }
        }

        /// One step: the ends that are left, and how many deletes are told.
        fn step(&mut self, log_start: u64, oldest: i64, mut rows: usize) -> (Vec<i64>, usize) {
            let limit = Limit { log_start: Offset(log_start), oldest: Some(Timestamp(oldest)) };
            let mut batch = WriteBatch::default();
            let told =
                self.purge.step(&*self.store, Self::prefix(), LAYOUT, limit, &mut rows, &mut batch).unwrap();
            self.store.apply(&batch).unwrap();
            let mut cursor = self.store.cursor(Self::prefix().range(), Order::Ascending).unwrap();
            let mut left = Vec::new();
            while let Some((key, _)) = cursor.next().unwrap() {
                left.extend(LAYOUT.time(RowPrefix::strip(key)).map(|time| time.sorted_by().0));
            }
            (left, told.len())
        }
    }

    /// Windows go untold, in steps, and a new pass waits until times have moved; what the log lost is told.
    #[test]
    fn windows_expire() {
        let mut rows = Rows::new(&[10, 20, 30, 40]);
        assert_eq!(rows.step(0, 25, 1), (vec![20, 30, 40], 0));
        assert_eq!(rows.step(0, 25, 9), (vec![30, 40], 0));
        assert_eq!(rows.step(0, 35, 9), (vec![30, 40], 0));
        assert_eq!(rows.step(4, 35, 9), (vec![], 2));
        let mut rows = Rows::new(&[10, 70_000]);
        assert_eq!(rows.step(0, 5, 9), (vec![10, 70_000], 0));
        assert_eq!(rows.step(0, 60_004, 9), (vec![10, 70_000], 0));
        assert_eq!(rows.step(0, 60_005, 9), (vec![70_000], 0));
    }
}
