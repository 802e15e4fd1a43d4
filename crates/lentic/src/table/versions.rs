//! Tables that keep versions: the latest row of each key, and the one in force at a time.
use std::ops::Bound;

use lentic_format::{KeyKind, KeyLayout, read_version};
use lentic_store::layout::{PositionRecord, RowPrefix, RowView, position_key};
use lentic_store::{Cursor, KeyRange, Order, ReadStore};
use lentic_types::{PartitionId, Timestamp};

use super::read::{Found, Row};
use super::{Partition, RawTable};
use crate::ReadError;

/// The answer to a read as of a time.
#[derive(Clone, Copy, Debug)]
pub struct FoundVersion<'a> {
    /// The version in force then; its timestamp says since when. No row: there was none then, or that is no longer known.
    pub found: Found<'a>,
    /// When the next version took its place; `None` while it is the latest.
    pub valid_to: Option<Timestamp>,
}

impl RawTable {
    /// Whether the table keeps the versions of its rows: only stores of a query do that are materialized so.
    pub fn is_versioned(&self) -> bool {
        self.inner.key.kind == KeyKind::Version
    }

    /// The row of a key (bytes as in the log) that was in force at a time, which may lie in the future. As in Kafka Streams'
    /// versioned stores, times further back than the history, counted from the latest time put into the partition, are
    /// answered where the key has not changed since. Fails with [`ReadError::NotVersioned`] where no versions are kept.
    /// Blocks.
    pub fn get_as_of<R>(
        &self,
        key: &[u8],
        at: Timestamp,
        read: impl FnOnce(FoundVersion<'_>) -> R,
    ) -> Result<R, ReadError> {
        if self.is_closed() {
            return Err(ReadError::Closed);
        }
        if !self.is_versioned() {
            return Err(ReadError::NotVersioned);
        }
        let mut place = self.partition_of(key);
        if place.is_none() {
            place = self.newest_place(key, at)?;
        }
        let place = place.or_else(|| self.kept_partitions().next()).unwrap_or_default();
        let partition = self.kept(place)?;
        self.version_in(&partition, key, at, read)
    }

    /// Of a key without a home: where the version is that began last.
    fn newest_place(&self, key: &[u8], at: Timestamp) -> Result<Option<PartitionId>, ReadError> {
        let mut newest = None;
        for id in self.kept_partitions().collect::<Vec<_>>() {
            let partition = self.kept(id)?;
            let begun =
                self.version_in(&partition, key, at, |version| version.found.row.map(|row| row.timestamp))?;
            newest = newest.max(begun.map(|begun| (begun, id)));
        }
        Ok(newest.map(|(_, id)| id))
    }

    pub(super) fn version_in<R>(
        &self,
        partition: &Partition,
        key: &[u8],
        at: Timestamp,
        read: impl FnOnce(FoundVersion<'_>) -> R,
    ) -> Result<R, ReadError> {
        let begun = self.begin_in(partition.id);
        partition.built_view()?;
        let (snapshot, view) = partition.snapshot();
        let prefix = partition.prefix(&view);
        let mut progress = view.progress;
        let staleness_ms = self.staleness_ms(&view);
        let stored = find(&*snapshot, prefix, self.inner.key, key, at)?;
        let (mut row, mut valid_to) = (None, None);
        if let Some((store_key, bytes)) = &stored {
            let stored = RowView::read(bytes)?;
            valid_to = replaced_at(&*snapshot, prefix, self.inner.key, key, store_key)?;
            let is_known = valid_to.is_none() || self.history_start(&*snapshot, partition)? <= at;
            let value = read_version(stored.value).flatten();
            row = value.filter(|_| is_known && stored.offset >= view.log_start).map(|value| Row {
                partition: partition.id,
                offset: stored.offset,
                timestamp: stored.timestamp,
                value,
            });
            // What is newer than the view was applied after it: the position is at least past it.
            progress.position = progress.position.max(stored.offset.next());
            progress.end = progress.end.max(progress.position);
        }
        let role = self.role_in(begun);
        let found = Found { partition: partition.id, progress, staleness_ms, role, row };
        Ok(read(FoundVersion { found, valid_to: valid_to.filter(|_| row.is_some()) }))
    }

    /// The earliest time that is answered of keys that have changed since.
    fn history_start(&self, snapshot: &dyn ReadStore, partition: &Partition) -> Result<Timestamp, ReadError> {
        let Some(history) = self.spec().history_ms else { return Ok(Timestamp(i64::MIN)) };
        let stored = snapshot.get(&position_key(self.inner.store_id, partition.id))?;
        let stored = stored.map(|bytes| PositionRecord::from_bytes(&bytes)).transpose()?;
        let observed = stored.map_or(Timestamp::NONE, |record| record.observed);
        Ok(Timestamp(observed.0.saturating_sub(i64::try_from(history).unwrap_or(i64::MAX))))
    }
}

/// The version of a key in force at a time, with its store key.
fn find(
    store: &dyn ReadStore,
    prefix: RowPrefix,
    layout: KeyLayout,
    key: &[u8],
    at: Timestamp,
) -> Result<Option<(Vec<u8>, Vec<u8>)>, lentic_store::Error> {
    let (mut from, mut of_key) = (prefix.as_bytes().to_vec(), prefix.as_bytes().to_vec());
    layout.seek_key(key, at, &mut from);
    layout.prefix(key, &mut of_key);
    let range = KeyRange { start: Bound::Included(from), end: KeyRange::prefix(&of_key).end };
    let mut cursor = store.cursor(range, Order::Ascending)?;
    let found = cursor.next()?;
    Ok(found.map(|(key, value)| (key.to_vec(), value.to_vec())))
}

/// The latest version of a key as a row without versions has it.
pub(super) fn latest_row(
    store: &dyn ReadStore,
    prefix: RowPrefix,
    layout: KeyLayout,
    key: &[u8],
) -> Result<Option<Vec<u8>>, lentic_store::Error> {
    let found = find(store, prefix, layout, key, Timestamp(i64::MAX))?;
    let Some((_, bytes)) = found else { return Ok(None) };
    let mut row = Vec::new();
    Ok(unversioned(&bytes, &mut row)?.then_some(row))
}

/// The time of the version after the one with this store key.
fn replaced_at(
    store: &dyn ReadStore,
    prefix: RowPrefix,
    layout: KeyLayout,
    key: &[u8],
    store_key: &[u8],
) -> Result<Option<Timestamp>, lentic_store::Error> {
    let mut of_key = prefix.as_bytes().to_vec();
    layout.prefix(key, &mut of_key);
    let range = KeyRange { start: Bound::Included(of_key), end: Bound::Excluded(store_key.to_vec()) };
    let mut cursor = store.cursor(range, Order::Descending)?;
    let next = cursor.next()?;
    Ok(next.and_then(|(key, _)| layout.time(RowPrefix::strip(key))).map(|time| time.start()))
}

/// Writes the row of a version as a row without versions; `false` if it says that there is none.
fn unversioned(bytes: &[u8], row: &mut Vec<u8>) -> Result<bool, lentic_store::Error> {
    let stored = RowView::read(bytes)?;
    let Some(value) = read_version(stored.value).flatten() else { return Ok(false) };
    row.clear();
    row.extend_from_slice(&bytes[..bytes.len() - stored.value.len()]);
    row.extend_from_slice(value);
    Ok(true)
}

/// Of the rows of a cursor the latest of each key, where the layout has versions; else all of them.
pub(super) fn latest<'a>(
    cursor: Box<dyn Cursor + 'a>,
    layout: KeyLayout,
    order: Order,
) -> Box<dyn Cursor + 'a> {
    if layout.kind != KeyKind::Version {
        return cursor;
    }
    Box::new(Latest { cursor, order, current: None, ahead: None, row: Vec::new() })
}

