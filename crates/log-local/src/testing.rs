//! What the tests inside this crate share: a log in a directory of its own, and short ways to use it.
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bytes::Bytes;
use lentic_engine::log::{Ack, Log, Polled, ReadFrom, Reader, ReaderOptions, Result, TopicSettings};
use lentic_types::{Offset, OutgoingRecord, PartitionId, Timestamp, TopicName, TopicPartition};
use tempfile::TempDir;

use crate::{LocalLog, LocalOptions};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    pub(crate) log: LocalLog,
    options: LocalOptions,
    dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(LocalOptions::default())
    }

    pub(crate) fn with(options: LocalOptions) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        // The tests say when cleaning happens.
        let cleaner_interval = Duration::from_hours(1);
        let options = LocalOptions { path: dir.path().join("log"), cleaner_interval, ..options };
        Self { log: LocalLog::open(options.clone()).expect("opened"), options, dir }
    }

    /// Closes the log and opens it again.
    pub(crate) fn reopen(self) -> Self {
        let Self { log, options, dir } = self;
        log.close(PATIENCE);
        drop(log);
        Self { log: LocalLog::open(options.clone()).expect("opened again"), options, dir }
    }

    pub(crate) fn topic(&self, partitions: u32, settings: &TopicSettings) -> TopicName {
        let name = TopicName::new("topic").expect("a name");
        self.log.create_topic(&name, partitions, settings).expect("created");
        name
    }

    pub(crate) fn send(&self, record: OutgoingRecord) -> Receiver<Result<Ack>> {
        let (sender, receiver) = channel();
        self.log.append(record, Box::new(move |result| drop(sender.send(result))));
        receiver
    }

    pub(crate) fn append(&self, record: OutgoingRecord) -> Result<Ack> {
        self.send(record).recv_timeout(PATIENCE).expect("an answer")
    }

    pub(crate) fn put(&self, key: &str, value: Option<&str>, timestamp: i64) -> Offset {
        self.append(record(0, key, value, timestamp)).expect("taken").offset
    }

    /// All records of partition 0 from its start: offset, key, value.
    pub(crate) fn rows(&self) -> Vec<(u64, String, Option<String>)> {
        let mut reader = self.log.reader(ReaderOptions::default()).expect("a reader");
        reader.assign(&partition(0), ReadFrom::Start).expect("assigned");
        rows(&mut *reader)
    }
}

/// What a reader gives until its next end.
pub(crate) fn rows(reader: &mut dyn Reader) -> Vec<(u64, String, Option<String>)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let (mut rows, mut polled) = (Vec::new(), Vec::new());
    loop {
        reader.poll(PATIENCE, &mut polled).expect("polled");
        assert!(!polled.is_empty(), "nothing within {PATIENCE:?}");
        for polled in polled.drain(..) {
            match polled {
                Polled::Records { batch, .. } => rows.extend(
                    batch.iter().map(|r| (r.offset.0, text(r.key.unwrap_or_default()), r.value.map(text))),
                ),
                Polled::End { .. } => return rows,
                other => panic!("{other:?}"),
            }
        }
    }
}

pub(crate) fn partition(number: u32) -> TopicPartition {
    TopicPartition::new(TopicName::new("topic").expect("a name"), PartitionId(number))
}

pub(crate) fn record(partition: u32, key: &str, value: Option<&str>, timestamp: i64) -> OutgoingRecord {
    OutgoingRecord {
        topic: TopicName::new("topic").expect("a name"),
        partition: PartitionId(partition),
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        value: value.map(|value| Bytes::copy_from_slice(value.as_bytes())),
        timestamp: Timestamp(timestamp),
        headers: Vec::new(),
    }
}
