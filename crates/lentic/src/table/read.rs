//! Reading rows. Nothing here waits for freshness: ask [`RawTable::admit`] first.
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use lentic_cluster::Role;
use lentic_engine::TaskView;
use lentic_format::KeyTime;
use lentic_store::layout::RowView;
use lentic_store::{Order, Tier};
use lentic_types::{Offset, PartitionId, Progress, Timestamp};

use super::holders::BegunIn;
use super::merge::{Merged, Source, merge};
use super::{Partition, RawTable, Scope, versions};
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
    /// As what this node answers: the active one only if it was that from before the read until now.
    pub role: Role,
    /// The row.
    pub row: Option<Row<'a>>,
}

/// Which keys, as bytes in the log; their order is the key format's. Of windowed keys `from` and `to` are with their
/// windows, `prefix` is of what is before them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyBounds {
    /// Keys that begin so (`bytes`, `string`, `json`).
    pub prefix: Option<Vec<u8>>,
    /// The first key, inclusive.
    pub from: Option<Vec<u8>>,
    /// The end, exclusive.
    pub to: Option<Vec<u8>>,
    /// The windows of this key, which is without one.
    pub windows_of: Option<Vec<u8>>,
    /// Windows that start at this time or later.
    pub start_from: Option<Timestamp>,
    /// Windows that start before this time.
    pub start_to: Option<Timestamp>,
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
    /// In which partitions.
    pub scope: Scope,
    /// When to give up; it fails with [`ReadError::Late`] then.
    pub until: Option<Instant>,
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
    /// The stored value and timestamp of a key in one partition, as a stream task looks a global table up.
    pub(crate) fn stored_row(
        &self,
        partition: PartitionId,
        key: &[u8],
    ) -> Result<Option<(Vec<u8>, Timestamp)>, lentic_store::Error> {
        let Some(partition) = self.partition(partition) else { return Ok(None) };
        let view = partition.view();
        let mut full = partition.prefix(&view).as_bytes().to_vec();
        self.inner.key.to_store(key, Timestamp::NONE, &mut full);
        let row = partition.store.get(&full)?;
        row.map(|bytes| RowView::read(&bytes).map(|row| (row.value.to_vec(), row.timestamp))).transpose()
    }

    /// The row of a key (bytes as in the log), looked up in the partitions that the read was admitted to:
    /// [`RawTable::partition_of`] says which. `Ok(None)`: `tier` was [`Tier::Memory`] and only the disk knows; ask again
    /// with [`Tier::Disk`] from a thread that may block.
    pub fn get_with<R>(
        &self,
        scope: &Scope,
        key: &[u8],
        tier: Tier,
        read: impl FnOnce(Found<'_>) -> R,
    ) -> Result<Option<R>, ReadError> {
        if self.is_closed() {
            return Err(ReadError::Closed);
        }
        match scope {
            Scope::Partition(id) => self.get_in(&*self.kept(*id)?, key, tier, read),
            Scope::Some(_) | Scope::All => self.get_anywhere(key, tier, read),
        }
    }

    fn get_in<R>(
        &self,
        partition: &Partition,
        key: &[u8],
        tier: Tier,
        read: impl FnOnce(Found<'_>) -> R,
    ) -> Result<Option<R>, ReadError> {
        if self.is_versioned() {
            // A version is found by a cursor, which may ask the disk.
            return match tier {
                Tier::Memory => Ok(None),
                Tier::Disk => {
                    let latest = Timestamp(i64::MAX);
                    self.version_in(partition, key, latest, |version| read(version.found)).map(Some)
                }
            };
        }
        let mut read = Some(read);
        loop {
            let look = Look::new(self, partition)?;
            if is_hidden(self.inner.key.split(key), look.view.oldest) {
                return Ok(read.take().map(|read| read(look.nothing())));
            }
            let mut outcome = Ok(None);
            let known = partition.store.get_with(
                &self.store_key(partition, &look.view, key),
                tier,
                &mut |bytes| outcome = look.row(bytes, &mut read),
            )?;
            if !known {
                return Ok(None);
            }
            // A rebuild may have switched and cleared the incarnation between view and get.
            match outcome? {
                Some(found) => return Ok(Some(found)),
                None if partition.view().incarnation == look.view.incarnation => {
                    return Ok(read.take().map(|read| read(look.nothing())));
                }
                None => {}
            }
        }
    }

    /// Looks in every partition and takes the newest by timestamp.
    fn get_anywhere<R>(
        &self,
        key: &[u8],
        tier: Tier,
        read: impl FnOnce(Found<'_>) -> R,
    ) -> Result<Option<R>, ReadError> {
        let mut newest: Option<(PartitionId, Timestamp)> = None;
        let mut role = Role::Active;
        for partition in self.here().iter() {
            let look = |found: Found<'_>| (found.row.map(|row| row.timestamp), found.role);
            let seen = self.get_in(partition, key, tier, look)?;
            let Some((timestamp, answered_as)) = seen else { return Ok(None) };
            role = role.min(answered_as);
            if let Some(timestamp) = timestamp.filter(|&t| newest.is_none_or(|(_, best)| t > best)) {
                newest = Some((partition.id, timestamp));
            }
        }
        let home = self.write_partition_of(key).unwrap_or_default();
        let partition = match newest {
            Some((found, _)) => self.kept(found)?,
            None if self.keeps_all() => self.kept(home)?,
            // It may live in one of the others.
            None => return Err(ReadError::NotKept(self.first_not_kept())),
        };
        self.get_in(&partition, key, tier, |found| read(Found { role: role.min(found.role), ..found }))
    }

    /// Many keys, in the order given: one snapshot per partition. `visit` gets the key's index. Keys that have one place are
    /// looked up there, others in the partitions of `scope`. Returns the partitions' positions. Blocks.
    pub fn get_many(
        &self,
        scope: &Scope,
        keys: &[Vec<u8>],
        visit: &mut dyn FnMut(usize, Option<Row<'_>>),
    ) -> Result<Vec<(PartitionId, Offset)>, ReadError> {
        let mut sources: BTreeMap<PartitionId, Source> = BTreeMap::new();
        for (index, key) in keys.iter().enumerate() {
            let home = self.partition_of(key);
            let partitions = match home {
                Some(id) => vec![self.kept(id)?],
                None if *scope == Scope::All => self.here().to_vec(),
                None => self.in_scope(scope)?.to_vec(),
            };
            let mut newest: Option<(PartitionId, Vec<u8>, Timestamp)> = None;
            for partition in partitions {
                let source = match sources.entry(partition.id) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(Source::new(Arc::clone(&partition))?),
                };
                let bytes = if self.is_versioned() {
                    let prefix = partition.prefix(&source.view);
                    versions::latest_row(&*source.snapshot, prefix, self.inner.key, key)?
                } else {
                    source.snapshot.get(&self.store_key(&partition, &source.view, key))?
                };
                let Some(bytes) = bytes else { continue };
                let row = RowView::read(&bytes)?;
                let newer = newest.as_ref().is_none_or(|(_, _, best)| row.timestamp > *best);
                let shown = !is_hidden(self.inner.key.split(key), source.view.oldest);
                if row.offset >= source.view.log_start && shown && newer {
                    let timestamp = row.timestamp;
                    newest = Some((partition.id, bytes, timestamp));
                }
            }
            match &newest {
                Some((partition, bytes, _)) => visit(index, Some(row(*partition, &RowView::read(bytes)?))),
                None if home.is_none() && *scope == Scope::All && !self.keeps_all() => {
                    return Err(ReadError::NotKept(self.first_not_kept()));
                }
                None => visit(index, None),
            }
        }
        Ok(positions(sources.values()))
    }

    /// Visits rows in key order until `visit` breaks; one snapshot per partition. Returns the positions of the
    /// snapshots, in partition order. Blocks.
    pub fn scan(
        &self,
        scan: &Scan,
        visit: &mut dyn FnMut(ScannedRow<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<(PartitionId, Offset)>, ReadError> {
        let layout = self.inner.key;
        let mut key = Vec::new();
        self.merged(scan, &mut |merged| {
            key.clear();
            // The store's keys were written by the layout, which knows them all.
            if layout.to_wire(merged.key, &mut key).is_err() {
                return ControlFlow::Continue(());
            }
            let row = Row {
                partition: merged.partition,
                offset: merged.offset,
                timestamp: merged.timestamp,
                value: merged.value,
            };
            visit(ScannedRow { key: &key, row })
        })
    }

    /// The exact number of the rows of a scan. Blocks.
    pub fn count(&self, scan: &Scan) -> Result<(u64, Vec<(PartitionId, Offset)>), ReadError> {
        let mut count = 0;
        let positions = self.merged(scan, &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        })?;
        Ok((count, positions))
    }

    fn merged(
        &self,
        scan: &Scan,
        visit: &mut dyn FnMut(Merged<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<(PartitionId, Offset)>, ReadError> {
        if self.is_closed() {
            return Err(ReadError::Closed);
        }
        let sources: Vec<_> =
            self.in_scope(&scan.scope)?.iter().cloned().map(Source::new).collect::<Result<_, _>>()?;
        let mut streams = Vec::with_capacity(sources.len());
        for source in &sources {
            streams.push(source.stream(self.inner.key, scan)?);
        }
        merge(&mut streams, scan.order, visit)?;
        Ok(positions(sources.iter()))
    }

    /// Estimated number of rows.
    pub fn rows_estimate(&self) -> u64 {
        self.status().iter().map(|partition| partition.rows_estimate).sum()
    }

    /// A partition that a row may be in that was not found.
    pub(super) fn first_not_kept(&self) -> PartitionId {
        let mut all = (0..self.partitions()).map(PartitionId);
        all.find(|&id| self.partition(id).is_none()).unwrap_or_default()
    }

    fn store_key(&self, partition: &Partition, view: &TaskView, key: &[u8]) -> StoreKey {
        let prefix = partition.prefix(view);
        // Numbers have one byte more in order, windowed keys three more.
        let mut store_key = StoreKey::with_capacity(prefix.as_bytes().len() + key.len() + 4);
        store_key.extend_from_slice(prefix.as_bytes());
        self.inner.key.to_store(key, Timestamp::NONE, &mut store_key);
        store_key
    }
}

type StoreKey = Vec<u8>;

/// Whether the key's window is older than what is shown.
fn is_hidden(split: Option<(&[u8], KeyTime)>, oldest: Option<Timestamp>) -> bool {
    split.zip(oldest).is_some_and(|((_, time), oldest)| time.sorted_by() < oldest)
}

/// What is known of a partition before a row is looked for in it.
struct Look<'a> {
    table: &'a RawTable,
    partition: PartitionId,
    begun: BegunIn,
    view: TaskView,
    staleness_ms: Option<u64>,
}

impl<'a> Look<'a> {
    fn new(table: &'a RawTable, partition: &Partition) -> Result<Self, ReadError> {
        // In this order: what is promised is true of whatever is found.
        let begun = table.begin_in(partition.id);
        let view = partition.built_view()?;
        let staleness_ms = table.staleness_ms(&view);
        Ok(Self { table, partition: partition.id, begun, view, staleness_ms })
    }

    /// To be asked after the row was looked for.
    fn found<'r>(&self, progress: Progress, row: Option<Row<'r>>) -> Found<'r> {
        let role = self.table.role_in(self.begun);
        Found { partition: self.partition, progress, staleness_ms: self.staleness_ms, role, row }
    }

    fn nothing(&self) -> Found<'static> {
        self.found(self.view.progress, None)
    }

    /// Reads what a get found; `None`: no row, and `read` was not used.
    fn row<R, F: FnOnce(Found<'_>) -> R>(
        &self,
        bytes: Option<&[u8]>,
        read: &mut Option<F>,
    ) -> Result<Option<R>, lentic_store::Error> {
        let Some(bytes) = bytes else { return Ok(None) };
        let stored = RowView::read(bytes)?;
        if stored.offset < self.view.log_start {
            return Ok(None);
        }
        // A row that is newer than the view was applied after it: the position is at least past it.
        let mut progress = self.view.progress;
        progress.position = progress.position.max(stored.offset.next());
        progress.end = progress.end.max(progress.position);
        let found = self.found(progress, Some(row(self.partition, &stored)));
        Ok(read.take().map(|read| read(found)))
    }
}

fn row<'a>(partition: PartitionId, stored: &RowView<'a>) -> Row<'a> {
    Row { partition, offset: stored.offset, timestamp: stored.timestamp, value: stored.value }
}

