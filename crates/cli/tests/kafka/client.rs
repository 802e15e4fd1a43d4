//! A foreign client: topics as an operator makes them, records as other programs write and read them.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::harness::{self, PATIENCE, unique};

/// Where a record is: partition and offset.
pub type Place = (u32, u64);

/// A record: where it is, its key, its value.
pub type Record = (Place, String, Option<String>);

/// A cluster as other programs see it.
pub struct Kafka {
    pub brokers: String,
    admin: AdminClient<DefaultClientContext>,
}

impl Kafka {
    /// The broker of all tests, or `None` after saying that nothing is tested.
    pub fn shared() -> Option<Self> {
        harness::kafka::shared().map(|brokers| Self::at(&brokers))
    }

    pub fn at(brokers: &str) -> Self {
        let admin = ClientConfig::new().set("bootstrap.servers", brokers).create().expect("an admin client");
        Self { brokers: brokers.to_owned(), admin }
    }

    /// Creates a topic with a name of its own: `kafka.topic("planes", 4, &[("cleanup.policy", "compact")])`.
    pub fn topic(&self, what: &str, partitions: i32, settings: &[(&str, &str)]) -> String {
        let name = unique(what);
        self.create(&name, partitions, settings);
        name
    }

    pub fn create(&self, name: &str, partitions: i32, settings: &[(&str, &str)]) {
        self.try_create(name, partitions, settings).expect("created");
    }

    /// `Err`: there is one (still).
    pub fn try_create(
        &self,
        name: &str,
        partitions: i32,
        settings: &[(&str, &str)],
    ) -> Result<(), RDKafkaErrorCode> {
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
        for (key, value) in settings {
            topic = topic.set(key, value);
        }
        let results = wait(self.admin.create_topics([&topic], &options())).expect("answered");
        results.into_iter().try_for_each(|result| result.map(drop).map_err(|(_, code)| code))
    }

    pub fn delete(&self, name: &str) {
        let results = wait(self.admin.delete_topics(&[name], &options())).expect("answered");
        for result in results {
            result.expect("deleted");
        }
    }

    /// Gives a topic more partitions.
    pub fn grow(&self, name: &str, partitions: usize) {
        let new = NewPartitions::new(name, partitions);
        let results = wait(self.admin.create_partitions([&new], &options())).expect("answered");
        for result in results {
            result.expect("grown");
        }
    }

    /// Moves the start of a partition's log, as retention does.
    pub fn delete_records(&self, name: &str, partition: i32, before: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(name, partition, Offset::Offset(before)).expect("added");
        let results = wait(self.admin.delete_records(&list, &options())).expect("answered");
        for element in results.elements() {
            element.error().expect("deleted");
        }
    }

    /// librdkafka's producer, with its own defaults where nothing else is said.
    pub fn producer(&self, settings: &[(&str, &str)]) -> Producer {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        for (key, value) in settings {
            config.set(*key, *value);
        }
        Producer(config.create().expect("a producer"))
    }

    /// A producer whose transactions are aborted only after a minute, if nobody ends them.
    pub fn transactional(&self) -> Producer {
        self.transactional_for(Duration::from_mins(1))
    }

    pub fn transactional_for(&self, timeout: Duration) -> Producer {
        let timeout = timeout.as_millis().to_string();
        let producer = self.producer(&[
            ("transactional.id", &unique("foreign")),
            ("transaction.timeout.ms", &timeout),
            ("message.timeout.ms", &timeout),
        ]);
        producer.0.init_transactions(PATIENCE).expect("initialized");
        producer
    }

    /// All committed records of a topic, by key in log order. `None`: a record without a value.
    pub fn committed(&self, topic: &str) -> BTreeMap<String, Vec<Option<String>>> {
        let mut by_key = BTreeMap::<_, Vec<_>>::new();
        for (_, key, value) in self.records(topic) {
            by_key.entry(key).or_default().push(value);
        }
        by_key
    }

    /// All committed records of a topic: place, key and value, in the order of each partition.
    pub fn records(&self, topic: &str) -> Vec<Record> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
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
        let (mut records, mut open) = (Vec::new(), partitions);
        while open > 0 {
            match consumer.poll(PATIENCE).expect("a record or an end") {
                Ok(message) => {
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let place = (message.partition() as u32, message.offset() as u64);
                    let key = message.key().map(text).unwrap_or_default();
                    records.push((place, key, message.payload().map(text)));
                }
                Err(KafkaError::PartitionEOF(_)) => open -= 1,
                Err(error) => panic!("{error}"),
            }
        }
        records
    }
}

/// A foreign producer.
pub struct Producer(BaseProducer);

impl Producer {
    /// Sends a record to where the producer's partitioner puts it; acknowledged after [`Producer::flush`].
    pub fn send(&self, topic: &str, key: &str, value: Option<&str>) {
        let mut record: BaseRecord<'_, str, str> = BaseRecord::to(topic).key(key);
        record.payload = value;
        self.queue(record);
    }

    /// Sends a record to a partition; `None` for no key, and no value.
    pub fn send_to(&self, topic: &str, partition: i32, key: Option<&str>, value: Option<&str>) {
        let mut record: BaseRecord<'_, str, str> = BaseRecord::to(topic).partition(partition);
        record.key = key;
        record.payload = value;
        self.queue(record);
    }

    fn queue(&self, record: BaseRecord<'_, str, str>) {
        let mut record = Some(record);
        while let Some(next) = record.take() {
            match self.0.send(next) {
                Ok(()) => self.0.poll(Duration::ZERO),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    self.0.poll(Duration::from_millis(10));
                    record = Some(back);
                }
                Err((error, _)) => panic!("{error}"),
            }
        }
    }

    pub fn flush(&self) {
        self.0.flush(PATIENCE).expect("flushed");
    }

    pub fn begin(&self) {
        self.0.begin_transaction().expect("begun");
    }

    pub fn commit(&self) {
        self.0.commit_transaction(PATIENCE).expect("committed");
    }

    pub fn abort(&self) {
        self.0.abort_transaction(PATIENCE).expect("aborted");
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE))
}

/// Waits for what librdkafka's own threads complete.
fn wait<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::park_timeout(PATIENCE);
    }
}
