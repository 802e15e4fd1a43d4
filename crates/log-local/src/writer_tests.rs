//! What the writer owes to those who wait: order, bounds, and an answer in every case.
use std::sync::atomic::Ordering;
use std::time::Duration;

use lentic_engine::log::{Error, Log, Polled, ReadFrom, ReaderOptions, TopicSettings};
use lentic_types::{Offset, Timestamp};

use crate::testing::{Bench, PATIENCE, partition, record};
use crate::{FsyncPolicy, LocalLog, LocalOptions};

const SHORT: Duration = Duration::from_millis(50);

#[test]
fn a_failed_write_ends_all_writing() {
    let bench = Bench::new();
    let topic = bench.topic(1, &TopicSettings::default());
    bench.put("a", Some("1"), 0);
    let mut open = bench.log.begin(PATIENCE).expect("begun");
    open.produce(record(0, "t", None, 0), PATIENCE).expect("produced");
    let behind_the_lock = bench.send(record(0, "waiting", None, 0));
    bench.log.shared().fail_writes.store(true, Ordering::Relaxed);
    let failed = open.commit(PATIENCE);
    assert!(matches!(failed, Err(Error::Unknown(_))), "{failed:?}");
    assert!(behind_the_lock.recv_timeout(PATIENCE).expect("an answer").is_err());
    bench.log.shared().fail_writes.store(false, Ordering::Relaxed);
    for _ in 0..2 {
        let broken = bench.append(record(0, "b", None, 0));
        assert!(matches!(broken, Err(Error::Broken(_))), "{broken:?}");
    }
    assert!(matches!(bench.log.begin(PATIENCE).map(|_| ()), Err(Error::Broken(_))));
    assert!(matches!(bench.log.delete_topic(&topic), Err(Error::Broken(_))));
    assert!(bench.log.health().is_err());
    assert_eq!(bench.rows().len(), 1, "what was there can still be read");
    let bench = bench.reopen();
    assert_eq!(bench.put("b", None, 0), Offset(1));
}

#[test]
fn a_full_queue_says_so_at_once() {
    let bench = Bench::with(LocalOptions { queue_records: 3, ..LocalOptions::default() });
    bench.topic(1, &TopicSettings::default());
    let mut transaction = bench.log.begin(PATIENCE).expect("begun");
    transaction.produce(record(0, "own", None, 0), PATIENCE).expect("produced");
    let waiting: Vec<_> = (0..2).map(|_| bench.send(record(0, "waiting", None, 0))).collect();
    assert_eq!(bench.append(record(0, "refused", None, 0)), Err(Error::QueueFull));
    let refused = transaction.produce(record(0, "refused", None, 0), PATIENCE);
    assert_eq!(refused, Err(Error::QueueFull));
    assert_eq!(transaction.commit(PATIENCE), Err(Error::QueueFull));
    for (waiting, offset) in waiting.iter().zip([0, 1]) {
        let ack = waiting.recv_timeout(PATIENCE).expect("an answer").expect("taken");
        assert_eq!(ack.offset, Offset(offset));
    }
    bench.put("taken again", None, 0);
    let large = LocalOptions { queue_bytes: 100, ..LocalOptions::default() };
    let bench = Bench::with(large);
    bench.topic(1, &TopicSettings::default());
    bench.put("larger than the queue", Some(&"x".repeat(1_000)), 0);
}

#[test]
fn a_lock_that_does_not_come_fails_the_transaction_alone() {
    let bench = Bench::new();
    bench.topic(3, &TopicSettings::default());
    let mut holder = bench.log.begin(PATIENCE).expect("begun");
    holder.produce(record(1, "a", None, 0), PATIENCE).expect("produced");
    let mut late = bench.log.begin(PATIENCE).expect("begun");
    late.produce(record(2, "b", None, 0), PATIENCE).expect("produced");
    let all = [0, 1].map(|p| record(p, "b", None, 0)).to_vec();
    assert!(matches!(late.produce_all(all, SHORT), Err(Error::Unavailable(_))));
    // What it held is free although it was not dropped yet.
    for partition in [0, 2] {
        bench.append(record(partition, "c", None, 0)).expect("taken");
    }
    assert!(matches!(late.commit(PATIENCE), Err(Error::Unavailable(_))));
    holder.commit(PATIENCE).expect("committed");
    let ends: Vec<_> = (0..3).map(|p| bench.log.bounds_of(&partition(p)).expect("bounds").end.0).collect();
    assert_eq!(ends, [1, 1, 1]);
}

