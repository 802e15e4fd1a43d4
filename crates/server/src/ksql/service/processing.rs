//! The processing log: what went wrong with single records, as records of a topic that a stream can be declared over.
//!
//! Each line is of the form that ksqlDB gives it. The topic is written only if `ksql.logging.processing.topic.auto.create` is
//! on; the process's own log gets every line.
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lentic::types::{Timestamp, TopicName};
use lentic::{NewRecord, Node};
use lentic_sql::plan::ProcessingLog;
use lentic_sql::statement::Session;
use serde_json::{Value, json};

use crate::ksql::statement::Execution;

/// Lines that wait to be written; more are left out, so that no query waits for its log.
const WAITING: usize = 10_000;
/// How long the log may take to acknowledge.
const PATIENCE: Duration = Duration::from_secs(30);

/// The columns of the stream over the topic.
pub(super) const COLUMNS: &str = "logger STRING, level STRING, `TIME` BIGINT, message STRUCT<`TYPE` INT, \
    deserializationError STRUCT<target STRING, errorMessage STRING, recordB64 STRING, cause ARRAY<STRING>, topic STRING>, \
    recordProcessingError STRUCT<errorMessage STRING, record STRING, cause ARRAY<STRING>>, \
    productionError STRUCT<errorMessage STRING>, \
    serializationError STRUCT<target STRING, errorMessage STRING, record STRING, cause ARRAY<STRING>, topic STRING>, \
    kafkaStreamsThreadError STRUCT<errorMessage STRING, threadName STRING, cause ARRAY<STRING>>>";

/// What a line is about, by ksqlDB's numbers.
#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    /// A record that does not decode; its value, if that is to be told.
    Deserialization(Option<&'a [u8]>),
    /// A value that cannot be computed.
    RecordProcessing,
    /// The query stopped.
    Failure,
}

/// Where lines go.
pub(super) struct Lines {
    sender: SyncSender<Value>,
    receiver: Mutex<Option<Receiver<Value>>>,
}

impl Default for Lines {
    fn default() -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        Self { sender, receiver: Mutex::new(Some(receiver)) }
    }
}

impl Lines {
    /// Takes a line; the topic gets it if it is written.
    pub(super) fn add(&self, query: &str, step: &str, kind: Kind<'_>, text: &str, now: i64) {
        tracing::warn!(target: "processing", query, step, "{text}");
        let message = match kind {
            Kind::Deserialization(value) => {
                let record = value.map(|value| STANDARD.encode(value));
                json!({
                    "type": 0,
                    "deserializationError":
                        {"target": "value", "errorMessage": text, "recordB64": record, "cause": [], "topic": step},
                })
            }
            Kind::RecordProcessing => {
                json!({"type": 1, "recordProcessingError": {"errorMessage": text, "record": null, "cause": []}})
            }
            Kind::Failure => json!({
                "type": 4,
                "kafkaStreamsThreadError": {"errorMessage": text, "threadName": query, "cause": []},
            }),
        };
        let logger = if step.is_empty() {
            format!("processing.{query}")
        } else {
            format!("processing.{query}.{step}")
        };
        let line = json!({"logger": logger, "level": "ERROR", "time": now, "message": message});
        if let Err(TrySendError::Full(_)) = self.sender.try_send(line) {
            tracing::debug!("the processing log is full, a line is left out");
        }
    }

    /// Keeps no lines: nobody will write them.
    fn forget(&self) {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Writes lines to a topic from now on, which is made if there is none, on a thread of its own that ends with the node.
    pub(super) fn write_to(&self, node: Node, topic: TopicName) {
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(receiver) = receiver else { return };
        let write = move || {
            let topics = node.topics();
            // The stream over it may make it at the same moment.
            if matches!(topics.describe(&topic), Ok(None))
                && let Err(error) = topics.create(&topic, 1, None, &std::collections::BTreeMap::new())
                && !matches!(error, lentic::log::Error::TopicExists(_))
            {
                tracing::warn!("the topic {topic} of the processing log can't be made: {error}");
                return;
            }
            while !node.is_stopping() {
                let Ok(first) = receiver.recv_timeout(Duration::from_millis(500)) else { continue };
                let lines: Vec<Value> =
                    std::iter::once(first).chain(receiver.try_iter().take(1_000)).collect();
                let records = lines.iter().map(|line| NewRecord {
                    topic: topic.clone(),
                    partition: None,
                    key: None,
                    value: Some(line.to_string().into()),
                    timestamp: line["time"].as_i64().map_or(Timestamp::NONE, Timestamp),
                    headers: Vec::new(),
                });
                for written in topics.produce_all(records.collect(), PATIENCE) {
                    if let Err(error) = written {
                        tracing::warn!("a line of the processing log is lost: {error}");
                    }
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("processing-log".to_owned()).spawn(write) {
            tracing::warn!("the processing log gets no thread: {error}");
        }
    }
}

/// What the planner tells of values that could not be computed.
pub(super) struct OfValues(
    pub(super) std::sync::Arc<Lines>,
    pub(super) std::sync::Arc<super::world::Outside>,
);

impl ProcessingLog for OfValues {
    fn report(&self, query: &str, step: &str, text: &str) {
        use lentic_sql::function::World as _;
        self.0.add(query, step, Kind::RecordProcessing, text, self.1.now_ms());
    }
}

impl super::Ksql {
    /// Begins what runs beside the statements: the processing log's topic, and a stream over it, if the properties ask for them.
    pub fn begin(self: &std::sync::Arc<Self>, node: &Node) {
        let settings = self.settings();
        let name = settings.get("ksql.logging.processing.topic.name").filter(|name| !name.is_empty());
        let name = name.map_or_else(|| format!("{}ksql_processing_log", self.service()), str::to_owned);
        let Ok(topic) = TopicName::new(name) else {
            tracing::warn!("ksql.logging.processing.topic.name names no topic");
            return;
        };
        if settings.is_on("ksql.logging.processing.topic.auto.create", false) {
            self.lines.write_to(node.clone(), topic.clone());
        } else {
            self.lines.forget();
        }
        if !settings.is_on("ksql.logging.processing.stream.auto.create", false) {
            return;
        }
        let stream = settings.get("ksql.logging.processing.stream.name").unwrap_or("KSQL_PROCESSING_LOG");
        let text = format!(
            "CREATE STREAM IF NOT EXISTS {stream} ({COLUMNS}) WITH (kafka_topic='{topic}', value_format='JSON', partitions=1);"
        );
        let (ksql, node) = (std::sync::Arc::clone(self), node.clone());
        let declare = move || {
            let rights = crate::ksql::Rights::from(crate::security::Grant::all());
            let execution =
                Execution { ksql: &ksql, node: &node, rights: &rights, hosts: None, extensions: false };
            if let Err(error) = execution.run(&text, Session::new(ksql.settings())) {
                tracing::warn!("the stream over the processing log can't be declared: {}", error.message);
            }
        };
        if let Err(error) =
            std::thread::Builder::new().name("processing-log-stream".to_owned()).spawn(declare)
        {
            tracing::warn!("the stream over the processing log is not declared: {error}");
        }
    }
}
