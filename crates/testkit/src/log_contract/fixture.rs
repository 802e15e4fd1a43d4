//! What a case works with: a log, topics of its own, and waiting that ends.
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use lentic_engine::log::{Ack, Bounds, Error, Log, ReaderOptions, Result, Topic, TopicSettings};
use lentic_types::{OutgoingRecord, PartitionId, Timestamp, TopicName, TopicPartition};

use super::Options;
use super::reading::Reading;

pub(super) struct Fixture {
    pub(super) log: Arc<dyn Log>,
    pub(super) options: Options,
    case: &'static str,
    made: Mutex<Vec<TopicName>>,
}

impl Fixture {
    pub(super) fn new(case: &'static str, log: Arc<dyn Log>, options: Options) -> Self {
        Self { log, options, case, made: Mutex::default() }
    }

    /// A name that nobody used before; the topic is deleted when the case ends.
    pub(super) fn name(&self) -> TopicName {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("contract-{}-{:x}-{count}", self.case.replace('_', "-"), now_nanos());
        let name = TopicName::new(name).expect("case names are legal in topic names");
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        name
    }

    /// A new topic with Kafka's default settings.
    pub(super) fn topic(&self, partitions: u32) -> Topic {
        self.topic_with(partitions, &TopicSettings::default())
    }

    pub(super) fn topic_with(&self, partitions: u32, settings: &TopicSettings) -> Topic {
        let name = self.name();
        self.log.create_topic(&name, partitions, settings).unwrap_or_else(|e| panic!("create {name}: {e}"))
    }

    /// Appends without waiting.
    pub(super) fn send(&self, record: OutgoingRecord) -> Pending {
        let (sender, receiver) = mpsc::channel();
        self.log.append(record, Box::new(move |result| drop(sender.send(result))));
        Pending(receiver)
    }

    /// Appends and waits for the outcome.
    pub(super) fn append(&self, record: OutgoingRecord) -> Result<Ack> {
        self.send(record).wait(self.options.patience)
    }

    /// Appends what must be taken.
    pub(super) fn put(&self, topic: &Topic, partition: u32, key: &str, value: &str) -> Ack {
        self.append(record(topic, partition, key, value)).unwrap_or_else(|e| panic!("append {key}: {e}"))
    }

    /// A reader with the default options and the topic's partitions assigned from the start.
    pub(super) fn read_all(&self, topic: &Topic) -> Reading {
        self.read_with(topic, ReaderOptions::default())
    }

    pub(super) fn read_with(&self, topic: &Topic, options: ReaderOptions) -> Reading {
        let mut reading = self.reading(options);
        for partition in partitions(topic) {
            reading.assign(&partition, lentic_engine::log::ReadFrom::Start);
        }
        reading
    }

    /// A reader with nothing assigned.
    pub(super) fn reading(&self, options: ReaderOptions) -> Reading {
        Reading::new(self.log.reader(options).expect("a reader"), self.options.clone())
    }

    /// Fails unless the log tells these bounds, at once if acknowledged records are visible.
    pub(super) fn assert_bounds(&self, partitions: &[TopicPartition], expected: &[Bounds]) {
        let expected = Ok(expected.iter().map(|bounds| Ok(*bounds)).collect());
        if !self.options.acked_is_visible {
            self.wait_for("the bounds", || (self.log.bounds(partitions) == expected).then_some(()));
        }
        assert_eq!(self.log.bounds(partitions), expected);
    }

    /// Repeats `attempt` until it gives something.
    pub(super) fn wait_for<T>(&self, what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + self.options.patience;
        loop {
            if let Some(found) = attempt() {
                return found;
            }
            assert!(Instant::now() < deadline, "waited {:?} for {what}", self.options.patience);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        for name in self.made.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // The case has its verdict already.
            drop(self.log.delete_topic(&name));
        }
    }
}

/// The outcome of an append, to come.
pub(super) struct Pending(mpsc::Receiver<Result<Ack>>);

impl Pending {
    pub(super) fn wait(&self, patience: Duration) -> Result<Ack> {
        match self.0.recv_timeout(patience) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("an append was not answered within {patience:?}"),
            Err(mpsc::RecvTimeoutError::Disconnected) => panic!("an append was dropped without an answer"),
        }
    }
}

pub(super) fn record(topic: &Topic, partition: u32, key: &str, value: &str) -> OutgoingRecord {
    OutgoingRecord {
        topic: topic.name.clone(),
        partition: PartitionId(partition),
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        timestamp: Timestamp::NONE,
        headers: Vec::new(),
    }
}

pub(super) fn partition(topic: &Topic, partition: u32) -> TopicPartition {
    TopicPartition::new(topic.name.clone(), PartitionId(partition))
}

pub(super) fn partitions(topic: &Topic) -> Vec<TopicPartition> {
    (0..topic.partitions).map(|p| partition(topic, p)).collect()
}

/// Fails unless `result` is [`Error::NoSuchTopic`] of `topic`.
pub(super) fn assert_no_such_topic<T>(result: Result<T>, topic: &TopicName) {
    assert_eq!(result.map(|_| ()), Err(Error::NoSuchTopic(topic.clone())));
}

pub(super) fn now_ms() -> i64 {
    (now_nanos() / 1_000_000) as i64
}

fn now_nanos() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}
