//! A node on Kafka that can be stopped and started again.
use tempfile::TempDir;

use crate::harness::{Node, unique};

pub struct Service {
    pub dir: TempDir,
    pub id: String,
    arguments: Vec<String>,
}

impl Service {
    /// A service of its own on these brokers; the node is quick to notice what happens to topics.
    pub fn new(brokers: &str) -> Self {
        let id = unique("service");
        let arguments =
            ["--brokers", brokers, "--service-id", &id, "--shards", "4", "--ends-refresh-ms", "100ms"];
        Self {
            dir: TempDir::new().expect("a directory"),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            id,
        }
    }

    /// With further arguments.
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    pub fn spawn(&self) -> Node {
        Node::spawn(self.dir.path(), &self.arguments())
    }

    pub fn start(&self) -> Node {
        Node::start(self.dir.path(), &self.arguments())
    }

    pub fn ready(&self) -> Node {
        Node::ready(self.dir.path(), &self.arguments())
    }

    /// Loses what can be rebuilt.
    pub fn lose_state(&self) {
        std::fs::remove_dir_all(self.dir.path().join("state")).expect("removed");
    }
}
