//! A real broker: the one that runs for all tests, or one of a test's own with settings of its own.
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

/// A broker that is gone with its data when it is dropped.
pub struct OwnBroker {
    dir: tempfile::TempDir,
    pub address: String,
}

impl OwnBroker {
    /// With settings over those of `kafka.sh`: `a=b c=d`.
    pub fn start(settings: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut broker = Self { dir, address: String::new() };
        let started =
            broker.script().arg("up").env("KAFKA_PORT", "0").env("KAFKA_OPTIONS", settings).status();
        assert!(started.expect("bash").success(), "kafka.sh up");
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

    fn script(&self) -> Command {
        let script: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kafka/kafka.sh");
        let mut command = Command::new(script);
        command.env("KAFKA_DIR", self.dir.path()).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        let stopped = self.script().arg("down").status();
        drop(stopped);
    }
}
