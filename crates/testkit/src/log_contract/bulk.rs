//! Writing much: senders, bulk transactions, and records that are deleted because they were used.
use lentic_engine::log::{BulkTransaction, Error, RecordRef, Sender, Topic};
use lentic_types::{Offset, PartitionId, Timestamp, TopicName};

use super::Case;
use super::fixture::{Fixture, partition};

pub(super) const CASES: &[Case] = &[
    ("bulk_sender_tells_offsets_in_order", bulk_sender_tells_offsets_in_order),
    ("bulk_sender_refuses_a_missing_topic", bulk_sender_refuses_a_missing_topic),
    ("bulk_commits_together", bulk_commits_together),
    ("bulk_aborted_is_invisible", bulk_aborted_is_invisible),
    ("bulk_dropped_is_aborted", bulk_dropped_is_aborted),
    ("bulk_one_after_another", bulk_one_after_another),
    ("bulk_used_records_are_deleted", bulk_used_records_are_deleted),
];

impl Fixture {
    fn begin_bulk(&self) -> Box<dyn BulkTransaction> {
        self.log.begin_bulk(self.options.patience).unwrap_or_else(|e| panic!("begin: {e}"))
    }

    fn flush(&self, sender: &mut dyn Sender) -> Vec<Offset> {
        sender.flush(self.options.patience).unwrap_or_else(|e| panic!("flush: {e}"))
    }
}

fn send(sender: &mut dyn Sender, topic: &Topic, number: u32, key: &str) {
    let record = RecordRef {
        topic: &topic.name,
        partition: PartitionId(number),
        key: Some(key.as_bytes()),
        value: Some(b"v"),
        timestamp: Timestamp::NONE,
        headers: &[],
    };
    sender.send(&record).unwrap_or_else(|e| panic!("send: {e}"));
}

fn bulk_sender_tells_offsets_in_order(f: &Fixture) {
    let topic = f.topic(2);
    let mut sender = f.log.sender().unwrap_or_else(|e| panic!("sender: {e}"));
    for number in [0, 1, 0, 0, 1] {
        send(&mut *sender, &topic, number, &number.to_string());
    }
    assert_eq!(f.flush(&mut *sender), [0, 0, 1, 2, 1].map(Offset));
    assert_eq!(f.flush(&mut *sender), []);
    send(&mut *sender, &topic, 1, "later");
    assert_eq!(f.flush(&mut *sender), [Offset(2)]);
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(partition(&topic, 0), Offset(3)), (partition(&topic, 1), Offset(3))]);
    assert_eq!(reading.keys(1), ["1", "1", "later"]);
}

fn bulk_sender_refuses_a_missing_topic(f: &Fixture) {
    let mut sender = f.log.sender().unwrap_or_else(|e| panic!("sender: {e}"));
    let name = TopicName::new("a-topic-that-is-not-there").unwrap_or_else(|e| panic!("{e}"));
    let record = RecordRef {
        topic: &name,
        partition: PartitionId(0),
        key: None,
        value: None,
        timestamp: Timestamp(0),
        headers: &[],
    };
    let sent = sender.send(&record);
    let flushed = sent.and_then(|()| sender.flush(f.options.patience).map(drop));
    assert!(flushed.is_err(), "there is no such topic");
}

fn bulk_commits_together(f: &Fixture) {
    let topic = f.topic(2);
    let mut transaction = f.begin_bulk();
    send(&mut *transaction, &topic, 0, "a");
    send(&mut *transaction, &topic, 1, "b");
    assert_eq!(f.flush(&mut *transaction), [Offset(0), Offset(0)]);
    send(&mut *transaction, &topic, 0, "c");
    assert_eq!(f.flush(&mut *transaction), [Offset(1)]);
    let mut reading = f.read_all(&topic);
    reading.quiet();
    assert!(reading.records.is_empty(), "nothing is visible before the commit");
    transaction.commit(f.options.patience).unwrap_or_else(|e| panic!("commit: {e}"));
    reading.until("all three", |reading| reading.records.len() == 3);
    assert_eq!(
        (reading.keys(0), reading.keys(1)),
        (vec!["a".to_owned(), "c".to_owned()], vec!["b".to_owned()])
    );
}

fn bulk_aborted_is_invisible(f: &Fixture) {
    let topic = f.topic(1);
    let mut transaction = f.begin_bulk();
    send(&mut *transaction, &topic, 0, "aborted");
    f.flush(&mut *transaction);
    transaction.abort(f.options.patience).unwrap_or_else(|e| panic!("abort: {e}"));
    only_after_is_there(f, &topic);
}

fn bulk_dropped_is_aborted(f: &Fixture) {
    let topic = f.topic(1);
    let mut transaction = f.begin_bulk();
    send(&mut *transaction, &topic, 0, "dropped");
    f.flush(&mut *transaction);
    drop(transaction);
    only_after_is_there(f, &topic);
}

fn only_after_is_there(f: &Fixture, topic: &Topic) {
    f.put(topic, 0, "after", "v");
    let mut reading = f.read_all(topic);
    reading.until("what came after", |reading| !reading.records.is_empty());
    assert_eq!(reading.keys(0), ["after"]);
}

fn bulk_one_after_another(f: &Fixture) {
    let topic = f.topic(1);
    for key in ["a", "b", "c"] {
        let mut transaction = f.begin_bulk();
        send(&mut *transaction, &topic, 0, key);
        f.flush(&mut *transaction);
        transaction.commit(f.options.patience).unwrap_or_else(|e| panic!("commit: {e}"));
    }
    let mut reading = f.read_all(&topic);
    reading.until("all three", |reading| reading.records.len() == 3);
    assert_eq!(reading.keys(0), ["a", "b", "c"]);
}

fn bulk_used_records_are_deleted(f: &Fixture) {
    let topic = f.topic(1);
    for key in ["a", "b", "c"] {
        f.put(&topic, 0, key, "v");
    }
    f.read_all(&topic).until("all three", |reading| reading.records.len() == 3);
    let used = [(partition(&topic, 0), Offset(2))];
    f.log.delete_records(&used).unwrap_or_else(|e| panic!("delete: {e}"));
    let bounds = f.log.bounds_of(&partition(&topic, 0)).unwrap_or_else(|e| panic!("bounds: {e}"));
    assert_eq!((bounds.start, bounds.end), (Offset(2), Offset(3)));
    let gone = TopicName::new("a-topic-that-is-not-there").unwrap_or_else(|e| panic!("{e}"));
    let gone = [(lentic_types::TopicPartition::new(gone, PartitionId(0)), Offset(1))];
    assert!(matches!(f.log.delete_records(&gone), Ok(()) | Err(Error::NoSuchTopic(_))));
}
