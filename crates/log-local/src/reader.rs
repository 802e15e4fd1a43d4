//! A reader: a position per partition, and a cursor where there is something to read.
use std::sync::Arc;
use std::time::{Duration, Instant};

use lentic_engine::log::{Error, Polled, ReadFrom, Reader, ReaderOptions, Result};
use lentic_store::Cursor;
use lentic_store_rocksdb::{DurableCursor, Scan};
use lentic_types::{Offset, RecordBatch, RecordView, Timestamp, TopicPartition};

use crate::chunk::{Decoder, decode_headers};
use crate::layout;
use crate::partition::Partition;
use crate::shared::{Shared, corrupt, unreadable};
use crate::waker::Waker;

pub(crate) struct LocalReader {
    shared: Arc<Shared>,
    options: ReaderOptions,
    waker: Arc<Waker>,
    /// The first one's turn is next.
    assigned: Vec<Assigned>,
}

struct Assigned {
    partition: Arc<Partition>,
    /// The next offset to read.
    next: u64,
    /// Nothing was read yet, and the start may move until something is.
    from_start: bool,
    /// What is being read, from `next` on.
    chunks: Option<Chunks>,
    /// The log below `next` is another than the one that was read.
    diverged: bool,
    /// The end that was reported and not left since.
    at_end: bool,
    /// Records and bytes of the last batch: about what the next one will take.
    last: (usize, usize),
}

/// A cursor over chunks, and the chunk it stands on.
struct Chunks {
    cursor: DurableCursor,
    /// It sees everything below.
    upto: u64,
    chunk: Vec<u8>,
    decoder: Option<Decoder>,
}

/// What a partition had to give.
enum Found {
    Nothing,
    Records(RecordBatch),
    OutOfRange,
    Deleted,
}

/// Bytes that a record takes in a batch beside its own.
const RECORD_OVERHEAD_BYTES: usize = 32;
/// A batch can't hold 4 GiB.
const GREATEST_BATCH_BYTES: usize = 1 << 30;
const BULK_READAHEAD_BYTES: usize = 2 << 20;

impl LocalReader {
    pub(crate) fn new(shared: Arc<Shared>, mut options: ReaderOptions) -> Self {
        options.batch_bytes = options.batch_bytes.min(GREATEST_BATCH_BYTES);
        Self { shared, options, waker: Arc::default(), assigned: Vec::new() }
    }

    /// Looks once at every partition while there is room. A poll that finds nothing may sleep then.
    fn look(&mut self, polled: &mut Vec<Polled>) {
        let mut room = self.options.batch_bytes;
        let mut full = false;
        let mut done = 0;
        let mut gone = Vec::new();
        for (index, assigned) in self.assigned.iter_mut().enumerate() {
            done = index + 1;
            let read = assigned.read(&self.shared, &self.options, room, !full);
            let name = &assigned.partition.name;
            match read {
                Ok(Found::Nothing) => {}
                Ok(Found::Records(batch)) => {
                    full = true;
                    room = room.saturating_sub(batch.bytes() + batch.len() * RECORD_OVERHEAD_BYTES);
                    let below = batch.last_offset().unwrap_or_default().0 + 1;
                    let epoch = assigned.partition.epoch_below(below).unwrap_or(-1);
                    polled.push(Polled::Records { partition: name.clone(), batch: Arc::new(batch), epoch });
                }
                Ok(Found::OutOfRange) => {
                    gone.push(index);
                    polled.push(Polled::OutOfRange { partition: name.clone() });
                    continue;
                }
                Ok(Found::Deleted) => {
                    gone.push(index);
                    let error = assigned.partition.no_such_topic();
                    polled.push(Polled::Failed { partition: Some(name.clone()), error });
                    continue;
                }
                Err(error) => {
                    assigned.chunks = None;
                    polled.push(Polled::Failed { partition: Some(name.clone()), error });
                    continue;
                }
            }
            if !assigned.at_end && assigned.next == assigned.partition.visible() {
                assigned.at_end = true;
                polled.push(Polled::End { partition: name.clone(), offset: Offset(assigned.next) });
            }
            if room == 0 {
                break;
            }
        }
        for index in gone.iter().rev() {
            let gone = self.assigned.remove(*index);
            gone.partition.unwatch(&self.waker);
        }
        let turn = done - gone.len();
        if turn < self.assigned.len() {
            self.assigned.rotate_left(turn);
        } else if self.assigned.len() > 1 {
            self.assigned.rotate_left(1);
        }
    }

