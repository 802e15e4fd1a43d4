//! Several sorted cursors as one, in key order.
use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Instant;

use lentic_format::{KeyKind, KeyLayout};
use lentic_store::layout::{RowPrefix, RowView};
use lentic_store::{Cursor, Order, ReadStore};
use lentic_types::{Offset, PartitionId, Timestamp};

use super::bounds;
use super::partition::Partition;
use super::read::Scan;
use super::versions;
use crate::ReadError;

/// The rows of one partition under a scan, one at a time.
pub(crate) struct Stream<'a> {
    partition: PartitionId,
    log_start: Offset,
    layout: KeyLayout,
    times: Times,
    cursor: Box<dyn Cursor + 'a>,
    /// Order-preserving key bytes of the current row.
    key: Vec<u8>,
    value: Vec<u8>,
    offset: Offset,
    timestamp: Timestamp,
    more: bool,
    until: Option<Instant>,
    /// Rows passed since the clock was looked at.
    passed: u32,
}

/// Rows after which the clock is looked at again.
const CLOCK_ROWS: u32 = 1_024;

/// A snapshot to stream from.
pub(crate) struct Source {
    pub(crate) partition: Arc<Partition>,
    pub(crate) snapshot: Arc<dyn ReadStore>,
    pub(crate) view: lentic_engine::TaskView,
}

impl Source {
    pub(crate) fn new(partition: Arc<Partition>) -> Result<Self, ReadError> {
        partition.built_view()?;
        let (snapshot, view) = partition.snapshot();
        Ok(Self { partition, snapshot, view })
    }

    pub(crate) fn stream(&self, layout: KeyLayout, scan: &Scan) -> Result<Stream<'_>, ReadError> {
        let range = bounds::range(self.partition.prefix(&self.view), layout, &scan.bounds, scan.order);
        let mut stream = Stream {
            partition: self.partition.id,
            log_start: self.view.log_start,
            layout,
            times: Times { oldest: self.view.oldest, from: scan.bounds.start_from, to: scan.bounds.start_to },
            cursor: versions::latest(self.snapshot.cursor(range, scan.order)?, layout, scan.order),
            key: Vec::new(),
            value: Vec::new(),
            offset: Offset(0),
            timestamp: Timestamp::NONE,
            more: true,
            until: scan.until,
            passed: 0,
        };
        stream.advance()?;
        Ok(stream)
    }
}

impl Stream<'_> {
    /// Goes to the next row that the retained log still holds.
    fn advance(&mut self) -> Result<(), ReadError> {
        loop {
            let Some((store_key, bytes)) = self.cursor.next()? else {
                self.more = false;
                return Ok(());
            };
            let row = RowView::read(bytes)?;
            self.passed += 1;
            if self.passed == CLOCK_ROWS {
                self.passed = 0;
                if self.until.is_some_and(|until| until <= Instant::now()) {
                    return Err(ReadError::Late);
                }
            }
            let key = RowPrefix::strip(store_key);
            if row.offset < self.log_start || !self.times.include(self.layout, key) {
                continue;
            }
            self.key.clear();
            self.key.extend_from_slice(key);
            self.value.clear();
            self.value.extend_from_slice(row.value);
            self.offset = row.offset;
            self.timestamp = row.timestamp;
            return Ok(());
        }
    }
}

/// Which windows are wanted, by the times beside the keys.
struct Times {
    /// What retention shows.
    oldest: Option<Timestamp>,
    /// The first start, inclusive.
    from: Option<Timestamp>,
    /// The end of the starts, exclusive.
    to: Option<Timestamp>,
}

impl Times {
    fn include(&self, layout: KeyLayout, key: &[u8]) -> bool {
        if layout.kind == KeyKind::Plain {
            return true;
        }
        let Some(time) = layout.time(key) else { return self.from.is_none() && self.to.is_none() };
        self.oldest.is_none_or(|oldest| oldest <= time.sorted_by())
            && self.from.is_none_or(|from| from <= time.start())
            && self.to.is_none_or(|to| time.start() < to)
    }
}

/// What a merge yields: the row with its order-preserving key.
pub(crate) struct Merged<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) partition: PartitionId,
    pub(crate) offset: Offset,
    pub(crate) timestamp: Timestamp,
    pub(crate) value: &'a [u8],
}

/// Calls `visit` with each row in key order. A key that lives in several partitions is visited once, newest.
pub(crate) fn merge(
    streams: &mut [Stream<'_>],
    order: Order,
    visit: &mut dyn FnMut(Merged<'_>) -> std::ops::ControlFlow<()>,
) -> Result<(), ReadError> {
    let mut heap: Vec<usize> = (0..streams.len()).filter(|&i| streams[i].more).collect();
    heap.sort_by(|&a, &b| compare(&streams[b], &streams[a], order));
    // The last element is the next row: with few partitions a sorted list beats a heap.
    while let Some(&next) = heap.last() {
        let stream = &streams[next];
        let row = Merged {
            key: &stream.key,
            partition: stream.partition,
            offset: stream.offset,
            timestamp: stream.timestamp,
            value: &stream.value,
        };
        if visit(row).is_break() {
            return Ok(());
        }
        let key = (streams.len() > 1).then(|| streams[next].key.clone());
        step(streams, &mut heap, order)?;
        while let Some(&other) = heap.last() {
            if key.as_deref() != Some(streams[other].key.as_slice()) {
                break;
            }
            step(streams, &mut heap, order)?;
        }
    }
    Ok(())
}

fn step(streams: &mut [Stream<'_>], heap: &mut Vec<usize>, order: Order) -> Result<(), ReadError> {
    let Some(moved) = heap.pop() else { return Ok(()) };
    streams[moved].advance()?;
    if streams[moved].more {
        let at = heap
            .partition_point(|&other| compare(&streams[other], &streams[moved], order) == Ordering::Greater);
        heap.insert(at, moved);
    }
    Ok(())
}

/// Scan order; of equal keys the newest first, by timestamp (offsets of two partitions can't be compared).
fn compare(a: &Stream<'_>, b: &Stream<'_>, order: Order) -> Ordering {
    let keys = match order {
        Order::Ascending => a.key.cmp(&b.key),
        Order::Descending => b.key.cmp(&a.key),
    };
    keys.then_with(|| b.timestamp.cmp(&a.timestamp)).then_with(|| a.partition.cmp(&b.partition))
}
