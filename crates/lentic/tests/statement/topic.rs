//! Topics made, looked at, written to and deleted.
use std::collections::BTreeMap;

use lentic::NewRecord;
use lentic::log;
use lentic::types::{Offset, PartitionId, Timestamp};

use super::{PATIENCE, close, open, topic};

#[test]
fn from_create_to_delete() {
    let dir = tempfile::tempdir().expect("a directory");
    let node = open(&dir);
    let (topics, name) = (node.topics(), topic("made"));
    assert_eq!(topics.describe(&name), Ok(None));
    let settings = |entries: &[(&str, &str)]| -> BTreeMap<_, _> {
        entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    for bad in [("cleanup.policy", "shrink"), ("retention.ms", "long"), ("colour", "red")] {
        let refused = topics.create(&name, 3, None, &settings(&[bad]));
        assert!(matches!(refused, Err(log::Error::Refused(_))), "{bad:?}: {refused:?}");
    }
    assert!(matches!(topics.create(&name, 3, Some(2), &settings(&[])), Err(log::Error::Refused(_))));
    let wanted = settings(&[("cleanup.policy", "compact,delete"), ("retention.ms", "5000")]);
    let made = topics.create(&name, 3, Some(1), &wanted).expect("it is made");
    assert_eq!((made.partitions, made.settings.retention_ms), (3, 5000));
    assert!(made.settings.cleanup.compact && made.settings.cleanup.delete);
    assert_eq!(topics.create(&name, 3, None, &wanted), Err(log::Error::TopicExists(name.clone())));
    assert!(topics.names().expect("names").contains(&name));
    let record = |key: Option<&'static str>, partition: Option<u32>| NewRecord {
        topic: name.clone(),
        partition: partition.map(PartitionId),
        key: key.map(|key| key.as_bytes().into()),
        value: Some("value".into()),
        timestamp: Timestamp(7),
        headers: Vec::new(),
    };
    let produced = topics.produce(record(Some("k"), Some(2)), PATIENCE).expect("it is written");
    assert_eq!(
        (produced.partition, produced.offset, produced.timestamp),
        (PartitionId(2), Offset(0), Timestamp(7))
    );
    let outcomes = topics.produce_all(
        vec![
            record(Some("k"), None),
            record(Some("k"), None),
            record(Some("k"), Some(9)),
            record(None, None),
        ],
        PATIENCE,
    );
    let [Ok(first), Ok(second), Err(log::Error::Refused(_)), Err(log::Error::Refused(_))] = &outcomes[..]
    else {
        panic!("{outcomes:?}")
    };
    assert_eq!((first.partition, first.offset.next()), (second.partition, second.offset));
    let ends: u64 = topics.bounds(&name).expect("bounds").iter().map(|bounds| bounds.end.0).sum();
    assert_eq!(ends, 3);
    topics.delete(&name).expect("it goes");
    topics.delete(&name).expect("it is gone");
    let missing = topics.produce(record(Some("k"), None), PATIENCE);
    assert_eq!(missing, Err(log::Error::NoSuchTopic(name.clone())));
    close(node);
}
