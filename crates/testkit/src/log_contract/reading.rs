//! A reader and everything that it has returned so far.
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lentic_engine::log::{Error, Polled, ReadFrom, Reader};
use lentic_types::{Header, Offset, Timestamp, TopicPartition};

use super::Options;

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) partition: u32,
    pub(super) offset: Offset,
    pub(super) timestamp: Timestamp,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: Vec<Header>,
    pub(super) epoch_of_batch: i32,
}

pub(super) struct Reading {
    reader: Box<dyn Reader>,
    options: Options,
    pub(super) records: Vec<Seen>,
    /// The offsets of all `End`s of a partition.
    pub(super) ends: BTreeMap<TopicPartition, Vec<Offset>>,
    pub(super) out_of_range: Vec<TopicPartition>,
    pub(super) failed: Vec<(Option<TopicPartition>, Error)>,
    /// Bytes and records of the greatest poll.
    pub(super) greatest_poll: (usize, usize),
}

impl Reading {
    pub(super) fn new(reader: Box<dyn Reader>, options: Options) -> Self {
        Self {
            reader,
            options,
            records: Vec::new(),
            ends: BTreeMap::new(),
            out_of_range: Vec::new(),
            failed: Vec::new(),
            greatest_poll: (0, 0),
        }
    }

    pub(super) fn assign(&mut self, partition: &TopicPartition, from: ReadFrom) {
        self.reader.assign(partition, from).unwrap_or_else(|e| panic!("assign {partition} at {from:?}: {e}"));
    }

    pub(super) fn try_assign(&mut self, partition: &TopicPartition, from: ReadFrom) -> Result<(), Error> {
        self.reader.assign(partition, from)
    }

    pub(super) fn unassign(&mut self, partition: &TopicPartition) {
        self.reader.unassign(partition).unwrap_or_else(|e| panic!("unassign {partition}: {e}"));
    }

    /// Polls once.
    pub(super) fn poll(&mut self, timeout: Duration) {
        let mut polled = Vec::new();
        self.reader.poll(timeout, &mut polled).unwrap_or_else(|e| panic!("poll: {e}"));
        let mut size = (0, 0);
        for polled in polled {
            match polled {
                Polled::Records { partition, batch, epoch } => {
                    assert!(!batch.is_empty(), "an empty batch of {partition}");
                    size.0 += batch.bytes();
                    size.1 += batch.len();
                    for (index, record) in batch.iter().enumerate() {
                        self.records.push(Seen {
                            partition: partition.partition.0,
                            offset: record.offset,
                            timestamp: record.timestamp,
                            key: record.key.map(<[u8]>::to_vec),
                            value: record.value.map(<[u8]>::to_vec),
                            headers: batch.headers(index).to_vec(),
                            epoch_of_batch: epoch,
                        });
                    }
                }
                Polled::End { partition, offset } => self.ends.entry(partition).or_default().push(offset),
                Polled::OutOfRange { partition } => self.out_of_range.push(partition),
                Polled::Failed { partition, error } => self.failed.push((partition, error)),
            }
        }
        self.greatest_poll = self.greatest_poll.max(size);
    }

    /// Polls until `done`.
    pub(super) fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + self.options.patience;
        while !done(self) {
            assert!(
                Instant::now() < deadline,
                "waited {:?} for {what}; {} records, last {:?}, ends {:?}, out of range {:?}, failed {:?}",
                self.options.patience,
                self.records.len(),
                self.records.last(),
                self.ends,
                self.out_of_range,
                self.failed,
            );
            self.poll(Duration::from_millis(100));
        }
    }

    /// Polls until every partition has reported an end at `end` or above.
    pub(super) fn until_ends(&mut self, ends: &[(TopicPartition, Offset)]) {
        self.until("the ends", |reading| {
            ends.iter().all(|(partition, end)| reading.end(partition).is_some_and(|seen| seen >= *end))
        });
    }

    /// Polls for the quiet time: for what must not come.
    pub(super) fn quiet(&mut self) {
        let deadline = Instant::now() + self.options.quiet;
        while Instant::now() < deadline {
            self.poll(Duration::from_millis(50));
        }
    }

    /// The last end that was reported.
    pub(super) fn end(&self, partition: &TopicPartition) -> Option<Offset> {
        self.ends.get(partition).and_then(|ends| ends.last().copied())
    }

    /// (offset, value) of all records of a partition, in the order read.
    pub(super) fn values(&self, partition: u32) -> Vec<(u64, String)> {
        let of = self.records.iter().filter(|seen| seen.partition == partition);
        of.map(|seen| (seen.offset.0, text(seen.value.as_deref()))).collect()
    }

    /// All keys of a partition, in the order read.
    pub(super) fn keys(&self, partition: u32) -> Vec<String> {
        let of = self.records.iter().filter(|seen| seen.partition == partition);
        of.map(|seen| text(seen.key.as_deref())).collect()
    }

    /// Fails unless offsets ascend strictly in every partition.
    pub(super) fn assert_ordered(&self) {
        let mut last = BTreeMap::new();
        for seen in &self.records {
            let before = last.insert(seen.partition, seen.offset);
            assert!(before.is_none_or(|before| before < seen.offset), "{before:?} before {seen:?}");
        }
    }
}

fn text(bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(|| "null".to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned())
}
