//! Transactions: all or nothing, and offsets that hold.
use std::sync::atomic::{AtomicBool, Ordering};

use lentic_engine::log::{Error, Transaction};
use lentic_types::{Offset, OutgoingRecord};

use super::Case;
use super::fixture::{Fixture, partition, partitions, record};

pub(super) const CASES: &[Case] = &[
    ("transaction_commits_together", transaction_commits_together),
    ("transaction_aborted_is_invisible", transaction_aborted_is_invisible),
    ("transaction_open_is_not_passed", transaction_open_is_not_passed),
    ("transaction_dropped_is_aborted", transaction_dropped_is_aborted),
    ("transaction_without_records", transaction_without_records),
    ("transaction_learns_its_offset", transaction_learns_its_offset),
    ("transaction_produces_all", transaction_produces_all),
    ("transaction_refuses_what_an_append_refuses", transaction_refuses_what_an_append_refuses),
    ("transaction_with_a_refused_record_cannot_commit", transaction_with_a_refused_record_cannot_commit),
    ("transactions_one_after_another", transactions_one_after_another),
];

impl Fixture {
    fn begin(&self) -> Box<dyn Transaction> {
        self.log.begin(self.options.patience).unwrap_or_else(|e| panic!("begin: {e}"))
    }

    fn produce(&self, transaction: &mut dyn Transaction, record: OutgoingRecord) -> Offset {
        let ack = transaction.produce(record, self.options.patience);
        ack.unwrap_or_else(|e| panic!("produce: {e}")).offset
    }

    fn commit(&self, transaction: Box<dyn Transaction>) {
        transaction.commit(self.options.patience).unwrap_or_else(|e| panic!("commit: {e}"));
    }
}

fn transaction_commits_together(f: &Fixture) {
    let topic = f.topic(2);
    f.put(&topic, 0, "before", "v");
    let mut transaction = f.begin();
    let a = f.produce(&mut *transaction, record(&topic, 0, "a", "v"));
    let b = f.produce(&mut *transaction, record(&topic, 1, "b", "v"));
    let c = f.produce(&mut *transaction, record(&topic, 0, "c", "v"));
    assert_eq!((a, b, c), (Offset(1), Offset(0), Offset(2)));

    let mut reading = f.read_all(&topic);
    reading.until("what was there before", |reading| !reading.records.is_empty());
    reading.quiet();
    assert_eq!((reading.keys(0), reading.keys(1).len()), (vec!["before".to_owned()], 0));
    f.commit(transaction);
    reading.until_ends(&[(partition(&topic, 0), Offset(3)), (partition(&topic, 1), Offset(1))]);
    assert_eq!(reading.keys(0), ["before", "a", "c"]);
    assert_eq!(reading.keys(1), ["b"]);
    assert_eq!(reading.records.iter().rfind(|r| r.partition == 0).map(|r| r.offset), Some(c));
}

fn transaction_aborted_is_invisible(f: &Fixture) {
    let topic = f.topic(1);
    let p = partition(&topic, 0);
    let before = f.put(&topic, 0, "before", "v").offset;
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(p.clone(), before.next())]);
    let mut transaction = f.begin();
    f.produce(&mut *transaction, record(&topic, 0, "aborted", "v"));
    transaction.abort(f.options.patience).expect("aborted");
    // Nothing follows the aborted record: the end must pass it all the same.
    let end = f.log.bounds_of(&p).expect("bounds").end;
    reading.until_ends(&[(p.clone(), end)]);
    assert_eq!(reading.keys(0), ["before"]);

    let after = f.put(&topic, 0, "after", "v").offset;
    reading.until_ends(&[(p, after.next())]);
    assert_eq!(reading.keys(0), ["before", "after"]);
}

/// Whatever a reader learnt before in one poll: records, that they are the last ones, or both.
fn transaction_open_is_not_passed(f: &Fixture) {
    let topic = f.topic(1);
    let p = partition(&topic, 0);
    let mut reading = f.read_all(&topic);
    for round in 0..3 {
        let before = f.put(&topic, 0, &format!("before-{round}"), "v").offset;
        // The reader has the record and its end waiting when it is asked.
        std::thread::sleep(f.options.quiet);
        reading.until_ends(&[(p.clone(), before.next())]);
        let mut transaction = f.begin();
        let open = f.produce(&mut *transaction, record(&topic, 0, &format!("open-{round}"), "v"));
        reading.quiet();
        assert_eq!(reading.end(&p), Some(open), "the end is before what is open");
        f.commit(transaction);
        reading.until("what was committed", |reading| reading.end(&p) > Some(open));
        let last = reading.records.last().map(|seen| seen.offset);
        assert_eq!(last, Some(open), "the end passed a record that was not returned");
    }
}

fn transaction_dropped_is_aborted(f: &Fixture) {
    let topic = f.topic(1);
    let mut reading = f.read_all(&topic);
    let mut transaction = f.begin();
    f.produce(&mut *transaction, record(&topic, 0, "dropped", "v"));
    drop(transaction);
    let after = f.put(&topic, 0, "after", "v").offset;
    reading.until_ends(&[(partition(&topic, 0), after.next())]);
    assert_eq!(reading.keys(0), ["after"]);
}

fn transaction_without_records(f: &Fixture) {
    f.commit(f.begin());
    f.begin().abort(f.options.patience).expect("aborted");
    let topic = f.topic(1);
    let transaction = f.begin();
    f.put(&topic, 0, "k", "v");
    f.commit(transaction);
}

