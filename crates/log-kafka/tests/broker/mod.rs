//! The broker that the tests run on, and what they all need of it.
#![allow(clippy::print_stderr, reason = "a test that was not run says so")]
#![allow(dead_code, reason = "each test binary uses a part")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use lentic_engine::log::{
    Ack, Log, Polled, ReadFrom, Reader, ReaderOptions, Result, Topic, TopicSettings, Transaction,
};
use lentic_log_kafka::{KafkaLog, KafkaOptions};
use lentic_types::{OutgoingRecord, PartitionId, Timestamp, TopicName, TopicPartition};

/// How long something that must happen may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// `host:port` of the broker that runs for the tests, or `None` after saying that nothing is tested.
pub fn shared() -> Option<String> {
    match std::env::var("LENTIC_TEST_KAFKA") {
        Ok(brokers) if !brokers.is_empty() => Some(brokers),
        _ if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("LENTIC_TEST_KAFKA is not set: `make test` starts a broker and sets it")
        }
        _ => {
            eprintln!(
                "NOT RUN: start a broker with `make kafka-up` and set LENTIC_TEST_KAFKA=127.0.0.1:19092"
            );
            None
        }
    }
}

/// Options with a client and transactional ids of their own: the broker is shared.
pub fn options(brokers: &str) -> KafkaOptions {
    let mut options = KafkaOptions::new(brokers);
    options.transactional_id_prefix = unique("test");
    options
}

pub fn connect(brokers: &str) -> Arc<dyn Log> {
    Arc::new(KafkaLog::connect(options(brokers)).expect("connected"))
}

/// A name that nobody used before.
pub fn unique(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    format!("{what}-{nanos:x}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A topic that is deleted when the test ends.
pub struct TestTopic {
    log: Arc<dyn Log>,
    pub topic: Topic,
}

impl TestTopic {
    pub fn new(log: &Arc<dyn Log>, partitions: u32) -> Self {
        Self::with(log, partitions, &TopicSettings::default())
    }

    pub fn with(log: &Arc<dyn Log>, partitions: u32, settings: &TopicSettings) -> Self {
        let name = TopicName::new(unique("log-kafka")).expect("legal");
        let topic = log.create_topic(&name, partitions, settings).expect("created");
        Self { log: Arc::clone(log), topic }
    }

    pub fn name(&self) -> &TopicName {
        &self.topic.name
    }

    pub fn partition(&self, partition: u32) -> TopicPartition {
        TopicPartition::new(self.topic.name.clone(), PartitionId(partition))
    }

    pub fn record(&self, partition: u32, key: &str, value: &str) -> OutgoingRecord {
        OutgoingRecord {
            topic: self.topic.name.clone(),
            partition: PartitionId(partition),
            key: Some(Bytes::copy_from_slice(key.as_bytes())),
            value: Some(Bytes::copy_from_slice(value.as_bytes())),
            timestamp: Timestamp::NONE,
            headers: Vec::new(),
        }
    }

    pub fn put(&self, partition: u32, key: &str, value: &str) -> Ack {
        append(&*self.log, self.record(partition, key, value)).expect("acknowledged")
    }
}

impl Drop for TestTopic {
    fn drop(&mut self) {
        drop(self.log.delete_topic(&self.topic.name));
    }
}

/// Appends; the receiver gets the outcome.
pub fn send(log: &dyn Log, record: OutgoingRecord) -> Receiver<Result<Ack>> {
    let (sender, receiver) = mpsc::channel();
    log.append(record, Box::new(move |result| drop(sender.send(result))));
    receiver
}

pub fn append(log: &dyn Log, record: OutgoingRecord) -> Result<Ack> {
    send(log, record).recv_timeout(PATIENCE).expect("an outcome")
}

pub fn produce(transaction: &mut dyn Transaction, record: OutgoingRecord) -> Ack {
    transaction.produce(record, PATIENCE).expect("produced")
}

/// A reader of one partition, and what it has seen.
pub struct Tail {
    reader: Box<dyn Reader>,
    pub partition: TopicPartition,
    pub values: Vec<String>,
    pub end: Option<u64>,
    pub out_of_range: bool,
}

impl Tail {
    pub fn new(log: &dyn Log, partition: TopicPartition, from: ReadFrom) -> Self {
        let mut reader = log.reader(ReaderOptions::default()).expect("a reader");
        reader.assign(&partition, from).expect("assigned");
        Self { reader, partition, values: Vec::new(), end: None, out_of_range: false }
    }

    pub fn poll(&mut self, timeout: Duration) {
        let mut polled = Vec::new();
        self.reader.poll(timeout, &mut polled).expect("polled");
        for polled in polled {
            match polled {
                Polled::Records { batch, .. } => self.values.extend(
                    batch.iter().map(|r| String::from_utf8_lossy(r.value.unwrap_or(b"null")).into_owned()),
                ),
                Polled::End { offset, .. } => self.end = Some(offset.0),
                Polled::OutOfRange { .. } => self.out_of_range = true,
                Polled::Failed { error, .. } => eprintln!("reading failed for the moment: {error}"),
            }
        }
    }

    pub fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(Instant::now() < deadline, "waited for {what}: {:?}, end {:?}", self.values, self.end);
            self.poll(Duration::from_millis(50));
        }
    }

    pub fn until_end(&mut self, end: u64) {
        self.until("the end", |tail| tail.end.is_some_and(|seen| seen >= end));
    }

    pub fn quiet(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            self.poll(Duration::from_millis(20));
        }
    }
}

/// A broker of this test's own, which may be stopped, killed and started again.
pub struct OwnBroker {
    dir: tempfile::TempDir,
    pub address: String,
}

impl OwnBroker {
    pub fn start() -> Self {
        Self::start_as(&["up"])
    }

    /// Three of them.
    pub fn start_three() -> Self {
        Self::start_as(&["up", "3"])
    }

    fn start_as(arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut broker = Self { dir, address: String::new() };
        broker.run(arguments);
        broker.address =
            std::fs::read_to_string(broker.path("bootstrap")).expect("bootstrap").trim().to_owned();
        broker
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs `kafka.sh`.
    pub fn run(&self, arguments: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kafka/kafka.sh");
        let status = Command::new(script)
            .args(arguments)
            .env("KAFKA_DIR", self.dir.path())
            .env("KAFKA_PORT", "0")
            .stdout(std::process::Stdio::null())
            .status()
            .expect("bash");
        assert!(status.success(), "kafka.sh {arguments:?}: {status}");
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        self.run(&["down"]);
    }
}
