//! What needs a broker of one's own: TLS and SASL, outages.
mod broker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use broker::{OwnBroker, PATIENCE, Tail, TestTopic, append, options, produce, send, shared};
use bytes::Bytes;
use lentic_engine::log::{Bounds, Error, Log, ReadFrom};
use lentic_log_kafka::KafkaLog;
use lentic_types::{Offset, OutgoingRecord, PartitionId, Timestamp, TopicPartition};

#[test]
fn tls_and_scram() {
    if shared().is_none() {
        return;
    }
    let broker = OwnBroker::start();
    let text = std::fs::read_to_string(broker.path("tls/librdkafka.properties")).expect("client properties");
    let mut properties: BTreeMap<String, String> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let brokers = properties.remove("bootstrap.servers").expect("the listener");
    let mut secure = options(&brokers);
    secure.properties = properties;
    for mechanism in ["SCRAM-SHA-512", "PLAIN"] {
        secure.properties.insert("sasl.mechanism".to_owned(), mechanism.to_owned());
        let log: Arc<dyn Log> = Arc::new(KafkaLog::connect(secure.clone()).expect("connected"));
        assert!(!log.identity().expect("an identity").is_empty());
        let topic = TestTopic::new(&log, 1);
        topic.put(0, "k", "appended");
        let mut transaction = log.begin(PATIENCE).expect("begun");
        produce(&mut *transaction, topic.record(0, "k", "transacted"));
        transaction.commit(PATIENCE).expect("committed");
        let mut tail = Tail::new(&*log, topic.partition(0), ReadFrom::Start);
        tail.until("both records", |tail| tail.values.len() == 2);
        assert_eq!(tail.values, ["appended", "transacted"]);
    }

    secure.request_timeout = Duration::from_secs(3);
    secure.properties.insert("sasl.password".to_owned(), "wrong".to_owned());
    let log = KafkaLog::connect(secure).expect("made all the same");
    assert!(log.identity().is_err());
    let said = log.health().expect_err("no access");
    assert!(said.to_lowercase().contains("authentication"), "{said}");
}

/// What only a dead broker held can't be told, is not taken for empty, and neither hides nor much delays the rest. What it
/// led is told again once another does.
#[test]
fn a_broker_that_is_gone_takes_only_its_own_ends_along() {
    if shared().is_none() {
        return;
    }
    let broker = OwnBroker::start_three();
    let log: Arc<dyn Log> = Arc::new(KafkaLog::connect(options(&broker.address)).expect("connected"));
    broker.run(&["topics", "--create", "--topic", "alone", "--replica-assignment", "1,3"]);
    broker.run(&["topics", "--create", "--topic", "thrice", "--replica-assignment", "3:2:1"]);
    let all = [("alone", 0), ("alone", 1), ("thrice", 0)]
        .map(|(topic, p)| TopicPartition::new(topic.parse().expect("legal"), PartitionId(p)));
    for partition in &all {
        let record = OutgoingRecord {
            topic: partition.topic.clone(),
            partition: partition.partition,
            key: None,
            value: Some(Bytes::from_static(b"v")),
            timestamp: Timestamp::NONE,
            headers: Vec::new(),
        };
        append(&*log, record).expect("acknowledged");
    }
    let end = Ok(Bounds { start: Offset(0), end: Offset(1) });
    assert_eq!(log.bounds(&all), Ok(vec![end.clone(); 3]));
    broker.run(&["kill", "3"]);
    let killed = Instant::now();
    loop {
        let asked = Instant::now();
        let found = log.bounds(&all).expect("the others answer");
        assert_eq!(found[0], end);
        assert!(matches!(found[1], Err(Error::Unavailable(_))), "{:?}", found[1]);
        assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
        if found[2] == end {
            break;
        }
        assert!(matches!(found[2], Err(Error::Unavailable(_))), "{:?}", found[2]);
        assert!(killed.elapsed() < PATIENCE, "another broker leads and is not noticed");
    }
    // It would not stop by itself: the others are too few to agree on that.
    broker.run(&["kill"]);
}

/// Every append has an outcome; what was acknowledged is there after the broker was killed and started again, and
/// appending and reading go on by themselves.
#[test]
fn a_broker_killed_under_load() {
    if shared().is_none() {
        return;
    }
    let broker = OwnBroker::start();
    let mut options = options(&broker.address);
    options.message_timeout = Duration::from_secs(2);
    let log: Arc<dyn Log> = Arc::new(KafkaLog::connect(options).expect("connected"));
    let topic = TestTopic::new(&log, 1);
    let mut tail = Tail::new(&*log, topic.partition(0), ReadFrom::Start);
    tail.until_end(0);
    let stop = AtomicBool::new(false);
    let mut outcomes = Vec::new();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut sent = Vec::new();
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                let value = number.to_string();
                sent.push((value.clone(), send(&*log, topic.record(0, "k", &value))));
                number += 1;
                std::thread::sleep(Duration::from_millis(1));
            }
            sent
        });
        std::thread::sleep(Duration::from_millis(500));
        broker.run(&["kill"]);
        std::thread::sleep(Duration::from_secs(4));
        let said = log.health().expect_err("the broker is gone");
        eprintln!("health during the outage: {said}");
        broker.run(&["start"]);
        let started = Instant::now();
        while log.health().is_err() {
            assert!(started.elapsed() < PATIENCE, "the broker is back and not noticed");
            std::thread::sleep(Duration::from_millis(10));
        }
        eprintln!("healthy {:?} after the broker answered", started.elapsed());
        std::thread::sleep(Duration::from_secs(1));
        stop.store(true, Ordering::Relaxed);
        for (value, outcome) in writer.join().expect("no panic") {
            outcomes.push((value, outcome.recv_timeout(PATIENCE).expect("an outcome for every append")));
        }
    });
    let count = |wanted: fn(&Result<lentic_engine::log::Ack, Error>) -> bool| {
        outcomes.iter().filter(|(_, outcome)| wanted(outcome)).count()
    };
    let (ok, unknown) = (count(Result::is_ok), count(|o| matches!(o, Err(Error::Unknown(_)))));
    let unavailable = count(|o| matches!(o, Err(Error::Unavailable(_))));
    eprintln!("{ok} acknowledged, {unavailable} unavailable, {unknown} unknown");
    assert_eq!(ok + unknown + unavailable, outcomes.len(), "{outcomes:?}");
    assert!(ok > 0 && unavailable > 0, "the outage was seen");
    assert!(outcomes.last().is_some_and(|(_, outcome)| outcome.is_ok()), "it went on: {:?}", outcomes.last());

    let end = log.bounds_of(&topic.partition(0)).expect("bounds").end;
    tail.until_end(end.0);
    for (value, outcome) in &outcomes {
        let times = tail.values.iter().filter(|seen| *seen == value).count();
        match outcome {
            Ok(_) => assert_eq!(times, 1, "acknowledged: {value}"),
            Err(Error::Unavailable(_)) => assert_eq!(times, 0, "not in the log: {value}"),
            Err(_) => assert!(times <= 1, "unknown: {value}"),
        }
    }
    // Transactions go on as well.
    let mut transaction = log.begin(PATIENCE).expect("begun");
    produce(&mut *transaction, topic.record(0, "k", "after"));
    transaction.commit(PATIENCE).expect("committed");
    tail.until("the transaction", |tail| tail.values.last().is_some_and(|last| last == "after"));
}
