//! The log's contract, and what only Kafka has, on a broker that others may use at the same time.
mod broker;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use broker::{PATIENCE, Tail, TestTopic, append, connect, options, produce, send, shared, unique};
use lentic_engine::log::{Error, Log, ReadFrom, TopicSettings};
use lentic_log_kafka::KafkaLog;
use lentic_log_kafka::membership::{self, Membership};
use lentic_testkit::log_contract;
use lentic_types::{Offset, OutgoingRecord, ShardId, Timestamp, TopicName};

#[test]
fn contract() {
    let Some(brokers) = shared() else { return };
    let log = connect(&brokers);
    let options = log_contract::Options {
        // librdkafka takes timestamp 0 for "now": `timestamps` below tests the rest of that case.
        skip: vec!["append_keeps_timestamps".to_owned()],
        only: std::env::var("ONLY").ok(),
        ..log_contract::Options::default()
    };
    log_contract::check(&mut || Arc::clone(&log), &options);
}

#[test]
fn timestamps() {
    let Some(brokers) = shared() else { return };
    let log = connect(&brokers);
    let topic = TestTopic::with(&log, 1, &TopicSettings { retention_ms: -1, ..TopicSettings::default() });
    for timestamp in [86_400_000, 1, 1_700_000_000_000] {
        let record = OutgoingRecord { timestamp: Timestamp(timestamp), ..topic.record(0, "k", "v") };
        assert_eq!(append(&*log, record).expect("acknowledged").timestamp, Timestamp(timestamp));
    }
}

#[test]
fn another_creation_of_a_topic_has_another_id() {
    let Some(brokers) = shared() else { return };
    let log = connect(&brokers);
    let topic = TestTopic::new(&log, 1);
    topic.put(0, "k", "of the first");
    log.delete_topic(topic.name()).expect("deleted");
    assert_eq!(log.topic(topic.name()), Ok(None));
    let again = log.create_topic(topic.name(), 1, &TopicSettings::compacted()).expect("created again");
    assert_ne!(again.id, topic.topic.id);
    assert_eq!(topic.put(0, "k", "of the second").offset, Offset(0));
}

