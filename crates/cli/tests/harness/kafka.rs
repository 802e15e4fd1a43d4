//! A real broker: the one that runs for all tests, or one of a test's own.
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// Runs one of Kafka's own tools through `kafka.sh` with lines on its standard input; returns what it printed.
pub fn tool(bootstrap: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(script())
        .args(arguments)
        .args(["--bootstrap-server", bootstrap])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "kafka.sh {arguments:?}: {}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Creates a topic with Kafka's own tool: `create_topic(b, "t", 4, &["cleanup.policy=compact"])`.
pub fn create_topic(bootstrap: &str, name: &str, partitions: u32, settings: &[&str]) {
    let partitions = partitions.to_string();
    let mut arguments = vec!["topics", "--create", "--topic", name, "--partitions", &partitions];
    for setting in settings {
        arguments.extend(["--config", setting]);
    }
    tool(bootstrap, &arguments, "");
}

pub fn delete_topic(bootstrap: &str, name: &str) {
    tool(bootstrap, &["topics", "--delete", "--topic", name], "");
}

/// Writes `key:value` lines with Kafka's console producer (murmur2).
pub fn console_produce(bootstrap: &str, topic: &str, lines: &str) {
    let arguments = [
        "produce",
        "--topic",
        topic,
        "--reader-property",
        "parse.key=true",
        "--reader-property",
        "key.separator=:",
        "--reader-property",
        "null.marker=NULL",
    ];
    tool(bootstrap, &arguments, lines);
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kafka/kafka.sh")
}

/// A broker of this test's own, which may be stopped, killed and started again.
pub struct OwnBroker {
    dir: tempfile::TempDir,
    pub address: String,
}

impl OwnBroker {
    pub fn start() -> Self {
        Self::up("1")
    }

    /// Three of them, numbered from 1: topics have three replicas, of which two have to be in sync.
    pub fn three() -> Self {
        Self::up("3")
    }

    fn up(count: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut broker = Self { dir, address: String::new() };
        broker.run(&["up", count]);
        broker.address =
            std::fs::read_to_string(broker.path("bootstrap")).expect("bootstrap").trim().to_owned();
        broker
    }

    /// A file of its directory: `tls/librdkafka.properties`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs `kafka.sh`: `kill`, `start`, `restart`.
    pub fn run(&self, arguments: &[&str]) {
        let status = Command::new(script())
            .args(arguments)
            .env("KAFKA_DIR", self.dir.path())
            .env("KAFKA_PORT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .expect("bash");
        assert!(status.success(), "kafka.sh {arguments:?}: {status}");
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        // The last of three would wait in vain for the others before it stops in order.
        self.run(&["kill"]);
        self.run(&["down"]);
    }
}
