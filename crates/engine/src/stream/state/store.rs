//! One store of a task.
use std::ops::Bound;

use lentic_format::{KeyKind, KeyLayout, version};
use lentic_store::layout::{RowPrefix, RowView, position_key, row_header, timed_to_key};
use lentic_store::{Cursor, KeyRange, Order, Result, Tier, WriteBatch};
use lentic_topology::spec::{StoreKind, StoreSpec};
use lentic_types::{FormatName, Offset, PartitionId, Position, Timestamp};

use super::Place;
use super::overlay::Overlay;
use super::timed::TimeEntries;

/// A row as operators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Its time.
    pub timestamp: Timestamp,
    /// Its value.
    pub value: &'a [u8],
}

/// A changed row as the changelog takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed<'a> {
    /// The key in the log.
    pub key: &'a [u8],
    /// `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The record's timestamp.
    pub timestamp: Timestamp,
}

pub(super) struct TaskStore {
    pub(super) spec: StoreSpec,
    pub(super) place: Place,
    pub(super) layout: KeyLayout,
    /// Keys lie in the store as they are in the log.
    pub(super) is_identity: bool,
    prefix: RowPrefix,
    partition: PartitionId,
    pub(super) overlay: Overlay,
    pub(super) times: Option<TimeEntries>,
    pub(super) observed: i64,
    /// Of stores that keep duplicates: the number of the last record.
    pub(super) sequence: u32,
    full: Vec<u8>,
}

impl TaskStore {
    pub(super) fn open(spec: StoreSpec, place: Place, partition: PartitionId) -> Result<Self> {
        let layout = layout(&spec);
        let prefix = RowPrefix::new(place.id, partition, place.incarnation);
        let is_timed = spec.timed || spec.ttl.is_some();
        let is_identity = layout.kind == KeyKind::Plain
            && matches!(layout.format, FormatName::Bytes | FormatName::String | FormatName::Json);
        let mut store = Self {
            is_identity,
            times: is_timed
                .then(|| TimeEntries::new(RowPrefix::by_time(place.id, partition, place.incarnation))),
            spec,
            place,
            layout,
            prefix,
            partition,
            overlay: Overlay::default(),
            observed: -1,
            sequence: 0,
            full: Vec::new(),
        };
        if is_timed {
            store.check_times()?;
        }
        Ok(store)
    }