/// The last offsets of the partition are an aborted record and markers: the end passes them.
#[test]
fn the_end_passes_aborted_records_and_markers() {
    let Some(brokers) = shared() else { return };
    let log = connect(&brokers);
    let topic = TestTopic::new(&log, 1);
    let mut live = Tail::new(&*log, topic.partition(0), ReadFrom::Start);
    live.until_end(0);
    let mut transaction = log.begin(PATIENCE).expect("begun");
    produce(&mut *transaction, topic.record(0, "k", "committed"));
    transaction.commit(PATIENCE).expect("committed");
    for _ in 0..3 {
        let mut transaction = log.begin(PATIENCE).expect("begun");
        produce(&mut *transaction, topic.record(0, "k", "aborted"));
        transaction.abort(PATIENCE).expect("aborted");
    }
    // A transaction is ended once its coordinator has decided; its marker follows.
    let deadline = Instant::now() + PATIENCE;
    let end = loop {
        let end = log.bounds_of(&topic.partition(0)).expect("bounds").end;
        assert!(end <= Offset(8) && Instant::now() < deadline, "{end}");
        if end == Offset(8) {
            break end;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    for tail in [&mut live, &mut Tail::new(&*log, topic.partition(0), ReadFrom::Start)] {
        tail.until_end(end.0);
        assert_eq!((tail.end, tail.values.clone()), (Some(8), vec!["committed".to_owned()]));
    }
}

#[test]
fn an_open_transaction_holds_the_end_below_it() {
    let Some(brokers) = shared() else { return };
    let (log, other) = (connect(&brokers), connect(&brokers));
    let topic = TestTopic::new(&log, 1);
    topic.put(0, "k", "before");
    let mut transaction = other.begin(PATIENCE).expect("begun");
    let open = produce(&mut *transaction, topic.record(0, "k", "open")).offset;
    topic.put(0, "k", "behind");
    let mut tail = Tail::new(&*log, topic.partition(0), ReadFrom::Start);
    tail.until_end(open.0);
    tail.quiet(Duration::from_millis(500));
    assert_eq!((tail.end, tail.values.clone()), (Some(open.0), vec!["before".to_owned()]));
    assert_eq!(
        log.bounds_of(&topic.partition(0)).expect("bounds").end,
        Offset(3),
        "as uncommitted readers see it"
    );
    transaction.abort(PATIENCE).expect("aborted");
    tail.until_end(4);
    assert_eq!(tail.values, ["before", "behind"]);
}

/// A second log with the same transactional ids aborts what the first left open.
#[test]
fn a_transactional_id_taken_over_fences_its_holder() {
    let Some(brokers) = shared() else { return };
    let options = options(&brokers);
    let first: Arc<dyn Log> = Arc::new(KafkaLog::connect(options.clone()).expect("connected"));
    let topic = TestTopic::new(&first, 1);
    let mut left_open = first.begin(PATIENCE).expect("begun");
    produce(&mut *left_open, topic.record(0, "k", "left open"));

    let second: Arc<dyn Log> = Arc::new(KafkaLog::connect(options).expect("connected"));
    let mut transaction = second.begin(PATIENCE).expect("begun");
    produce(&mut *transaction, topic.record(0, "k", "of the second"));
    transaction.commit(PATIENCE).expect("committed");
    let fenced = left_open.commit(PATIENCE);
    assert!(matches!(fenced, Err(Error::Unknown(_))), "{fenced:?}");
    let mut tail = Tail::new(&*second, topic.partition(0), ReadFrom::Start);
    tail.until("the record", |tail| !tail.values.is_empty());
    assert_eq!(tail.values, ["of the second"]);
}

#[test]
fn what_retention_took_is_out_of_range() {
    let Some(brokers) = shared() else { return };
    let log = connect(&brokers);
    let topic = TestTopic::with(&log, 1, &TopicSettings { retention_ms: 1, ..TopicSettings::default() });
    topic.put(0, "k", "old");
    let deadline = Instant::now() + PATIENCE;
    while log.bounds_of(&topic.partition(0)).expect("bounds").start == Offset(0) {
        assert!(Instant::now() < deadline, "the broker keeps the record");
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut tail = Tail::new(&*log, topic.partition(0), ReadFrom::Offset(Offset(0)));
    tail.until("out of range", |tail| tail.out_of_range);
    let mut tail = Tail::new(&*log, topic.partition(0), ReadFrom::Start);
    tail.until_end(1);
}

#[test]
fn brokers_that_do_not_answer() {
    const SHORT: Duration = Duration::from_millis(500);
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("bound").local_addr().expect("bound").port();
    let mut options = options(&format!("127.0.0.1:{port}"));
    options.request_timeout = SHORT;
    options.message_timeout = SHORT;
    let log = KafkaLog::connect(options).expect("made all the same");
    assert!(matches!(log.identity(), Err(Error::Unavailable(_))));
    assert!(log.health().is_err());
    let name = TopicName::new("t").expect("legal");
    assert!(matches!(log.topic(&name), Err(Error::Unavailable(_))));
    assert!(matches!(log.topics(), Err(Error::Unavailable(_))));
    assert!(matches!(log.begin(SHORT).err(), Some(Error::Unavailable(_))));
    let record = OutgoingRecord {
        topic: name,
        partition: lentic_types::PartitionId(0),
        key: None,
        value: None,
        timestamp: Timestamp::NONE,
        headers: Vec::new(),
    };
    let failed = append(&log, record.clone());
    assert!(matches!(failed, Err(Error::Unavailable(_))), "{failed:?}");
    log.close(PATIENCE);
    assert_eq!(append(&log, record), Err(Error::Closed));
}

#[test]
fn a_full_queue_says_so_at_once() {
    const RECORD_BYTES: usize = 10_000;
    let mut options = options("127.0.0.1:1");
    options.queue_bytes = 1 << 20;
    let log = KafkaLog::connect(options.clone()).expect("made all the same");
    let record = OutgoingRecord {
        topic: TopicName::new("t").expect("legal"),
        partition: lentic_types::PartitionId(0),
        key: None,
        value: Some(vec![0; RECORD_BYTES].into()),
        timestamp: Timestamp::NONE,
        headers: Vec::new(),
    };
    let fits = options.queue_bytes / RECORD_BYTES;
    let waiting: Vec<_> = (0..fits).map(|_| send(&log, record.clone())).collect();
    assert_eq!(append(&log, record), Err(Error::QueueFull));
    log.close(Duration::ZERO);
    for outcome in waiting {
        let outcome = outcome.recv_timeout(PATIENCE).expect("an outcome");
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    }
}

#[test]
fn a_property_that_librdkafka_does_not_know_is_refused() {
    let mut options = options("127.0.0.1:1");
    options.properties.insert("fetch.wait.max".to_owned(), "1".to_owned());
    match KafkaLog::connect(options).err() {
        Some(Error::Refused(text)) => assert!(text.contains("fetch.wait.max"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn members_share_the_shards() {
    let Some(brokers) = shared() else { return };
    let log = connect(&brokers);
    let topic = TestTopic::with(&log, 8, &TopicSettings::compacted());
    let options = options(&brokers);
    let group = unique("group");
    assert_eq!(membership::members(&options, &group), Ok(vec![]));

    let a = Membership::join(&options, &group, topic.name(), "node-a", Arc::new(Nobody)).expect("joined");
    assert_eq!(a.wait_joined(PATIENCE), Ok(true));
    assert_eq!(a.assignment().len(), 8);
    assert_eq!(a.other_members(), Ok(vec![]));

    let b = Membership::join(&options, &group, topic.name(), "node-b", Arc::new(Nobody)).expect("joined");
    wait_for("both to have half", || a.assignment().len() == 4 && b.assignment().len() == 4);
    assert!(a.assignment().is_disjoint(&b.assignment()));
    let others = a.other_members().expect("listed");
    assert_eq!(others.iter().map(|m| m.node.as_str()).collect::<Vec<_>>(), ["node-b"]);
    assert_eq!(membership::members(&options, &group).expect("listed").len(), 2);

    let left = Instant::now();
    drop(b);
    wait_for("the rest to come back", || a.assignment().len() == 8);
    assert!(
        left.elapsed() < Duration::from_secs(8),
        "before the session would have ended: {:?}",
        left.elapsed()
    );

    // The same node id again, as after a `kill -9`: the new process has the shards, the old one is out.
    let again = Membership::join(&options, &group, topic.name(), "node-a", Arc::new(Nobody)).expect("joined");
    wait_for("the new process to have all", || again.assignment().len() == 8);
    wait_for("the old process to know", || a.trouble() == Some(Error::Fenced));
}

/// Hears the group and does nothing.
struct Nobody;

impl membership::Listener for Nobody {
    fn assigned(&self, _given: &BTreeSet<ShardId>, _generation: i64) {}
    fn revoked(&self, _taken: &BTreeSet<ShardId>) {}
    fn lost(&self, _taken: &BTreeSet<ShardId>) {}
}

fn wait_for(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
