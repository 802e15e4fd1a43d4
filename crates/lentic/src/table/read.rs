//! Reading rows. Nothing here waits for freshness: ask [`RawTable::admit`] first.
use std::ops::ControlFlow;

use lentic_store::{Order, Tier};
use lentic_types::{Offset, PartitionId, Progress, Timestamp};

use super::RawTable;
use crate::ReadError;

/// A row, borrowed from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The partition it lives in.
    pub partition: PartitionId,
    /// The offset of its record: its token.
    pub offset: Offset,
    /// That record's timestamp.
    pub timestamp: Timestamp,
    /// The value's bytes as in the log.
    pub value: &'a [u8],
}

/// The answer to a point read.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The partition that was asked (the row's where there is one).
    pub partition: PartitionId,
    /// How fresh; never newer than the row.
    pub progress: Progress,
    /// Now minus the last proof, in milliseconds.
    pub staleness_ms: Option<u64>,
    /// The row.
    pub row: Option<Row<'a>>,
}

/// Which keys, as bytes in the log; their order is the key format's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyBounds {
    /// Keys that begin so (`bytes`, `string`, `json`).
    pub prefix: Option<Vec<u8>>,
    /// The first key, inclusive.
    pub from: Option<Vec<u8>>,
    /// The end, exclusive.
    pub to: Option<Vec<u8>>,
    /// Go on after this key in the scan's order (a page's last).
    pub after: Option<Vec<u8>>,
}

/// A scan over all partitions, merged in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Which keys.
    pub bounds: KeyBounds,
    /// Which way.
    pub order: Order,
}

/// A row of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScannedRow<'a> {
    /// The key's bytes as in the log.
    pub key: &'a [u8],
    /// The row.
    pub row: Row<'a>,
}

impl RawTable {
    /// The row of a key (bytes as in the log). `Ok(None)`: `tier` was [`Tier::Memory`] and only the disk knows; ask
    /// again with [`Tier::Disk`] from a thread that may block.
    pub fn get_with<R>(
        &self,
        _key: &[u8],
        _tier: Tier,
        _read: impl FnOnce(Found<'_>) -> R,
    ) -> Result<Option<R>, ReadError> {
        todo!()
    }

    /// Many keys, in the order given: one snapshot per partition. `visit` gets the key's index. Returns the
    /// partitions' positions. Blocks.
    pub fn get_many(
        &self,
        _keys: &[Vec<u8>],
        _visit: &mut dyn FnMut(usize, Option<Row<'_>>),
    ) -> Result<Vec<(PartitionId, Offset)>, ReadError> {
        todo!()
    }

    /// Visits rows in key order until `visit` breaks; one snapshot per partition. Returns the positions of the
    /// snapshots, in partition order. Blocks.
    pub fn scan(
        &self,
        _scan: &Scan,
        _visit: &mut dyn FnMut(ScannedRow<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<(PartitionId, Offset)>, ReadError> {
        todo!()
    }

    /// The exact number of rows within bounds, by scan. Blocks.
    pub fn count(&self, _bounds: &KeyBounds) -> Result<(u64, Vec<(PartitionId, Offset)>), ReadError> {
        todo!()
    }
}