    fn position_of(&self, partition: &TopicPartition) -> Option<usize> {
        self.assigned.iter().position(|assigned| assigned.partition.name == *partition)
    }
}

impl Reader for LocalReader {
    fn assign(&mut self, partition: &TopicPartition, from: ReadFrom) -> Result<()> {
        let found = self.shared.partition_of(partition)?;
        self.unassign(partition)?;
        found.watch(&self.waker);
        let (next, from_start) = match from.offset() {
            Some(offset) => (offset.0, false),
            None => (found.start(), true),
        };
        let diverged = match from {
            ReadFrom::Position { offset, epoch: epoch @ 0.. } => {
                found.epoch_below(offset.0).is_some_and(|known| known != epoch)
            }
            _ => false,
        };
        self.assigned.push(Assigned {
            partition: found,
            next,
            from_start,
            chunks: None,
            diverged,
            at_end: false,
            last: (0, 0),
        });
        Ok(())
    }

    fn unassign(&mut self, partition: &TopicPartition) -> Result<()> {
        if let Some(index) = self.position_of(partition) {
            let gone = self.assigned.remove(index);
            gone.partition.unwatch(&self.waker);
        }
        Ok(())
    }

    fn poll(&mut self, timeout: Duration, polled: &mut Vec<Polled>) -> Result<()> {
        let began = Instant::now();
        let before = polled.len();
        loop {
            if self.shared.queue.refusal() == Some(Error::Closed) {
                return Err(Error::Closed);
            }
            self.waker.reset();
            self.look(polled);
            if polled.len() > before {
                return Ok(());
            }
            let left = timeout.saturating_sub(began.elapsed());
            if left.is_zero() || !self.waker.wait(left) {
                return Ok(());
            }
        }
    }
}

impl Drop for LocalReader {
    fn drop(&mut self) {
        for assigned in &self.assigned {
            assigned.partition.unwatch(&self.waker);
        }
    }
}

