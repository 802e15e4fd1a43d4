//! The process that counts (`examples/count_by_key.rs`), its input, and what must come out.
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lentic::Node;
use lentic::config::Config;
use lentic::log::{Polled, ReadFrom, ReaderOptions, RecordRef, TopicSettings};
use lentic::types::{Offset, PartitionId, Timestamp, TopicName, TopicPartition};

use crate::broker::open;

const PATIENCE: Duration = Duration::from_mins(2);
const PARTITIONS: u32 = 4;
const KEYS: u64 = 5_000;

/// What is counted. A node of another service writes and reads it.
pub struct Input {
    node: Node,
    brokers: String,
    pub service: String,
    guarantee: &'static str,
    topic: TopicName,
    written: Cell<u64>,
    dir: tempfile::TempDir,
}

impl Input {
    pub fn new(brokers: &str, what: &str, guarantee: &'static str) -> Self {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
        let service = format!("{what}-{nanos:x}");
        let dir = tempfile::tempdir().expect("a directory");
        let config = Config {
            brokers: vec![brokers.to_owned()],
            service_id: format!("{service}-test"),
            data_dir: dir.path().join("test"),
            // What it writes is in the log, also while brokers are away.
            request_timeout_ms: 60_000,
            ..Config::default()
        };
        let node = open(&config);
        let topic = TopicName::new(format!("{service}-input")).expect("a name");
        let settings = TopicSettings { retention_ms: -1, ..TopicSettings::default() };
        node.log().create_topic(&topic, PARTITIONS, &settings).expect("a topic");
        Self { node, brokers: brokers.to_owned(), service, guarantee, topic, written: Cell::new(0), dir }
    }

    pub fn write(&self, records: u64) {
        let mut sender = self.node.log().sender().expect("a sender");
        let first = self.written.get();
        for number in first..first + records {
            let value = format!("{:06};{number}", key(number));
            let record = RecordRef {
                topic: &self.topic,
                partition: PartitionId((number % u64::from(PARTITIONS)) as u32),
                key: None,
                value: Some(value.as_bytes()),
                timestamp: Timestamp(1_700_000_000_000 + number as i64),
                headers: &[],
            };
            sender.send(&record).expect("sent");
        }
        sender.flush(PATIENCE).expect("written");
        self.written.set(first + records);
    }

