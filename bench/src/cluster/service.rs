//! Nodes of one service, as processes of this one.
use std::collections::BTreeMap;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::Cluster;
use crate::http::Connection;

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_mins(5);

/// The table that is measured.
pub const TABLE: &str = "bench";

pub struct Service {
    lentic: PathBuf,
    brokers: String,
    id: String,
    dir: PathBuf,
    flags: Vec<String>,
    nodes: BTreeMap<String, Node>,
}

struct Node {
    child: Child,
    address: SocketAddr,
}

impl Service {
    /// One of its own, whose nodes have these flags.
    pub fn new(cluster: &Cluster, name: &str, flags: &[&str]) -> Result<Self> {
        let stamp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let id = format!("{name}-{stamp}");
        Ok(Self {
            lentic: cluster.lentic.clone(),
            brokers: cluster.brokers.clone(),
            dir: cluster.work.join(&id),
            id,
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            nodes: BTreeMap::new(),
        })
    }

    /// A topic that is only this service's.
    pub fn topic(&self) -> String {
        format!("{}-rows", self.id)
    }

    pub fn start(&mut self, name: &str) -> Result<()> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        std::fs::create_dir_all(&self.dir)?;
        let log = File::options().create(true).append(true).open(self.log(name))?;
        let child = Command::new(&self.lentic)
            .args(["serve", "--brokers", &self.brokers, "--service-id", &self.id, "--node-id", name])
            .args(["--listen", &address.to_string(), "--data-dir"])
            .arg(self.dir.join(name))
            .args(&self.flags)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| crate::shown(&self.lentic))?;
        self.nodes.insert(name.to_owned(), Node { child, address });
        until("the node to listen", || Connection::open(address).is_ok())
    }

    /// kill -9.
    pub fn kill(&mut self, name: &str) -> Result<()> {
        let mut node = self.nodes.remove(name).context("no such node")?;
        node.child.kill()?;
        node.child.wait()?;
        Ok(())
    }

    pub fn address(&self, name: &str) -> Result<SocketAddr> {
        Ok(self.nodes.get(name).context("no such node")?.address)
    }

    pub fn get(&self, name: &str, path: &str) -> Result<Value> {
        let answer = Connection::open(self.address(name)?)?.request("GET", path, "", b"")?;
        if answer.status != 200 {
            bail!("GET {path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Declares the table and waits until it can be read.
    pub fn declare(&self, through: &str, topic: &str, partitions: u32) -> Result<()> {
        let spec = json!({"name": TABLE, "topic": topic, "key": "string", "value": "json", "partitions": partitions});
        let mut connection = Connection::open(self.address(through)?)?;
        let json = "Content-Type: application/json\r\nLentic-Timeout: 60s\r\n";
        let answer =
            connection.request("POST", "/v1/tables?wait=ready", json, spec.to_string().as_bytes())?;
        if answer.status >= 300 {
            bail!("the declaration was refused: {}", String::from_utf8_lossy(&answer.body));
        }
        Ok(())
    }

    /// Waits until all nodes have shards, everything is served, and there are as many copies as are to be.
    pub fn settle(&self, copies: usize) -> Result<()> {
        let wanted = (copies + 1).min(self.nodes.len());
        until("the shards to be spread and served", || {
            self.nodes.keys().all(|name| {
                let Ok(cluster) = self.get(name, "/v1/cluster") else { return false };
                let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
                let owning =
                    list(&cluster["nodes"]).iter().filter(|node| node["active"].as_u64() > Some(0)).count();
                owning == self.nodes.len()
                    && list(&cluster["shards"]).iter().all(|shard| {
                        let ready = list(&shard["nodes"]).iter().filter(|node| node["ready"] == true).count();
                        shard["state"] == "served" && ready >= wanted
                    })
            })
        })
    }

    /// Who owns a key, by the node that is asked.
    pub fn owner(&self, through: &str, key: &str) -> Result<String> {
        let route = self.get(through, &format!("/v1/tables/{TABLE}/route?key={key}"))?;
        let active = route["nodes"].as_array().and_then(|nodes| nodes.iter().find(|n| n["role"] == "active"));
        Ok(active.and_then(|node| node["node"].as_str()).context("nobody owns the key")?.to_owned())
    }

    /// The log file of a node.
    pub fn log(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.log"))
    }

    /// Throws a node's directory away.
    pub fn lose_disk(&self, name: &str) -> Result<()> {
        Ok(std::fs::remove_dir_all(self.dir.join(name))?)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        for node in self.nodes.values_mut() {
            let _ = node.child.kill();
            let _ = node.child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

pub fn until(what: &str, is_so: impl Fn() -> bool) -> Result<()> {
    let begin = Instant::now();
    while !is_so() {
        if begin.elapsed() > PATIENCE {
            bail!("waited {} s for {what}", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
