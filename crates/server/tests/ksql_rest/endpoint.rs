//! A node with its server, in this process.
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lentic::config::Config;
use lentic::log::{Polled, ReadFrom, ReaderOptions};
use lentic::types::{Offset, PartitionId, TopicName, TopicPartition};
use lentic::{NewRecord, Node};
use lentic_server::{Ksql, Options};
use lentic_testkit::Logged;
use lentic_testkit::conformance::rest::{Endpoint, Reply};

use super::http;

/// The longest that records and positions are waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// Queries are done when nothing has moved for so long.
const STILL: Duration = Duration::from_millis(400);

pub(crate) struct Server {
    node: Node,
    listening: Option<lentic_server::Server>,
    address: SocketAddr,
    runtime: tokio::runtime::Runtime,
    begun: Option<JoinHandle<Result<Reply, String>>>,
    produced: Vec<TopicName>,
    dir: tempfile::TempDir,
}

impl Server {
    /// With the settings of ksqlDB's own runs of the cases.
    pub(crate) fn start() -> Self {
        Self::start_as(None)
    }

    /// With a file of tokens.
    pub(crate) fn start_as(tokens: Option<&str>) -> Self {
        Self::start_in(tempfile::tempdir().expect("a directory"), tokens)
    }

    /// Stops, and starts again over the same log.
    pub(crate) fn restart(mut self) -> Self {
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().expect("a directory"));
        self.stop();
        Self::start_in(dir, None)
    }

    fn start_in(dir: tempfile::TempDir, tokens: Option<&str>) -> Self {
        let settings = [
            ("ksql.streams.auto.offset.reset", "earliest"),
            ("ksql.query.push.v2.enabled", "true"),
            ("ksql.query.pull.table.scan.enabled", "true"),
        ];
        let ksql = Ksql::new("default_", settings);
        let config = Config {
            data_dir: dir.path().to_owned(),
            service_id: "default_".to_owned(),
            fsync: lentic::config::Fsync::Never,
            shards: 1,
            token_file: tokens.map(|tokens| {
                let path = dir.path().join("tokens");
                std::fs::write(&path, tokens).expect("a file");
                path
            }),
            ..Config::default()
        };
        let node = Node::open_with(config, ksql.clone()).expect("a node");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let options = Options { ksql: Some(ksql), ..Options::default() };
        let server = {
            let _entered = runtime.enter();
            lentic_server::Server::start(node.clone(), listener, options).expect("a server")
        };
        let address = server.address();
        Self { node, listening: Some(server), address, runtime, begun: None, produced: Vec::new(), dir }
    }

    /// Asks, and gives status and body.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, String) {
        let reply = http::request(self.address, method, path, headers, body, None).expect("an answer");
        (reply.status, reply.body)
    }

    /// Executes statements as `POST /ksql` does; its body.
    pub(crate) fn ksql(&self, statements: &str) -> (u16, serde_json::Value) {
        let body = serde_json::json!({ "ksql": statements }).to_string();
        let (status, body) = self.ask("POST", "/ksql", &[], &body);
        (status, serde_json::from_str(&body).expect("JSON"))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn runtime(&self) -> &tokio::runtime::Runtime {
        &self.runtime
    }

    /// Makes a topic, if it is not there.
    pub(crate) fn create(&self, topic: &str, partitions: u32) {
        let name = TopicName::new(topic).expect("a name");
        let _ = self.node.topics().create(&name, partitions, None, &BTreeMap::new());
    }

    /// Writes so many rows to a topic, by their numbers, in JSON.
    pub(crate) fn produce_numbers(&self, topic: &str, count: usize) {
        let topic = TopicName::new(topic).expect("a name");
        let record = |number: usize| NewRecord {
            topic: topic.clone(),
            partition: None,
            key: Some((number as i32).to_be_bytes().to_vec().into()),
            value: Some(format!("{{\"N\":{number}}}").into_bytes().into()),
            timestamp: lentic::types::Timestamp(1_700_000_000_000),
            headers: Vec::new(),
        };
        let all = self.node.topics().produce_all((0..count).map(record).collect(), PATIENCE);
        assert!(all.iter().all(Result::is_ok), "they are written");
    }

    /// Waits until a query's tasks have begun.
    pub(crate) fn wait_query(&self, id: &str) {
        assert!(self.node.wait_query(id, PATIENCE), "{id} runs");
    }

    pub(crate) fn stop(mut self) {
        if let Some(server) = self.listening.take() {
            self.runtime.block_on(server.stop(Duration::from_secs(2)));
        }
        self.node.close(Duration::from_secs(10)).expect("a close");
    }

    /// Where queries are, and where the topics end.
    fn places(&self) -> (BTreeMap<String, Offset>, BTreeMap<String, Offset>) {
        let mut positions = BTreeMap::new();
        for status in self.node.query_statuses() {
            let query = self.node.query(&status.id);
            for (partition, offset) in query.map(|query| query.positions()).unwrap_or_default() {
                positions.insert(format!("{} {partition}", status.id), offset);
            }
        }
        let mut ends = BTreeMap::new();
        let topics = self.node.topics();
        for topic in topics.names().unwrap_or_default() {
            for (partition, bounds) in topics.bounds(&topic).unwrap_or_default().iter().enumerate() {
                ends.insert(format!("{topic}/{partition}"), bounds.end);
            }
        }
        (positions, ends)
    }

    /// Whether the queries have read what was produced.
    fn has_read(&self, positions: &BTreeMap<String, Offset>, ends: &BTreeMap<String, Offset>) -> bool {
        self.produced.iter().all(|topic| {
            ends.iter()
                .filter(|(partition, end)| partition.starts_with(&format!("{topic}/")) && end.0 > 0)
                .all(|(partition, end)| {
                    let of_partition =
                        |name: &str| name.split_once(' ').is_some_and(|(_, of)| of == partition);
                    positions
                        .iter()
                        .filter(|(name, _)| of_partition(name))
                        .all(|(_, position)| position >= end)
                })
        })
    }
}

