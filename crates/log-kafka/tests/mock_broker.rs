//! Answers that a real broker gives only in a race: librdkafka's own broker gives them on request.
use std::time::Duration;

use lentic_engine::log::{Error, Log};
use lentic_log_kafka::{KafkaLog, KafkaOptions};
use lentic_types::{OutgoingRecord, PartitionId, Timestamp, TopicName};
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

const TOPIC: &str = "t";
const PATIENCE: Duration = Duration::from_secs(30);

/// The outcome of a write whose every try is answered with `answer`, until its time is over.
fn write_that_meets(answer: RDKafkaRespErr) -> Result<(), Error> {
    let cluster = MockCluster::new(1).expect("a cluster");
    cluster.create_topic(TOPIC, 1, 1).expect("a topic");
    cluster.request_errors(RDKafkaApiKey::Produce, &[answer; 1000]);
    let mut options = KafkaOptions::new(cluster.bootstrap_servers());
    options.message_timeout = Duration::from_secs(3);
    let log = KafkaLog::connect(options).expect("connected");
    let (done, outcome) = std::sync::mpsc::channel();
    let record = OutgoingRecord {
        topic: TopicName::new(TOPIC).expect("legal"),
        partition: PartitionId(0),
        key: None,
        value: None,
        timestamp: Timestamp::NONE,
        headers: Vec::new(),
    };
    log.append(record, Box::new(move |ack| done.send(ack.map(drop)).expect("awaited")));
    let outcome = outcome.recv_timeout(PATIENCE).expect("an outcome");
    log.close(PATIENCE);
    outcome
}

/// A broker that loses the partition after it wrote the record says that it does not lead: no proof that it isn't there.
#[test]
fn a_write_refused_for_the_moment_has_an_unknown_outcome() {
    let outcome = write_that_meets(RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    assert!(matches!(outcome, Err(Error::Unknown(_))), "{outcome:?}");
}

#[test]
fn a_write_refused_for_good_is_refused() {
    let outcome = write_that_meets(RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert!(matches!(outcome, Err(Error::Refused(_))), "{outcome:?}");
}
