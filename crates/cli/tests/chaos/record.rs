//! The log of a table as it is in the end, and its topics.
use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::client::Kafka;
pub use crate::client::{Place, Record};

const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a token: `topic/partition@offset.tag`, of an `ETag` with its quotes.
pub fn place(token: &str) -> Place {
    let place =
        token.trim_matches('"').rsplit_once('/').and_then(|(_, rest)| rest.split_once('.')).expect(token).0;
    let (partition, offset) = place.split_once('@').expect(token);
    (partition.parse().expect("a number"), offset.parse().expect("a number"))
}

/// The committed records of each partition, in their order.
pub fn log(kafka: &Kafka, topic: &str) -> BTreeMap<u32, Vec<Record>> {
    let mut log = BTreeMap::<u32, Vec<_>>::new();
    for record in kafka.records(topic) {
        log.entry(record.0.0).or_default().push(record);
    }
    log
}

/// How many replicas each topic has whose name begins so.
pub fn replicas(brokers: &str, prefix: &str) -> BTreeMap<String, usize> {
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", brokers).create().expect("a consumer");
    let metadata = consumer.fetch_metadata(None, PATIENCE).expect("answered");
    let own = metadata.topics().iter().filter(|topic| topic.name().starts_with(prefix));
    let least = |topic: &rdkafka::metadata::MetadataTopic| {
        topic.partitions().iter().map(|partition| partition.replicas().len()).min().unwrap_or_default()
    };
    own.map(|topic| (topic.name().to_owned(), least(topic))).collect()
}