impl Assigned {
    /// Reads up to `room` bytes; one record that is larger if `oversized`.
    fn read(
        &mut self,
        shared: &Shared,
        options: &ReaderOptions,
        room: usize,
        oversized: bool,
    ) -> Result<Found> {
        if self.partition.is_deleted() {
            return Ok(Found::Deleted);
        }
        if self.diverged {
            return Ok(Found::OutOfRange);
        }
        let mut batch: Option<RecordBatch> = None;
        let mut used = 0;
        let mut full = false;
        while !full {
            let visible = self.partition.visible();
            let start = self.partition.start();
            if self.from_start && batch.is_none() && self.next < start {
                self.next = start;
                self.at_end = false;
                self.chunks = None;
            }
            if self.next > visible {
                return Ok(if batch.is_none() { Found::OutOfRange } else { break });
            }
            if self.next == visible {
                // An idle cursor would hold memtables and files that are of no use any more.
                self.chunks = None;
                break;
            }
            if self.chunks.is_none() {
                self.chunks = Some(Chunks::new(shared, &self.partition, self.next, visible, options.bulk)?);
            }
            // Checked with the cursor made: what it doesn't see any more, the start tells.
            if self.next < self.partition.start() {
                self.chunks = None;
                if batch.is_some() {
                    break;
                }
                if self.from_start {
                    continue;
                }
                return Ok(Found::OutOfRange);
            }
            let Some(chunks) = &mut self.chunks else { continue };
            if chunks.decoder.is_none() && !chunks.step()? {
                // Compaction may have taken the last records below.
                self.next = self.next.max(chunks.upto);
                self.chunks = None;
                continue;
            }
            let upto = chunks.upto;
            let Some(decoder) = &mut chunks.decoder else { continue };
            loop {
                let before = *decoder;
                let Some(record) = decoder.next(&chunks.chunk).map_err(|_| self.partition.corrupt())? else {
                    chunks.decoder = None;
                    break;
                };
                if record.offset < self.next {
                    continue;
                }
                if record.offset >= upto {
                    // Written, but not to be seen when the cursor was made.
                    self.next = upto;
                    self.chunks = None;
                    break;
                }
                let bytes = record.key.map_or(0, <[u8]>::len)
                    + record.value.map_or(0, <[u8]>::len)
                    + RECORD_OVERHEAD_BYTES;
                if used + bytes > room && !(oversized && batch.is_none()) {
                    *decoder = before;
                    full = true;
                    break;
                }
                used += bytes;
                let batch = batch.get_or_insert_with(|| {
                    let (records, bytes) = self.last;
                    let most = (upto - record.offset) as usize;
                    RecordBatch::with_capacity(records.min(most), bytes.min(room))
                });
                let offset = Offset(record.offset);
                let timestamp = Timestamp(record.timestamp);
                if options.headers {
                    let headers = decode_headers(record.headers).map_err(|_| self.partition.corrupt())?;
                    let view = RecordView { offset, timestamp, key: record.key, value: record.value };
                    batch.push_with_headers(view, headers);
                } else {
                    batch.push(offset, timestamp, record.key, record.value);
                }
                self.next = record.offset + 1;
            }
        }
        let Some(batch) = batch else { return Ok(Found::Nothing) };
        self.from_start = false;
        self.at_end = false;
        // A little more, so that a batch of slightly smaller records still fits.
        self.last = (batch.len() + batch.len() / 8, batch.bytes() + batch.bytes() / 8);
        Ok(Found::Records(batch))
    }
}

impl Chunks {
    fn new(shared: &Shared, partition: &Partition, next: u64, upto: u64, bulk: bool) -> Result<Self> {
        let range = layout::chunk_range(partition.topic, partition.number(), next, None);
        let scan = if bulk {
            Scan { readahead_bytes: BULK_READAHEAD_BYTES, fill_cache: false, ..Scan::default() }
        } else {
            Scan::default()
        };
        let cursor = shared.records.cursor(&range, scan).map_err(unreadable)?;
        Ok(Self { cursor, upto, chunk: Vec::new(), decoder: None })
    }

    /// Goes to the next chunk; `false` if there is none.
    fn step(&mut self) -> Result<bool> {
        let Some((key, value)) = self.cursor.next().map_err(unreadable)? else { return Ok(false) };
        self.chunk.clear();
        self.chunk.extend_from_slice(value);
        let decoder = layout::key_offset(key).and_then(|offset| Decoder::new(value, offset).ok());
        let (_, decoder) = decoder.ok_or_else(|| corrupt(format_args!("the chunk under {key:?}")))?;
        self.decoder = Some(decoder);
        Ok(true)
    }
}

impl Partition {
    pub(crate) fn corrupt(&self) -> Error {
        corrupt(format_args!("a chunk of {}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use lentic_engine::log::TopicSettings;

    use super::*;
    use crate::testing::{Bench, PATIENCE, partition};

    /// An open cursor keeps memtables and files of the database, for every partition that nobody writes to.
    #[test]
    fn an_idle_reader_holds_no_cursor() {
        let bench = Bench::new();
        bench.topic(1, &TopicSettings::default());
        let mut reader = LocalReader::new(Arc::clone(bench.log.shared()), ReaderOptions::default());
        reader.assign(&partition(0), ReadFrom::Start).expect("assigned");
        for round in 0..2 {
            bench.put("k", Some("v"), round);
            let mut polled = Vec::new();
            while !polled.iter().any(|polled| matches!(polled, Polled::End { .. })) {
                reader.poll(PATIENCE, &mut polled).expect("polled");
            }
            assert!(reader.assigned[0].chunks.is_none());
        }
    }
}