/// A row of the store.
type Stored = (Vec<u8>, Vec<u8>);

/// Versions of a key lie together, the latest first: it is the first that comes, or in descending order the last.
struct Latest<'a> {
    cursor: Box<dyn Cursor + 'a>,
    order: Order,
    /// The latest version of the key that the cursor is at.
    current: Option<Stored>,
    /// The first row of the next key.
    ahead: Option<Stored>,
    row: Vec<u8>,
}

impl Latest<'_> {
    /// Goes to the next key.
    fn advance(&mut self) -> Result<(), lentic_store::Error> {
        self.current = match self.ahead.take() {
            Some(ahead) => Some(ahead),
            None => self.cursor.next()?.map(|(key, value)| (key.to_vec(), value.to_vec())),
        };
        let Some((current, version)) = &mut self.current else { return Ok(()) };
        while let Some((key, value)) = self.cursor.next()? {
            if untimed(key) != untimed(current) {
                self.ahead = Some((key.to_vec(), value.to_vec()));
                break;
            }
            if self.order == Order::Descending {
                current.clear();
                current.extend_from_slice(key);
                version.clear();
                version.extend_from_slice(value);
            }
        }
        Ok(())
    }
}

impl Cursor for Latest<'_> {
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>, lentic_store::Error> {
        loop {
            self.advance()?;
            let Some((_, version)) = &self.current else { return Ok(None) };
            if unversioned(version, &mut self.row)? {
                break;
            }
        }
        Ok(self.current.as_ref().map(|(key, _)| (key.as_slice(), self.row.as_slice())))
    }
}

/// A store key without the time at its end.
fn untimed(store_key: &[u8]) -> &[u8] {
    &store_key[..store_key.len().saturating_sub(size_of::<i64>())]
}