impl Endpoint for Server {
    fn post(&mut self, path: &str, body: &str) -> Result<Reply, String> {
        http::post(self.address, path, body, None)
    }

    fn post_for_protobuf(&mut self, path: &str, body: &str) -> Result<Reply, String> {
        let headers = [("accept", "application/vnd.ksql.v1+protobuf")];
        http::request(self.address, "POST", path, &headers, body, None)
    }

    fn begin(&mut self, path: &str, body: &str) -> Result<(), String> {
        let (begun, has_begun) = mpsc::channel();
        let (address, path, body) = (self.address, path.to_owned(), body.to_owned());
        self.begun = Some(std::thread::spawn(move || http::post(address, &path, &body, Some(begun))));
        // An answer that is an error ends at once: it is looked at in the end.
        has_begun.recv_timeout(PATIENCE).map_err(|error| format!("the query does not begin: {error}"))
    }

    fn finish(&mut self) -> Result<Reply, String> {
        let begun = self.begun.take().ok_or("nothing was begun")?;
        begun.join().map_err(|_| "the request panicked".to_owned())?
    }

    fn produce(&mut self, topic: &str, record: &Logged) -> Result<(), String> {
        let topic = TopicName::new(topic).map_err(|error| error.to_string())?;
        let new = NewRecord {
            topic: topic.clone(),
            partition: None,
            key: record.key.clone().map(Into::into),
            value: record.value.clone().map(Into::into),
            timestamp: record.timestamp,
            headers: record.headers.clone(),
        };
        if !self.produced.contains(&topic) {
            self.produced.push(topic);
        }
        self.node.topics().produce(new, PATIENCE).map(drop).map_err(|error| error.to_string())
    }

    fn settle(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        let (mut seen, mut since) = (self.places(), Instant::now());
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let now = self.places();
            if now != seen {
                (seen, since) = (now, Instant::now());
            } else if since.elapsed() >= STILL && self.has_read(&seen.0, &seen.1) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("the queries do not settle: {seen:?}"));
            }
        }
    }

    fn consume(&mut self, topic: &str, count: usize) -> Result<Vec<Logged>, String> {
        let told = |error: lentic::log::Error| error.to_string();
        let name = TopicName::new(topic).map_err(|error| error.to_string())?;
        let partitions =
            self.node.topics().describe(&name).map_err(told)?.map_or(0, |topic| topic.partitions);
        let options = ReaderOptions { headers: true, ..ReaderOptions::default() };
        let mut reader = self.node.log().reader(options).map_err(told)?;
        for id in 0..partitions {
            reader
                .assign(&TopicPartition::new(name.clone(), PartitionId(id)), ReadFrom::Start)
                .map_err(told)?;
        }
        let (mut records, mut polled) = (Vec::new(), Vec::new());
        let deadline = Instant::now() + Duration::from_secs(5);
        while records.len() < count && Instant::now() < deadline {
            reader.poll(Duration::from_millis(50), &mut polled).map_err(told)?;
            for polled in polled.drain(..) {
                let Polled::Records { batch, .. } = polled else { continue };
                for (index, record) in batch.iter().enumerate() {
                    let bytes = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
                    let headers = batch.headers(index).to_vec();
                    records.push(Logged::new(
                        bytes(record.key),
                        bytes(record.value),
                        record.timestamp,
                        headers,
                    ));
                }
            }
        }
        Ok(records)
    }
}
