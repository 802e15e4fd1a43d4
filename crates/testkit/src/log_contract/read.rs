//! Reading: where it begins, what it returns, and when it says that it is at the end.
use std::time::{Duration, Instant};

use lentic_engine::log::{Error, ReadFrom, ReaderOptions};
use lentic_types::{Offset, PartitionId, TopicPartition};

use super::Case;
use super::fixture::{Fixture, partition, partitions, record};

pub(super) const CASES: &[Case] = &[
    ("read_from_start_and_offset", read_from_start_and_offset),
    ("read_empty_partitions", read_empty_partitions),
    ("read_arrives_again", read_arrives_again),
    ("read_wakes_up", read_wakes_up),
    ("read_with_nothing_assigned", read_with_nothing_assigned),
    ("read_unassigned_is_silent", read_unassigned_is_silent),
    ("read_moved", read_moved),
    ("read_above_the_end_is_out_of_range", read_above_the_end_is_out_of_range),
    ("read_from_a_diverged_position_is_out_of_range", read_from_a_diverged_position_is_out_of_range),
    ("read_within_the_batch_size", read_within_the_batch_size),
    ("read_many_partitions", read_many_partitions),
    ("read_in_bulk", read_in_bulk),
    ("read_a_missing_topic", read_a_missing_topic),
    ("read_by_two", read_by_two),
];

fn read_from_start_and_offset(f: &Fixture) {
    let topic = f.topic(1);
    let p = partition(&topic, 0);
    for i in 0..5 {
        f.put(&topic, 0, &format!("k{i}"), "v");
    }
    let froms = [(ReadFrom::Start, 0), (ReadFrom::Offset(Offset(0)), 0), (ReadFrom::Offset(Offset(3)), 3)];
    for (from, first) in froms {
        let mut reading = f.reading(ReaderOptions::default());
        reading.assign(&p, from);
        reading.until_ends(&[(p.clone(), Offset(5))]);
        let offsets: Vec<_> = reading.records.iter().map(|seen| seen.offset.0).collect();
        assert_eq!(offsets, (first..5).collect::<Vec<_>>(), "{from:?}");
        assert_eq!(reading.end(&p), Some(Offset(5)));
    }
    let mut reading = f.reading(ReaderOptions::default());
    reading.assign(&p, ReadFrom::Offset(Offset(5)));
    reading.until_ends(&[(p, Offset(5))]);
    assert_eq!(reading.records, []);
}

fn read_empty_partitions(f: &Fixture) {
    let topic = f.topic(3);
    let mut reading = f.read_all(&topic);
    let ends: Vec<_> = partitions(&topic).into_iter().map(|p| (p, Offset(0))).collect();
    reading.until_ends(&ends);
    reading.quiet();
    for (p, end) in ends {
        assert_eq!(reading.ends[&p], [end]);
    }
}

fn read_arrives_again(f: &Fixture) {
    let topic = f.topic(1);
    let p = partition(&topic, 0);
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(p.clone(), Offset(0))]);
    for round in 1..=3 {
        f.put(&topic, 0, "k", &format!("v{round}"));
        reading.until_ends(&[(p.clone(), Offset(round))]);
        assert_eq!(reading.records.len() as u64, round);
    }
    let before = reading.ends[&p].len();
    reading.quiet();
    assert_eq!(reading.ends[&p].len(), before, "an idle reader does not repeat the end");
}

/// A record that arrives while a poll waits ends the wait.
fn read_wakes_up(f: &Fixture) {
    let topic = f.topic(1);
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(partition(&topic, 0), Offset(0))]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(f.options.quiet / 2);
            f.put(&topic, 0, "k", "v");
        });
        let began = Instant::now();
        while reading.records.is_empty() {
            reading.poll(f.options.patience);
        }
        assert!(began.elapsed() < f.options.patience, "{:?}", began.elapsed());
    });
}

fn read_with_nothing_assigned(f: &Fixture) {
    let mut reading = f.reading(ReaderOptions::default());
    let began = Instant::now();
    reading.poll(Duration::from_millis(50));
    assert!(began.elapsed() < f.options.patience);
    assert!(reading.records.is_empty() && reading.ends.is_empty());
}

