//! Ranges as RocksDB wants them: start inclusive, end exclusive.
use std::ops::Bound;

use lentic_store::{KeyRange, Result};
use rocksdb::ReadOptions;

use crate::error::from_rocks;
use crate::pinned::Handle;

/// Keys from `start` up to, not including, `end`; no end is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) start: Vec<u8>,
    pub(crate) end: Option<Vec<u8>>,
}

impl Bounds {
    pub(crate) fn new(range: &KeyRange) -> Self {
        let start = match &range.start {
            Bound::Included(key) => key.clone(),
            Bound::Excluded(key) => successor(key),
            Bound::Unbounded => Vec::new(),
        };
        let end = match &range.end {
            Bound::Included(key) => Some(successor(key)),
            Bound::Excluded(key) => Some(key.clone()),
            Bound::Unbounded => None,
        };
        Self { start, end }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.end.as_ref().is_some_and(|end| *end <= self.start)
    }

    /// Start and end, the latter taken from the greatest key there is where the range has none; `None` if the range
    /// is empty or nothing lies in it at its open end.
    pub(crate) fn finite(&self, handle: &Handle) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        let end = match &self.end {
            Some(end) => end.clone(),
            None => match greatest(handle)? {
                Some(key) => successor(&key),
                None => return Ok(None),
            },
        };
        Ok((self.start < end).then(|| (self.start.clone(), end)))
    }
}

/// Drops the files that hold nothing but keys from `start` up to, not including, `end`. Not atomic, and not in any order
/// with writes.
pub(crate) fn drop_files(handle: &Handle, start: &[u8], end: &[u8]) -> Result<()> {
    // RocksDB's end is inclusive here: a file that ends with a key at our end must stay.
    let last = last_below(end);
    if *start > *last {
        return Ok(());
    }
    handle.db().delete_file_in_range_cf(handle.family(), start, &last).map_err(from_rocks)
}

/// A key below `end` that at most some very long keys lie above.
fn last_below(end: &[u8]) -> Vec<u8> {
    let mut last = end.to_vec();
    // Nothing lies between a key and the same with a zero behind it.
    if let Some(byte @ 1..) = last.pop() {
        last.push(byte - 1);
        last.extend([0xff; 64]);
    }
    last
}

fn greatest(handle: &Handle) -> Result<Option<Vec<u8>>> {
    let mut iterator = handle.db().raw_iterator_cf_opt(handle.family(), ReadOptions::default());
    iterator.seek_to_last();
    let key = iterator.key().map(<[u8]>::to_vec);
    iterator.status().map_err(from_rocks)?;
    Ok(key)
}

/// The least key that is greater.
fn successor(key: &[u8]) -> Vec<u8> {
    let mut next = Vec::with_capacity(key.len() + 1);
    next.extend_from_slice(key);
    next.push(0);
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_key_lies_below_the_end() {
        let last = |end: &[u8]| last_below(end);
        assert_eq!(last(b"a\0"), b"a");
        assert_eq!(last(b"a\0\0"), b"a\0");
        let below_b = last(b"b");
        assert!(below_b.as_slice() > &b"a\xff\xff"[..] && below_b.as_slice() < &b"b"[..]);
    }

    #[test]
    fn every_kind_of_bound() {
        let bounds = |start, end| Bounds::new(&KeyRange { start, end });
        let a = || b"a".to_vec();
        let a0 = || b"a\0".to_vec();
        assert_eq!(bounds(Bound::Included(a()), Bound::Unbounded), Bounds { start: a(), end: None });
        assert_eq!(bounds(Bound::Excluded(a()), Bound::Unbounded), Bounds { start: a0(), end: None });
        assert_eq!(bounds(Bound::Unbounded, Bound::Included(a())), Bounds { start: vec![], end: Some(a0()) });
        assert_eq!(bounds(Bound::Unbounded, Bound::Excluded(a())), Bounds { start: vec![], end: Some(a()) });
        assert!(bounds(Bound::Included(a()), Bound::Excluded(a())).is_empty());
        assert!(!bounds(Bound::Included(a()), Bound::Included(a())).is_empty());
    }
}