    /// The row of a key in the store's form.
    pub(super) fn get(&mut self, key: &[u8]) -> Result<Option<Row<'_>>> {
        if self.overlay.get(key).is_none() {
            let row = self.read(key)?;
            self.overlay.remember(key, row);
        }
        let entry = self.overlay.get(key).expect("it was read a moment ago");
        Ok(entry.row.as_ref().map(|(timestamp, value)| Row { timestamp: *timestamp, value }))
    }

    fn read(&mut self, key: &[u8]) -> Result<Option<(Timestamp, Box<[u8]>)>> {
        self.full.clear();
        self.full.extend_from_slice(self.prefix.as_bytes());
        self.full.extend_from_slice(key);
        let mut row = Ok(None);
        self.place.store.get_with(&self.full, Tier::Disk, &mut |found| {
            row = found
                .map(|bytes| RowView::read(bytes).map(|row| (row.timestamp, Box::from(row.value))))
                .transpose();
        })?;
        row
    }

    /// Changes a row.
    pub(super) fn put(&mut self, key: &[u8], row: Option<(Timestamp, &[u8])>) -> Result<()> {
        if let Some(time) = self.entry_time(key, row.map(|(timestamp, _)| timestamp)) {
            let before = self.get(key)?.map(|row| row.timestamp);
            let before = before.and_then(|before| self.entry_time(key, Some(before)).flatten());
            let times = self.times.as_mut().expect("entries have a time only where they are kept");
            if before != time {
                if let Some(before) = before {
                    times.remove(before, key);
                }
                if let Some(time) = time {
                    times.insert(time, key);
                }
            }
        }
        self.overlay.put(key, row.map(|(timestamp, value)| (timestamp, Box::from(value))));
        Ok(())
    }

    /// The time by which a row is listed. Outer `None`: rows of this store are not; inner: this one is not there.
    #[expect(clippy::option_option, reason = "two questions in one")]
    fn entry_time(&self, key: &[u8], timestamp: Option<Timestamp>) -> Option<Option<i64>> {
        self.times.as_ref()?;
        Some(timestamp.map(|timestamp| match self.layout.time(key) {
            Some(time) => time.sorted_by().0,
            None => timestamp.0,
        }))
    }

    /// The rows between two keys in the store's form, changed ones included, in their order; `visit` returns whether to
    /// go on.
    pub(super) fn scan(
        &mut self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        order: Order,
        visit: &mut dyn FnMut(&[u8], Row<'_>) -> bool,
    ) -> Result<()> {
        let mut changed = self.overlay.changed(from, to);
        if order == Order::Descending {
            changed.reverse();
        }
        let range = KeyRange { start: self.bound(from, false), end: self.bound(to, true) };
        let mut cursor = self.place.store.cursor(range, order)?;
        merge(changed, &mut *cursor, order, visit)
    }

    fn bound(&self, bound: Bound<&[u8]>, is_end: bool) -> Bound<Vec<u8>> {
        let full = |key: &[u8]| [self.prefix.as_bytes(), key].concat();
        match bound {
            Bound::Included(key) => Bound::Included(full(key)),
            Bound::Excluded(key) => Bound::Excluded(full(key)),
            Bound::Unbounded if is_end => self.prefix.range().end,
            Bound::Unbounded => self.prefix.range().start,
        }
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.overlay.dirty().len() > 0
    }

    pub(super) fn changes(&mut self, each: &mut dyn FnMut(Changed<'_>)) -> Result<()> {
        let mut wire = Vec::new();
        for (key, entry) in self.overlay.dirty() {
            if self.is_identity {
                let row = entry.row.as_ref().map(|(timestamp, value)| (*timestamp, &**value));
                each(self.changed(key, key, row));
                continue;
            }
            wire.clear();
            self.layout
                .to_wire(key, &mut wire)
                .map_err(|error| lentic_store::Error::Corrupt(error.to_string()))?;
            let row = entry.row.as_ref().map(|(timestamp, value)| (*timestamp, &**value));
            each(self.changed(&wire, key, row));
        }
        Ok(())
    }

    fn changed<'a>(&self, wire: &'a [u8], key: &[u8], row: Option<(Timestamp, &'a [u8])>) -> Changed<'a> {
        match (self.layout.kind, row) {
            (KeyKind::Version, Some((timestamp, value))) => {
                let value = lentic_format::read_version(value).flatten();
                Changed { key: wire, value, timestamp }
            }
            (_, Some((timestamp, value))) => Changed { key: wire, value: Some(value), timestamp },
            (_, None) => {
                // A window's tombstone has the window's time, so that the log keeps it as long as the window.
                let time = self.layout.time(key).map_or(Timestamp::NONE, |time| time.sorted_by());
                Changed { key: wire, value: None, timestamp: time }
            }
        }
    }

    pub(super) fn write(&mut self, offsets: &[Offset], now: Timestamp, batch: &mut WriteBatch) {
        let last = offsets.get(self.overlay.dirty().len().wrapping_sub(1)).copied();
        // In key order: neighbours are found faster where they go.
        let mut rows: Vec<_> = self.overlay.dirty().enumerate().collect();
        rows.sort_unstable_by_key(|(_, (key, _))| *key);
        for (number, (key, entry)) in rows {
            let offset = offsets.get(number).copied().unwrap_or_default();
            let full: [&[u8]; 2] = [self.prefix.as_bytes(), key];
            match &entry.row {
                Some((timestamp, value)) => batch.put_parts(&full, &[&row_header(offset, *timestamp), value]),
                None => batch.delete_parts(&full),
            }
        }
        if let (Some(last), Some(record)) = (last.filter(|_| !offsets.is_empty()), &mut self.place.record) {
            let end = record.position.offset.max(last.next());
            // The leader epoch of what was written is not told by acknowledgements.
            record.position = Position { offset: end, epoch: -1, ..record.position };
            record.read_to = end;
            record.current_at = now;
            record.observed = Timestamp(self.observed);
            batch.put(&position_key(self.place.id, self.partition), &record.to_bytes());
        }
        if let Some(times) = &mut self.times {
            times.write(batch);
            batch.put(&timed_to_key(self.place.id, self.partition), &timed_to(&self.place));
        }
    }

    pub(super) fn committed(&mut self, limit: usize) {
        self.overlay.committed(limit);
        if let Some(times) = &mut self.times {
            times.committed();
        }
    }

    /// Entries by time that stand for another state of the rows are built anew.
    fn check_times(&mut self) -> Result<()> {
        let mark = timed_to_key(self.place.id, self.partition);
        let family = std::sync::Arc::clone(&self.place.store);
        if family.get(&mark)?.is_some_and(|bytes| bytes == timed_to(&self.place)) {
            return Ok(());
        }
        let entries = RowPrefix::by_time(self.place.id, self.partition, self.place.incarnation);
        family.delete_range(RowPrefix::by_time_of_all(self.place.id, self.partition))?;
        let mut batch = WriteBatch::default();
        let mut cursor = family.cursor(self.prefix.range(), Order::Ascending)?;
        while let Some((key, value)) = cursor.next()? {
            let (key, row) = (RowPrefix::strip(key), RowView::read(value)?);
            let time = self.layout.time(key).map_or(row.timestamp.0, |time| time.sorted_by().0);
            batch.put_parts(&[entries.as_bytes(), &super::timed::sortable(time), key], &[]);
            if batch.bytes() > BATCH_BYTES {
                family.apply(&batch)?;
                batch.clear();
            }
        }
        batch.put(&mark, &timed_to(&self.place));
        family.apply(&batch)
    }

    pub(super) fn retention_ms(&self) -> Option<i64> {
        match self.spec.kind {
            StoreKind::Window { retention_ms, .. } | StoreKind::Session { retention_ms } => {
                Some(retention_ms)
            }
            StoreKind::Versioned { history_ms } => Some(history_ms),
            StoreKind::KeyValue | StoreKind::Ordered => None,
        }
    }

    /// Windows that start (sessions that end) before this are hidden from every read: section "windows" of Kafka Streams'
    /// stores.
    pub(super) fn first_visible(&self) -> i64 {
        self.first_visible_at(self.observed)
    }

    /// The same once a window of this start (a session of this end) has been put.
    pub(super) fn first_visible_at(&self, observed: i64) -> i64 {
        let observed = observed.max(self.observed);
        let retention = self.retention_ms().unwrap_or(i64::MAX);
        observed.saturating_sub(retention).saturating_add(i64::from(!self.spec.closes))
    }

    /// Rows before this are gone for good, and can be removed: whole segments of time at once, as in Kafka Streams' stores.
    pub(super) fn first_kept(&self) -> i64 {
        self.first_kept_at(self.observed)
    }

    /// The same once a window of this start (a session of this end) has been put.
    pub(super) fn first_kept_at(&self, observed: i64) -> i64 {
        let Some(retention) = self.retention_ms() else { return i64::MIN };
        let interval = (retention / 2).max(60_000);
        observed.max(self.observed).saturating_sub(retention).div_euclid(interval).saturating_mul(interval)
    }

    pub(super) fn prefix(&self) -> &RowPrefix {
        &self.prefix
    }
}

/// Rows of this many bytes are written at a time.
pub(super) const BATCH_BYTES: usize = 1 << 20;

fn layout(spec: &StoreSpec) -> KeyLayout {
    let kind = match spec.kind {
        StoreKind::KeyValue => KeyKind::Plain,
        StoreKind::Ordered => return KeyLayout::plain(FormatName::Bytes),
        StoreKind::Window { .. } => KeyKind::Window { sequence: true },
        StoreKind::Session { .. } => KeyKind::Session,
        StoreKind::Versioned { .. } => KeyKind::Version,
    };
    let format = if spec.key.windowed.is_some() { FormatName::Bytes } else { spec.key.format };
    KeyLayout::new(format, kind)
}

/// What entries by time that are in step with the rows of a place are in step with.
fn timed_to(place: &Place) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&place.position().map_or(0, |position| position.0).to_be_bytes());
    bytes[8..].copy_from_slice(&place.incarnation.0.to_be_bytes());
    bytes
}

