//! A real broker: the one that runs for all tests, or one of a test's own with settings of its own.
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lentic::config::Config;
use lentic::{Node, NodeError};

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

/// A node. Brokers that don't answer in time, because others start beside them, are asked again, as a supervisor would.
pub fn open(config: &Config) -> Node {
    const STARTS: usize = 5;
    for _ in 0..STARTS {
        match Node::open(config.clone()) {
            Err(NodeError::Log(error @ lentic::log::Error::Unavailable(_))) => {
                eprintln!("a node did not start: {error}");
            }
            opened => return opened.expect("a node"),
        }
    }
    panic!("no node after {STARTS} starts");
}

/// A broker, or three, gone with their data when this is dropped.
pub struct OwnBroker {
    dir: tempfile::TempDir,
    pub address: String,
}

impl OwnBroker {
    /// With settings over those of `kafka.sh`: `a=b c=d`.
    pub fn start(settings: &str) -> Self {
        Self::up("1", settings)
    }

    /// Three of them, numbered from 1: topics have three replicas, of which two have to be in sync.
    pub fn three() -> Self {
        Self::up("3", "")
    }

    fn up(count: &str, settings: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut broker = Self { dir, address: String::new() };
        let mut script = broker.script();
        let started = script.args(["up", count]).env("KAFKA_PORT", "0").env("KAFKA_OPTIONS", settings);
        assert!(started.status().expect("bash").success(), "kafka.sh up");
        let address = std::fs::read_to_string(broker.dir.path().join("bootstrap")).expect("bootstrap");
        address.trim().clone_into(&mut broker.address);
        broker
    }

    /// The groups that it knows: those with members, or with committed offsets.
    pub fn groups(&self) -> Vec<String> {
        let output = self.script().args(["groups", "--list"]).stdout(Stdio::piped()).output().expect("bash");
        assert!(output.status.success(), "kafka.sh groups: {}", output.status);
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// Runs `kafka.sh`: `kill 2`, `start 2`.
    pub fn run(&self, arguments: &[&str]) {
        let status = self.script().args(arguments).status().expect("bash");
        assert!(status.success(), "kafka.sh {arguments:?}: {status}");
    }

    fn script(&self) -> Command {
        let script: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kafka/kafka.sh");
        let mut command = Command::new(script);
        command.env("KAFKA_DIR", self.dir.path()).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        // The last of three would wait in vain for the others before it stops in order.
        for arguments in ["kill", "down"] {
            drop(self.script().arg(arguments).status());
        }
    }
}