#[test]
fn crossing_transactions_of_many_records_do_not_block_each_other() {
    let bench = Bench::new();
    bench.topic(4, &TopicSettings::default());
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let bench = &bench;
            scope.spawn(move || {
                for round in 0..50 {
                    let mut transaction = bench.log.begin(PATIENCE).expect("begun");
                    let order = (0..4).map(|i| (i * (thread * 2 + 1) + round) % 4);
                    let records = order.map(|p| record(p, "k", None, 0)).collect();
                    transaction.produce_all(records, PATIENCE).expect("produced");
                    transaction.commit(PATIENCE).expect("committed");
                }
            });
        }
    });
    for p in 0..4 {
        assert_eq!(bench.log.bounds_of(&partition(p)).expect("bounds").end, Offset(200));
    }
}

#[test]
fn a_topic_deleted_under_a_transaction() {
    let bench = Bench::new();
    let topic = bench.topic(1, &TopicSettings::default());
    let mut transaction = bench.log.begin(PATIENCE).expect("begun");
    transaction.produce(record(0, "a", None, 0), PATIENCE).expect("produced");
    let waiting = bench.send(record(0, "b", None, 0));
    bench.log.delete_topic(&topic).expect("deleted");
    let gone = Error::NoSuchTopic(topic.clone());
    assert_eq!(waiting.recv_timeout(PATIENCE).expect("an answer"), Err(gone.clone()));
    bench.topic(1, &TopicSettings::default());
    assert_eq!(transaction.commit(PATIENCE), Err(gone));
    assert_eq!(bench.rows(), []);
    assert_eq!(bench.put("c", None, 0), Offset(0));
    assert_eq!(bench.reopen().rows().len(), 1);
}

#[test]
fn closing_answers_everybody() {
    let bench = Bench::new();
    bench.topic(2, &TopicSettings::default());
    let mut open = bench.log.begin(PATIENCE).expect("begun");
    open.produce(record(0, "own", None, 0), PATIENCE).expect("produced");
    let waiting = bench.send(record(0, "waiting", None, 0));
    let free: Vec<_> = (0..100).map(|_| bench.send(record(1, "free", None, 0))).collect();
    bench.log.close(SHORT);
    for free in free {
        free.recv_timeout(PATIENCE).expect("an answer").expect("taken before the close");
    }
    assert_eq!(waiting.recv_timeout(PATIENCE).expect("an answer"), Err(Error::Closed));
    assert_eq!(bench.append(record(1, "late", None, 0)), Err(Error::Closed));
    assert_eq!(open.commit(PATIENCE), Err(Error::Closed));
    bench.log.close(SHORT);
    let bench = bench.reopen();
    assert_eq!((bench.rows().len(), bench.log.bounds_of(&partition(1)).expect("bounds").end.0), (0, 100));
}

#[test]
fn unsynced_records_are_acknowledged_but_not_seen() {
    let fsync = FsyncPolicy::Interval(Duration::from_hours(1));
    let bench = Bench::with(LocalOptions { fsync, ..LocalOptions::default() });
    bench.topic(1, &TopicSettings::default());
    let bounds = |log: &LocalLog| log.bounds_of(&partition(0)).expect("bounds").end.0;
    bench.put("a", None, 0);
    assert_eq!((bounds(&bench.log), bench.rows().len()), (0, 0));
    bench.log.sync().expect("synced");
    assert_eq!((bounds(&bench.log), bench.rows().len()), (1, 1));
    // A transaction that knows its offset can read what lies below it, or it could never be decided.
    bench.put("b", None, 0);
    let mut transaction = bench.log.begin(PATIENCE).expect("begun");
    transaction.produce(record(0, "c", None, 0), PATIENCE).expect("produced");
    let mut reader = bench.log.reader(ReaderOptions::default()).expect("a reader");
    reader.assign(&partition(0), ReadFrom::Offset(Offset(1))).expect("assigned");
    let mut polled = Vec::new();
    while !polled.iter().any(|polled| matches!(polled, Polled::Records { .. })) {
        reader.poll(PATIENCE, &mut polled).expect("polled");
    }
    transaction.commit(PATIENCE).expect("committed");
    drop(reader);
    let bench = bench.reopen();
    assert_eq!((bounds(&bench.log), bench.rows().len()), (3, 3));
}

#[test]
fn a_panic_of_him_who_is_answered_is_his_own() {
    let bench = Bench::new();
    bench.topic(1, &TopicSettings::default());
    bench.log.append(record(0, "a", None, 0), Box::new(|_| panic!("a test")));
    assert_eq!(bench.put("b", None, 0), Offset(1));
}

#[test]
fn a_record_without_time_gets_the_present() {
    let bench = Bench::new();
    bench.topic(1, &TopicSettings::default());
    let before = crate::shared::now();
    let ack = bench.append(record(0, "a", None, Timestamp::NONE.0)).expect("taken");
    assert!((before..=crate::shared::now()).contains(&ack.timestamp), "{ack:?}");
}