/// What a versioned row holds.
pub(super) fn versioned(value: Option<&[u8]>) -> Vec<u8> {
    let (flag, value) = version(value);
    [flag, value].concat()
}

type ChangedRows = Vec<(super::overlay::Key, Option<(Timestamp, Box<[u8]>)>)>;

/// Committed and changed rows as one; of a key that is in both the changed row counts.
fn merge(
    changed: ChangedRows,
    cursor: &mut dyn Cursor,
    order: Order,
    visit: &mut dyn FnMut(&[u8], Row<'_>) -> bool,
) -> Result<()> {
    let mut changed = changed.into_iter().peekable();
    while let Some((key, value)) = cursor.next()? {
        let key = RowPrefix::strip(key);
        let mut is_replaced = false;
        while let Some((next, _)) = changed.peek() {
            let comes_first = match order {
                Order::Ascending => **next <= *key,
                Order::Descending => **next >= *key,
            };
            if !comes_first {
                break;
            }
            let (next, row) = changed.next().expect("it was peeked at");
            is_replaced |= *next == *key;
            if let Some((timestamp, value)) = row
                && !visit(&next, Row { timestamp, value: &value })
            {
                return Ok(());
            }
        }
        if !is_replaced {
            let row = RowView::read(value)?;
            if !visit(key, Row { timestamp: row.timestamp, value: row.value }) {
                return Ok(());
            }
        }
    }
    for (key, row) in changed {
        if let Some((timestamp, value)) = row
            && !visit(&key, Row { timestamp, value: &value })
        {
            break;
        }
    }
    Ok(())
}