fn read_unassigned_is_silent(f: &Fixture) {
    let topic = f.topic(2);
    let (p, q) = (partition(&topic, 0), partition(&topic, 1));
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(p.clone(), Offset(0)), (q.clone(), Offset(0))]);
    reading.unassign(&p);
    reading.unassign(&p);
    f.put(&topic, 0, "of the unassigned", "v");
    f.put(&topic, 1, "of the assigned", "v");
    reading.until_ends(&[(q.clone(), Offset(1))]);
    reading.quiet();
    assert_eq!(reading.keys(0), [""; 0]);
    assert_eq!(reading.keys(1), ["of the assigned"]);

    reading.assign(&p, ReadFrom::Offset(Offset(0)));
    reading.until_ends(&[(p, Offset(1))]);
    assert_eq!(reading.keys(0), ["of the unassigned"]);
    assert_eq!(reading.keys(1), ["of the assigned"]);
}

fn read_moved(f: &Fixture) {
    let topic = f.topic(1);
    let p = partition(&topic, 0);
    for i in 0..6 {
        f.put(&topic, 0, &format!("k{i}"), "v");
    }
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(p.clone(), Offset(6))]);
    for to in [4, 1, 6] {
        reading.records.clear();
        reading.ends.clear();
        reading.assign(&p, ReadFrom::Offset(Offset(to)));
        reading.until_ends(&[(p.clone(), Offset(6))]);
        let offsets: Vec<_> = reading.records.iter().map(|seen| seen.offset.0).collect();
        assert_eq!(offsets, (to..6).collect::<Vec<_>>(), "moved to {to}");
    }
}

fn read_above_the_end_is_out_of_range(f: &Fixture) {
    let topic = f.topic(2);
    let (p, q) = (partition(&topic, 0), partition(&topic, 1));
    f.put(&topic, 0, "k", "v");
    let mut reading = f.reading(ReaderOptions::default());
    reading.assign(&p, ReadFrom::Offset(Offset(9)));
    reading.assign(&q, ReadFrom::Start);
    reading.until("out of range", |reading| !reading.out_of_range.is_empty());
    assert_eq!(reading.out_of_range, std::slice::from_ref(&p));
    reading.until_ends(&[(q, Offset(0))]);
    for i in 0..12 {
        f.put(&topic, 0, &format!("k{i}"), "v");
    }
    reading.quiet();
    assert_eq!(reading.keys(0), [""; 0], "it is no longer assigned");
    assert_eq!(reading.out_of_range.len(), 1);
    reading.assign(&p, ReadFrom::Offset(Offset(9)));
    reading.until_ends(&[(p, Offset(13))]);
    assert_eq!(reading.keys(0), ["k8", "k9", "k10", "k11"]);
}

fn read_from_a_diverged_position_is_out_of_range(f: &Fixture) {
    let topic = f.topic(1);
    let p = partition(&topic, 0);
    for i in 0..4 {
        f.put(&topic, 0, &format!("k{i}"), "v");
    }
    let mut reading = f.read_all(&topic);
    reading.until_ends(&[(p.clone(), Offset(4))]);
    let epoch = reading.records.last().expect("four records").epoch_of_batch;
    assert!(epoch >= 0, "records come with their epoch");
    for offset in [2, 4] {
        let position = |epoch| ReadFrom::Position { offset: Offset(offset), epoch };
        for same in [epoch, -1] {
            let mut reading = f.reading(ReaderOptions::default());
            reading.assign(&p, position(same));
            reading.until_ends(&[(p.clone(), Offset(4))]);
            assert_eq!(reading.records.len() as u64, 4 - offset);
        }
        let mut reading = f.reading(ReaderOptions::default());
        reading.assign(&p, position(epoch + 1_000));
        reading.until("out of range", |reading| !reading.out_of_range.is_empty());
        reading.quiet();
        assert_eq!((reading.records.len(), reading.out_of_range.len()), (0, 1), "it is no longer assigned");
    }
}

