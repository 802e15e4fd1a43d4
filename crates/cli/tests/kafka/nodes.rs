//! Nodes of one service, each with a directory of its own.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tempfile::TempDir;

use crate::client::Kafka;
use crate::harness::{Node, unique, until};

/// Nodes of one service, each with a directory of its own.
pub struct Cluster {
    pub service: String,
    brokers: String,
    /// Before their directories: what they logged is told when a test fails.
    pub nodes: BTreeMap<&'static str, Node>,
    pub dirs: BTreeMap<&'static str, TempDir>,
    /// Further arguments of each node.
    pub settings: Vec<&'static str>,
}

impl Cluster {
    pub fn new(kafka: &Kafka) -> Self {
        let (dirs, nodes) = (BTreeMap::new(), BTreeMap::new());
        Self { service: unique("cluster"), brokers: kafka.brokers.clone(), dirs, nodes, settings: Vec::new() }
    }

    pub fn start(&mut self, name: &'static str) {
        self.start_with(name, &[]);
    }

    /// With further arguments.
    pub fn start_with(&mut self, name: &'static str, further: &[&str]) {
        let mut node = self.spawn(name, further);
        node.listening();
        self.nodes.insert(name, node);
    }

    /// Starts a process that is not counted in, and waits for nothing.
    pub fn spawn(&mut self, name: &'static str, further: &[&str]) -> Node {
        let dir = self.dirs.entry(name).or_insert_with(|| TempDir::new().expect("a directory"));
        let arguments =
            ["--brokers", &self.brokers, "--service-id", &self.service, "--node-id", name, "--shards", "8"];
        Node::spawn(dir.path(), &[&arguments, &self.settings[..], further].concat())
    }

    pub fn node(&self, name: &str) -> &Node {
        &self.nodes[name]
    }

    /// Waits until every node sees just these, each with shards of its own, and every shard served.
    pub fn settle(&self) {
        for (name, node) in &self.nodes {
            let mut seen_last = SeenLast(String::new());
            until("the shards to be spread and served", || {
                let cluster = node.get("/v1/cluster").send().json();
                seen_last.0 = format!("{name} sees {cluster}");
                let seen: BTreeSet<_> = array(&cluster["nodes"])
                    .iter()
                    .filter(|node| node["active"].as_u64() > Some(0))
                    .filter_map(|node| node["node"].as_str().map(str::to_owned))
                    .collect();
                let served = array(&cluster["shards"]).iter().all(|shard| shard["state"] == "served");
                let wanted: BTreeSet<_> = self.nodes.keys().map(|name| (*name).to_owned()).collect();
                (seen == wanted && served).then_some(())
            });
        }
    }
}

/// Told where a wait for it was in vain.
struct SeenLast(String);

impl Drop for SeenLast {
    #[allow(clippy::print_stderr, reason = "a test that fails tells why")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

pub fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
