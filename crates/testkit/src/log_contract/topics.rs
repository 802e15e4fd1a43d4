//! Topics: made, described, deleted, made again; ends, epochs and the log's identity.
use lentic_engine::log::{Bounds, CleanupPolicy, Error, TopicSettings};
use lentic_types::{Offset, PartitionId, TopicPartition};

use super::Case;
use super::fixture::{Fixture, assert_no_such_topic, partition, partitions};

pub(super) const CASES: &[Case] = &[
    ("identity_is_stable", identity_is_stable),
    ("topic_is_described_as_created", topic_is_described_as_created),
    ("topic_settings_round_trip", topic_settings_round_trip),
    ("topic_exists", topic_exists),
    ("topic_without_partitions_is_refused", topic_without_partitions_is_refused),
    ("topic_deleted_and_created_again", topic_deleted_and_created_again),
    ("bounds_in_the_order_given", bounds_in_the_order_given),
    ("bounds_of_a_missing_topic", bounds_of_a_missing_topic),
    ("epochs_agree", epochs_agree),
];

fn identity_is_stable(f: &Fixture) {
    let identity = f.log.identity().expect("an identity");
    assert!(!identity.is_empty());
    assert_eq!(f.log.identity().as_deref(), Ok(identity.as_str()));
    f.wait_for("a healthy log", || f.log.health().ok());
}

fn topic_is_described_as_created(f: &Fixture) {
    let name = f.name();
    assert_eq!(f.log.topic(&name), Ok(None));
    let made = f.log.create_topic(&name, 3, &TopicSettings::default()).expect("created");
    assert_eq!((&made.name, made.partitions), (&name, 3));
    assert_eq!(made.settings, TopicSettings::default());
    assert_eq!(f.log.topic(&name), Ok(Some(made)));
    let names = f.log.topics().expect("names");
    assert!(names.contains(&name));
    assert!(names.is_sorted(), "{names:?}");
}

fn topic_settings_round_trip(f: &Fixture) {
    let settings = [
        TopicSettings::compacted(),
        TopicSettings {
            cleanup: CleanupPolicy { compact: true, delete: true },
            retention_ms: 3_600_000,
            retention_bytes: 123_456_789,
            delete_retention_ms: 60_000,
            min_compaction_lag_ms: 5_000,
            max_message_bytes: 2_000_000,
        },
        TopicSettings { retention_ms: -1, ..TopicSettings::default() },
    ];
    for settings in settings {
        let made = f.topic_with(1, &settings);
        let found = f.log.topic(&made.name).expect("described").expect("there");
        assert_eq!(found.settings, settings);
    }
}

fn topic_exists(f: &Fixture) {
    let topic = f.topic(1);
    let again = f.log.create_topic(&topic.name, 1, &topic.settings);
    assert_eq!(again, Err(Error::TopicExists(topic.name.clone())));
    assert_eq!(f.log.topic(&topic.name), Ok(Some(topic)));
}

fn topic_without_partitions_is_refused(f: &Fixture) {
    let name = f.name();
    let made = f.log.create_topic(&name, 0, &TopicSettings::default());
    assert!(matches!(made, Err(Error::Refused(_))), "{made:?}");
    assert_eq!(f.log.topic(&name), Ok(None));
}

fn topic_deleted_and_created_again(f: &Fixture) {
    let first = f.topic(2);
    f.put(&first, 0, "k", "of the first");
    f.log.delete_topic(&first.name).expect("deleted");
    f.wait_for("the topic to be gone", || (f.log.topic(&first.name) == Ok(None)).then_some(()));
    assert!(!f.log.topics().expect("names").contains(&first.name));
    f.log.delete_topic(&first.name).expect("deleting what is not there is fine");

    let second = f.wait_for("the name to be free", || {
        match f.log.create_topic(&first.name, 1, &TopicSettings::compacted()) {
            Ok(topic) => Some(topic),
            Err(Error::TopicExists(_)) => None,
            Err(error) => panic!("create again: {error}"),
        }
    });
    assert_ne!(first.id, second.id);
    assert_eq!(f.log.topic(&first.name), Ok(Some(second.clone())));
    let ack = f.put(&second, 0, "k", "of the second");
    assert_eq!(ack.offset, Offset(0));
    let mut reading = f.read_all(&second);
    reading.until_ends(&[(partition(&second, 0), Offset(1))]);
    assert_eq!(reading.values(0), [(0, "of the second".to_owned())]);
}

fn bounds_in_the_order_given(f: &Fixture) {
    let (a, b) = (f.topic(3), f.topic(1));
    for i in 0..5 {
        f.put(&a, 2, &format!("k{i}"), "v");
    }
    f.put(&b, 0, "k", "v");
    let end = |end| Bounds { start: Offset(0), end: Offset(end) };
    let asked = [partition(&a, 2), partition(&b, 0), partition(&a, 0), partition(&a, 2)];
    f.assert_bounds(&asked, &[end(5), end(1), end(0), end(5)]);
    f.assert_bounds(&[], &[]);
    f.assert_bounds(&partitions(&a), &[end(0), end(0), end(5)]);
}

/// Those that are there are told all the same.
fn bounds_of_a_missing_topic(f: &Fixture) {
    let (topic, missing) = (f.topic(1), f.name());
    let nowhere = TopicPartition::new(missing.clone(), PartitionId(0));
    assert_no_such_topic(f.log.bounds_of(&nowhere), &missing);
    assert_no_such_topic(f.log.bounds_of(&partition(&topic, 1)), &topic.name);
    let empty = Bounds { start: Offset(0), end: Offset(0) };
    let asked = [nowhere, partition(&topic, 0), partition(&topic, 1)];
    let none = |name| Err(Error::NoSuchTopic(name));
    assert_eq!(f.log.bounds(&asked), Ok(vec![none(missing), Ok(empty), none(topic.name)]));
}

/// The epoch that comes with records is the one that the log tells for the position after them.
fn epochs_agree(f: &Fixture) {
    let topic = f.topic(1);
    let p = partition(&topic, 0);
    for i in 0..3 {
        f.put(&topic, 0, &format!("k{i}"), "v");
    }
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(p.clone(), Offset(3))]);
    let read = reading.records.last().expect("three records").epoch_of_batch;
    for offset in 1..=3 {
        let told = f.log.epoch_below(&p, Offset(offset)).expect("an answer");
        assert!(told.is_none_or(|told| read == -1 || told == read), "{told:?} below {offset}, read {read}");
    }
}