fn read_within_the_batch_size(f: &Fixture) {
    const LIMIT: usize = 10_000;
    let topic = f.topic(2);
    let value = "x".repeat(1_000);
    let sent: Vec<_> = (0..100).map(|i| f.send(record(&topic, i % 2, "k", &value))).collect();
    let large = "y".repeat(3 * LIMIT);
    let large = f.send(record(&topic, 0, "large", &large));
    for pending in sent.iter().chain([&large]) {
        pending.wait(f.options.patience).expect("taken");
    }
    for bulk in [false, true] {
        let mut reading =
            f.read_with(&topic, ReaderOptions { bulk, batch_bytes: LIMIT, ..ReaderOptions::default() });
        let mut whole = false;
        reading.until("all records", |reading| {
            let (bytes, records) = reading.greatest_poll;
            assert!(bytes <= LIMIT || records == 1, "{bytes} bytes in {records} records");
            whole = reading.records.len() == 101;
            whole
        });
        reading.assert_ordered();
    }
}

fn read_many_partitions(f: &Fixture) {
    let topic = f.topic(8);
    let sent: Vec<_> = (0..400).map(|i| f.send(record(&topic, i % 8, &format!("k{i}"), "v"))).collect();
    for pending in &sent {
        pending.wait(f.options.patience).expect("taken");
    }
    let mut reading = f.read_all(&topic);
    let ends: Vec<_> = partitions(&topic).into_iter().map(|p| (p, Offset(50))).collect();
    reading.until_ends(&ends);
    reading.assert_ordered();
    for p in 0..8 {
        let expected: Vec<_> = (0..50).map(|i| format!("k{}", i * 8 + p)).collect();
        assert_eq!(reading.keys(p), expected);
    }
}

fn read_in_bulk(f: &Fixture) {
    let topic = f.topic(2);
    let value = "x".repeat(100);
    let sent: Vec<_> =
        (0..20_000u32).map(|i| f.send(record(&topic, i % 2, &i.to_string(), &value))).collect();
    for pending in &sent {
        pending.wait(f.options.patience).expect("taken");
    }
    let mut reading = f.read_with(&topic, ReaderOptions { bulk: true, ..ReaderOptions::default() });
    let ends: Vec<_> = partitions(&topic).into_iter().map(|p| (p, Offset(10_000))).collect();
    reading.until_ends(&ends);
    reading.assert_ordered();
    let mut keys: Vec<u32> =
        (0..2).flat_map(|p| reading.keys(p)).map(|key| key.parse().expect("a number")).collect();
    keys.sort_unstable();
    assert_eq!(keys, (0..20_000).collect::<Vec<_>>());
}

/// At once or with a poll: either is early enough.
fn read_a_missing_topic(f: &Fixture) {
    let topic = f.topic(1);
    let missing = f.name();
    let mut reading = f.read_all(&topic);
    let p = TopicPartition::new(missing.clone(), PartitionId(0));
    match reading.try_assign(&p, ReadFrom::Start) {
        Err(error) => assert_eq!(error, Error::NoSuchTopic(missing)),
        Ok(()) => reading.until("a failure", |reading| {
            let error = Error::NoSuchTopic(missing.clone());
            reading.failed.iter().any(|failed| *failed == (Some(p.clone()), error.clone()))
        }),
    }
    f.put(&topic, 0, "k", "v");
    reading.until_ends(&[(partition(&topic, 0), Offset(1))]);
    assert_eq!(reading.keys(0), ["k"]);
}

fn read_by_two(f: &Fixture) {
    let topic = f.topic(1);
    let p = partition(&topic, 0);
    let (mut one, mut two) = (f.read_all(&topic), f.read_all(&topic));
    for i in 0..3 {
        f.put(&topic, 0, &format!("k{i}"), "v");
    }
    for reading in [&mut one, &mut two] {
        reading.until_ends(&[(p.clone(), Offset(3))]);
        assert_eq!(reading.keys(0), ["k0", "k1", "k2"]);
    }
}