/// The offset that `produce` tells is the record's, although others append to the partition all the time, and
/// what is appended once it is known comes after it.
fn transaction_learns_its_offset(f: &Fixture) {
    let topic = f.topic(1);
    let p = partition(&topic, 0);
    let stop = AtomicBool::new(false);
    let mut own = Vec::new();
    std::thread::scope(|scope| {
        let append = || {
            let mut acks = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let sent: Vec<_> = (0..20).map(|_| f.send(record(&topic, 0, "foreign", "v"))).collect();
                acks.extend(sent.iter().map(|p| p.wait(f.options.patience).expect("taken").offset));
            }
            acks
        };
        let foreign = [scope.spawn(append), scope.spawn(append)];
        for round in 0..20 {
            let mut transaction = f.begin();
            let offset = f.produce(&mut *transaction, record(&topic, 0, "own", &round.to_string()));
            let later = f.send(record(&topic, 0, "later", "v"));
            f.commit(transaction);
            let later = later.wait(f.options.patience).expect("taken").offset;
            assert!(later > offset, "appended after {offset} was known, at {later}");
            own.push((offset.0, round.to_string()));
        }
        stop.store(true, Ordering::Relaxed);
        for thread in foreign {
            let acks = thread.join().expect("no panic");
            assert!(acks.iter().all(|ack| own.iter().all(|(offset, _)| *offset != ack.0)));
        }
    });
    let last = f.put(&topic, 0, "last", "v").offset;
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(p, last.next())]);
    reading.assert_ordered();
    reading.records.retain(|seen| seen.key.as_deref() == Some(b"own"));
    assert_eq!(reading.values(0), own);
}

fn transaction_produces_all(f: &Fixture) {
    let topic = f.topic(3);
    let targets = [2, 0, 1, 0, 2, 2, 1, 0];
    let records = targets.iter().enumerate().map(|(i, p)| record(&topic, *p, "k", &i.to_string())).collect();
    let mut transaction = f.begin();
    let acks = transaction.produce_all(records, f.options.patience).expect("produced");
    assert_eq!(acks.len(), targets.len());
    assert!(transaction.produce_all(Vec::new(), f.options.patience).expect("nothing to do").is_empty());
    f.commit(transaction);
    let mut reading = f.read_all(&topic);
    let ends: Vec<_> = partitions(&topic).into_iter().map(|p| (p, Offset(2))).collect();
    reading.until_ends(&ends);
    reading.assert_ordered();
    for p in 0..3 {
        let acked = (0..).zip(&targets).zip(&acks).filter(|((_, target), _)| **target == p);
        let expected: Vec<_> =
            acked.map(|((i, _), ack): ((i32, _), _)| (ack.offset.0, i.to_string())).collect();
        assert_eq!(reading.values(p), expected, "partition {p}");
    }
}

fn transaction_refuses_what_an_append_refuses(f: &Fixture) {
    let topic = f.topic(1);
    let missing = f.name();
    let cases = [
        (OutgoingRecord { topic: missing.clone(), ..record(&topic, 0, "k", "v") }, None),
        (record(&topic, 0, "k", &"x".repeat(4 << 20)), Some("too large")),
    ];
    for (refused, large) in cases {
        let mut transaction = f.begin();
        let error = transaction.produce(refused, f.options.patience).expect_err("refused");
        match large {
            Some(_) => assert!(matches!(error, Error::TooLarge(_)), "{error:?}"),
            None => assert_eq!(error, Error::NoSuchTopic(missing.clone())),
        }
        transaction.abort(f.options.patience).expect("aborted");
    }
    let ack = f.put(&topic, 0, "k", "v");
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(partition(&topic, 0), ack.offset.next())]);
    assert_eq!(reading.keys(0), ["k"]);
}

/// Whoever did not look at the outcome of a record must not commit the others without it.
fn transaction_with_a_refused_record_cannot_commit(f: &Fixture) {
    let topic = f.topic(1);
    let mut transaction = f.begin();
    f.produce(&mut *transaction, record(&topic, 0, "before", "v"));
    let many = vec![record(&topic, 0, "with", "v"), record(&topic, 0, "large", &"x".repeat(4 << 20))];
    transaction.produce_all(many, f.options.patience).expect_err("one is refused");
    let committed = transaction.commit(f.options.patience);
    assert!(!matches!(committed, Ok(()) | Err(Error::Unknown(_))), "{committed:?}");
    let ack = f.put(&topic, 0, "k", "v");
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(partition(&topic, 0), ack.offset.next())]);
    assert_eq!(reading.keys(0), ["k"]);
}

fn transactions_one_after_another(f: &Fixture) {
    let topic = f.topic(2);
    let mut last = [Offset(0); 2];
    for round in 0..10 {
        let mut transaction = f.begin();
        for p in 0..2 {
            last[p as usize] = f.produce(&mut *transaction, record(&topic, p, "k", &round.to_string()));
        }
        if round % 3 == 1 {
            transaction.abort(f.options.patience).expect("aborted");
        } else {
            f.commit(transaction);
        }
    }
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(partition(&topic, 0), last[0].next()), (partition(&topic, 1), last[1].next())]);
    reading.assert_ordered();
    for p in 0..2 {
        let values: Vec<_> = reading.values(p).into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, ["0", "2", "3", "5", "6", "8", "9"]);
    }
}
