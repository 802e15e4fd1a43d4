//! Rows listed by time, for results at the end of windows and for expiry.
use std::collections::BTreeMap;
use std::ops::Bound;

use lentic_store::layout::RowPrefix;
use lentic_store::{KeyRange, Order, Result, Store, WriteBatch};

/// Entries by time with their changes since the last commit.
pub(super) struct TimeEntries {
    prefix: RowPrefix,
    /// Time and key, and whether the entry is there.
    changed: BTreeMap<Vec<u8>, bool>,
}

/// A time's bytes in the order of numbers.
pub(super) fn sortable(time: i64) -> [u8; 8] {
    (time ^ i64::MIN).to_be_bytes()
}

fn time_of(entry: &[u8]) -> Option<(i64, &[u8])> {
    let (time, key) = entry.split_first_chunk::<8>()?;
    Some((i64::from_be_bytes(*time) ^ i64::MIN, key))
}

fn entry(time: i64, key: &[u8]) -> Vec<u8> {
    [&sortable(time)[..], key].concat()
}

impl TimeEntries {
    pub(super) fn new(prefix: RowPrefix) -> Self {
        Self { prefix, changed: BTreeMap::new() }
    }

    pub(super) fn insert(&mut self, time: i64, key: &[u8]) {
        self.changed.insert(entry(time, key), true);
    }

    pub(super) fn remove(&mut self, time: i64, key: &[u8]) {
        self.changed.insert(entry(time, key), false);
    }

    /// Entries from one time to another (inclusive), oldest first; `visit` returns whether to go on.
    pub(super) fn scan(
        &self,
        store: &dyn Store,
        from: i64,
        to: i64,
        visit: &mut dyn FnMut(i64, &[u8]) -> bool,
    ) -> Result<()> {
        if from > to {
            return Ok(());
        }
        let (start, end) = (sortable(from).to_vec(), (to < i64::MAX).then(|| sortable(to + 1).to_vec()));
        let full = |part: &[u8]| [self.prefix.as_bytes(), part].concat();
        let range = KeyRange {
            start: Bound::Included(full(&start)),
            end: end.as_deref().map_or(self.prefix.range().end, |end| Bound::Excluded(full(end))),
        };
        let upper = end.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut changed = self.changed.range::<Vec<u8>, _>((Bound::Included(&start), upper)).peekable();
        let mut give = |entry: &[u8]| time_of(entry).is_none_or(|(time, key)| visit(time, key));
        let mut cursor = store.cursor(range, Order::Ascending)?;
        while let Some((key, _)) = cursor.next()? {
            let stored = RowPrefix::strip(key);
            let mut is_changed = false;
            while let Some((entry, is_there)) = changed.next_if(|(entry, _)| ***entry <= *stored) {
                is_changed |= **entry == *stored;
                if *is_there && !give(entry) {
                    return Ok(());
                }
            }
            if !is_changed && !give(stored) {
                return Ok(());
            }
        }
        for (entry, is_there) in changed {
            if *is_there && !give(entry) {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn write(&self, batch: &mut WriteBatch) {
        for (entry, is_there) in &self.changed {
            let key: [&[u8]; 2] = [self.prefix.as_bytes(), entry];
            if *is_there {
                batch.put_parts(&key, &[]);
            } else {
                batch.delete_parts(&key);
            }
        }
    }

    pub(super) fn committed(&mut self) {
        self.changed.clear();
    }

    pub(super) fn prefix(&self) -> &RowPrefix {
        &self.prefix
    }
}
