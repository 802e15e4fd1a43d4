//! The log of a table as it is in the end, and what the nodes tell of it.
use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::harness::unique;

const PATIENCE: Duration = Duration::from_secs(30);

/// Where a record is: partition and offset.
pub type Place = (u32, u64);

/// A record: where it is, its key, its value.
pub type Record = (Place, String, Option<String>);

/// Reads a token: `topic/partition@offset.tag`, of an `ETag` with its quotes.
pub fn place(token: &str) -> Place {
    let place =
        token.trim_matches('"').rsplit_once('/').and_then(|(_, rest)| rest.split_once('.')).expect(token).0;
    let (partition, offset) = place.split_once('@').expect(token);
    (partition.parse().expect("a number"), offset.parse().expect("a number"))
}

/// The committed records of each partition, in their order.
pub fn log(brokers: &str, topic: &str) -> BTreeMap<u32, Vec<Record>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", unique("reader"))
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "true")
        .create()
        .expect("a consumer");
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).expect("answered");
    let partitions = metadata.topics()[0].partitions().len();
    let mut list = TopicPartitionList::new();
    list.add_partition_range(topic, 0, partitions as i32 - 1);
    list.set_all_offsets(Offset::Beginning).expect("set");
    consumer.assign(&list).expect("assigned");
    let (mut log, mut open) = (BTreeMap::<u32, Vec<_>>::new(), partitions);
    while open > 0 {
        match consumer.poll(PATIENCE).expect("a record or an end") {
            Ok(message) => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let place = (message.partition() as u32, message.offset() as u64);
                let key = message.key().map(text).unwrap_or_default();
                log.entry(place.0).or_default().push((place, key, message.payload().map(text)));
            }
            Err(KafkaError::PartitionEOF(_)) => open -= 1,
            Err(error) => panic!("{error}"),
        }
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