fn positions<'a>(sources: impl Iterator<Item = &'a Source>) -> Vec<(PartitionId, Offset)> {
    sources.map(|source| (source.partition.id, source.view.progress.position)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::table::testing::Bench;

    /// The clock is looked at while rows are read, also while none of them is to be told.
    #[test]
    fn reads_end_in_time() {
        const ROWS: u64 = 3_000;
        let bench = Bench::new(2);
        for i in 0..ROWS {
            bench.append(0, &format!("key {i}"), Some("v"));
        }
        bench.apply(0);
        for (log_start, rows) in [(0, ROWS), (ROWS - 1, 1)] {
            bench.publish(0, |view| view.log_start = Offset(log_start));
            let scan = |until| Scan { until, ..Scan::default() };
            let later = Instant::now() + Duration::from_mins(1);
            let count = bench.table.count(&scan(Some(later))).map(|(count, _)| count);
            assert_eq!(count, Ok(rows), "from {log_start}");
            assert_eq!(bench.table.count(&scan(Some(Instant::now()))), Err(ReadError::Late));
            let mut seen = 0;
            let outcome = bench.table.scan(&scan(Some(Instant::now())), &mut |_| {
                seen += 1;
                ControlFlow::Continue(())
            });
            assert_eq!(outcome, Err(ReadError::Late));
            assert!(seen < rows, "{seen} from {log_start}");
        }
    }
}
