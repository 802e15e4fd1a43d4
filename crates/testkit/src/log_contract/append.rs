//! Appending: offsets, what a record keeps, what is refused.
use bytes::Bytes;
use lentic_engine::log::{Bounds, Error, ReaderOptions, TopicSettings};
use lentic_types::{Header, Offset, OutgoingRecord, PartitionId, Timestamp};

use super::Case;
use super::fixture::{Fixture, assert_no_such_topic, now_ms, partition, partitions, record};

pub(super) const CASES: &[Case] = &[
    ("append_offsets_ascend_per_partition", append_offsets_ascend_per_partition),
    ("append_keeps_null_and_empty_apart", append_keeps_null_and_empty_apart),
    ("append_keeps_headers", append_keeps_headers),
    ("append_keeps_timestamps", append_keeps_timestamps),
    ("append_concurrently_keeps_order", append_concurrently_keeps_order),
    ("append_of_a_large_record", append_of_a_large_record),
    ("append_to_a_missing_topic", append_to_a_missing_topic),
    ("append_without_key_to_a_compacted_topic", append_without_key_to_a_compacted_topic),
];

fn append_offsets_ascend_per_partition(f: &Fixture) {
    let topic = f.topic(2);
    let sent: Vec<_> = (0..40).map(|i| f.send(record(&topic, i % 2, &format!("k{i}"), "v"))).collect();
    let acks: Vec<_> = sent.iter().map(|p| p.wait(f.options.patience).expect("taken").offset.0).collect();
    let expected: Vec<u64> = (0..40).map(|i| i / 2).collect();
    assert_eq!(acks, expected);
}

fn append_keeps_null_and_empty_apart(f: &Fixture) {
    let topic = f.topic(1);
    let parts: [Option<&'static [u8]>; 3] = [None, Some(b""), Some(b"x")];
    let cases: Vec<_> = parts.iter().flat_map(|key| parts.iter().map(move |value| (*key, *value))).collect();
    for (key, value) in &cases {
        let (key, value) = (key.map(Bytes::from_static), value.map(Bytes::from_static));
        f.append(OutgoingRecord { key, value, ..record(&topic, 0, "", "") }).expect("taken");
    }
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(partition(&topic, 0), Offset(cases.len() as u64))]);
    let read: Vec<_> = reading.records.iter().map(|r| (r.key.as_deref(), r.value.as_deref())).collect();
    assert_eq!(read, cases);
}

fn append_keeps_headers(f: &Fixture) {
    let topic = f.topic(1);
    let header = |name: &str, value: Option<&'static str>| Header {
        name: name.to_owned(),
        value: value.map(|value| Bytes::from_static(value.as_bytes())),
    };
    let headers = [
        vec![header("a", Some("1")), header("b", None), header("a", Some("")), header("ä", Some("2"))],
        vec![],
        vec![header("last", Some("3"))],
    ];
    for headers in &headers {
        f.append(OutgoingRecord { headers: headers.clone(), ..record(&topic, 0, "k", "v") }).expect("taken");
    }
    for wanted in [true, false] {
        let mut reading = f.read_with(&topic, ReaderOptions { headers: wanted, ..ReaderOptions::default() });
        reading.until_ends(&[(partition(&topic, 0), Offset(3))]);
        let read: Vec<_> = reading.records.iter().map(|seen| seen.headers.clone()).collect();
        let expected = if wanted { headers.to_vec() } else { vec![vec![]; 3] };
        assert_eq!(read, expected, "headers: {wanted}");
        assert!(reading.records.iter().all(|seen| seen.value.as_deref() == Some(b"v")));
    }
}

fn append_keeps_timestamps(f: &Fixture) {
    const MINUTE: i64 = 60_000;
    let topic = f.topic_with(1, &TopicSettings { retention_ms: -1, ..TopicSettings::default() });
    let (before, old) = (now_ms(), now_ms() - 86_400_000);
    let mut acked = Vec::new();
    for timestamp in [old, Timestamp::NONE.0, old - 1, 0] {
        let record = OutgoingRecord { timestamp: Timestamp(timestamp), ..record(&topic, 0, "k", "v") };
        acked.push(f.append(record).expect("taken").timestamp.0);
    }
    assert_eq!((acked[0], acked[2], acked[3]), (old, old - 1, 0));
    assert!((before - MINUTE..now_ms() + MINUTE).contains(&acked[1]), "set by the log: {}", acked[1]);
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(partition(&topic, 0), Offset(4))]);
    let read: Vec<_> = reading.records.iter().map(|seen| seen.timestamp.0).collect();
    assert_eq!(read, acked);
}

fn append_concurrently_keeps_order(f: &Fixture) {
    const THREADS: u32 = 4;
    const EACH: u32 = 500;
    let topic = f.topic(2);
    let mut acks: Vec<(u32, u64, String)> = std::thread::scope(|scope| {
        let append = |thread: u32| {
            let value = |i: u32| format!("{thread}:{i:04}");
            let sent: Vec<_> = (0..EACH).map(|i| f.send(record(&topic, i % 2, "k", &value(i)))).collect();
            let mut acks = Vec::new();
            for (i, pending) in (0u32..).zip(&sent) {
                acks.push((i % 2, pending.wait(f.options.patience).expect("taken").offset.0, value(i)));
            }
            for partition in 0..2 {
                let own: Vec<_> = acks.iter().filter(|ack| ack.0 == partition).map(|ack| ack.1).collect();
                assert!(own.is_sorted(), "thread {thread}, partition {partition}: {own:?}");
            }
            acks
        };
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || append(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    acks.sort();
    let mut reading = f.read_all(&topic);
    let end = Offset(u64::from(THREADS * EACH / 2));
    reading.until_ends(&[(partition(&topic, 0), end), (partition(&topic, 1), end)]);
    reading.assert_ordered();
    let read = |p: u32| reading.values(p).into_iter().map(move |(offset, value)| (p, offset, value));
    let read: Vec<_> = read(0).chain(read(1)).collect();
    assert_eq!(read, acks);
}

fn append_of_a_large_record(f: &Fixture) {
    let settings = TopicSettings { max_message_bytes: 10_000, ..TopicSettings::default() };
    let topic = f.topic_with(1, &settings);
    let large = f.append(record(&topic, 0, "k", &"x".repeat(100_000)));
    assert!(matches!(large, Err(Error::TooLarge(_))), "{large:?}");
    let ack = f.put(&topic, 0, "k", &"x".repeat(5_000));
    f.assert_bounds(&partitions(&topic), &[Bounds { start: Offset(0), end: ack.offset.next() }]);
}

fn append_to_a_missing_topic(f: &Fixture) {
    let topic = f.topic(1);
    let missing = f.name();
    assert_no_such_topic(
        f.append(OutgoingRecord { topic: missing.clone(), ..record(&topic, 0, "k", "v") }),
        &missing,
    );
    assert_no_such_topic(
        f.append(OutgoingRecord { partition: PartitionId(7), ..record(&topic, 0, "k", "v") }),
        &topic.name,
    );
    assert_eq!(f.log.topic(&missing), Ok(None), "an append made the topic");
}

fn append_without_key_to_a_compacted_topic(f: &Fixture) {
    let topic = f.topic_with(1, &TopicSettings::compacted());
    let refused = f.append(OutgoingRecord { key: None, ..record(&topic, 0, "", "v") });
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    assert_eq!(f.put(&topic, 0, "k", "v").offset, Offset(0));
}