    /// Waits until the committed counts add up, and compares each.
    pub fn assert_counts(&self) {
        let (written, expected) = (self.written.get(), self.expected());
        let deadline = Instant::now() + PATIENCE;
        loop {
            let counts = self.counts();
            let sum: i64 = counts.values().sum();
            assert!(sum <= written as i64, "{sum} were counted of {written}");
            if sum == written as i64 {
                assert!(counts == expected, "the sum is right, and the counts are not");
                // Nothing is counted twice a little later, either.
                std::thread::sleep(Duration::from_secs(1));
                assert!(self.counts() == expected, "more was counted later");
                return;
            }
            assert!(Instant::now() < deadline, "{sum} of {written} are counted after {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Waits until no count is less than what was written. Returns how many records were counted more than once.
    pub fn assert_at_least(&self) -> i64 {
        let expected = self.expected();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let counts = self.counts();
            let missing = expected
                .iter()
                .map(|(key, count)| (count - counts.get(key).unwrap_or(&0)).max(0))
                .sum::<i64>();
            if missing == 0 {
                assert!(counts.keys().eq(expected.keys()), "keys were counted that nobody wrote");
                return counts.values().sum::<i64>() - self.written.get() as i64;
            }
            assert!(Instant::now() < deadline, "{missing} are lost after {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// How often each key was written.
    fn expected(&self) -> BTreeMap<Vec<u8>, i64> {
        let mut expected = BTreeMap::new();
        for number in 0..self.written.get() {
            *expected.entry(format!("{:06}", key(number)).into_bytes()).or_default() += 1;
        }
        expected
    }

    /// The last committed count of each key, from the changelog.
    fn counts(&self) -> BTreeMap<Vec<u8>, i64> {
        let log = self.node.log();
        let name = TopicName::new(format!("{}-count-by-key-counts-changelog", self.service)).expect("a name");
        let mut counts = BTreeMap::new();
        if log.topic(&name).expect("an answer").is_none() {
            return counts;
        }
        let mut reader =
            log.reader(ReaderOptions { bulk: true, ..ReaderOptions::default() }).expect("a reader");
        let mut open: BTreeSet<_> = (0..PARTITIONS).map(PartitionId).collect();
        for partition in (0..PARTITIONS).map(PartitionId) {
            let partition = TopicPartition::new(name.clone(), partition);
            reader.assign(&partition, ReadFrom::Offset(Offset(0))).expect("assigned");
        }
        let (deadline, mut polled) = (Instant::now() + PATIENCE, Vec::new());
        while !open.is_empty() {
            assert!(Instant::now() < deadline, "the changelog can't be read");
            reader.poll(Duration::from_millis(100), &mut polled).expect("polled");
            for found in polled.drain(..) {
                match found {
                    Polled::Records { batch, .. } => {
                        for record in batch.iter() {
                            let (key, value) = (record.key.expect("a key"), record.value.expect("a count"));
                            let count = i64::from_be_bytes(value.try_into().expect("8 bytes"));
                            counts.insert(key.to_vec(), count);
                        }
                    }
                    Polled::End { partition, .. } => drop(open.remove(&partition.partition)),
                    Polled::OutOfRange { partition } => panic!("{partition} does not begin at 0"),
                    Polled::Failed { .. } => {}
                }
            }
        }
        counts
    }
}

fn key(number: u64) -> u64 {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % KEYS
}

/// The process.
pub struct Counter {
    config: PathBuf,
    data: PathBuf,
    child: Option<Child>,
}

impl Counter {
    /// A node of this id, with a data directory of its own.
    pub fn new(input: &Input, node: &str) -> Self {
        let number = fs::read_dir(input.dir.path()).expect("a directory").count();
        let (config, data) = (
            input.dir.path().join(format!("{number}.toml")),
            input.dir.path().join(format!("data-{number}")),
        );
        let text = format!(
            "brokers = [{:?}]\nservice_id = {:?}\nnode_id = {node:?}\ndata_dir = {:?}\n\
             processing_guarantee = {:?}\n",
            input.brokers,
            input.service,
            data.to_str().expect("a path"),
            input.guarantee
        );
        fs::write(&config, text).expect("written");
        fs::create_dir_all(&data).expect("a directory");
        Self { config, data, child: None }
    }

    pub fn start(&mut self) {
        self.kill();
        let tests = std::env::current_exe().expect("a path");
        let target = tests.parent().and_then(|deps| deps.parent()).expect("the build's directory");
        let program = target.join("examples/count_by_key");
        let mut child = Command::new(program);
        let child = child.arg("run").arg(&self.config).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        self.child = Some(child.expect("the example is built with the tests"));
    }

    /// As a supervisor would: a process that could not reach the brokers in time when it began ends with that, and is started again.
    pub fn wait_running(&mut self) {
        const STARTS: usize = 3;
        for _ in 0..STARTS {
            let child = self.child.as_mut().expect("it was started");
            let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
            if let Some(line) = lines.next() {
                assert_eq!(line.expect("a line"), "running");
                return;
            }
            let status = child.wait().expect("ended");
            eprintln!("a process ended before it ran: {status}");
            self.start();
        }
        panic!("it does not run after {STARTS} starts");
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
    }

    /// It hands over what it has, and ends.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("it was started");
        child.stdin.take().expect("a pipe").write_all(b"stop\n").expect("told");
        let status = child.wait().expect("ended");
        assert!(status.success(), "{status}");
    }

    pub fn signal(&self, signal: &str) {
        let id = self.child.as_ref().expect("it was started").id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status().expect("kill");
        assert!(sent.success());
    }

    /// What is under `state/` is gone.
    pub fn lose_state(&self) {
        fs::remove_dir_all(self.data.join("state")).expect("removed");
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.kill();
    }
}
