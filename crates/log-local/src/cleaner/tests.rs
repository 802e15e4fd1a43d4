//! Retention and compaction, with the time given.
use std::collections::BTreeMap;

use lentic_engine::log::{Bounds, CleanupPolicy, Log, Polled, ReadFrom, ReaderOptions, TopicSettings};
use lentic_types::{Offset, Timestamp};

use super::{When, clean};
use crate::LocalOptions;
use crate::testing::{Bench, PATIENCE, partition, record, rows};

const NOW: i64 = 1_000_000;

impl Bench {
    fn clean(&self, now: i64, when: When) {
        clean(self.log.shared(), Timestamp(now), when).expect("cleaned");
    }

    fn bounds(&self) -> (u64, u64) {
        let Bounds { start, end } = self.log.bounds_of(&partition(0)).expect("bounds");
        (start.0, end.0)
    }

    fn offsets(&self) -> Vec<u64> {
        self.rows().iter().map(|row| row.0).collect()
    }
}

fn compacted() -> TopicSettings {
    TopicSettings { delete_retention_ms: 100, ..TopicSettings::compacted() }
}

#[test]
fn the_last_of_each_key_stays() {
    let bench = Bench::new();
    bench.topic(1, &compacted());
    for (key, value) in [("a", "1"), ("b", "1"), ("a", "2"), ("c", "1"), ("b", "2"), ("d", "")] {
        bench.put(key, Some(value), NOW);
    }
    bench.clean(NOW, When::Now);
    let row = |offset, key: &str, value: &str| (offset, key.to_owned(), Some(value.to_owned()));
    let expected = [row(2, "a", "2"), row(3, "c", "1"), row(4, "b", "2"), row(5, "d", "")];
    assert_eq!(bench.rows(), expected);
    assert_eq!(bench.bounds(), (0, 6));
    let bench = bench.reopen();
    bench.clean(NOW, When::Now);
    assert_eq!(bench.rows(), expected);
    assert_eq!(bench.put("a", Some("3"), NOW), Offset(6));
}

#[test]
fn tombstones_stay_for_their_time_after_they_were_cleaned() {
    let bench = Bench::new();
    bench.topic(1, &compacted());
    for (key, value) in [("a", Some("1")), ("b", Some("1")), ("a", None), ("c", Some("1"))] {
        bench.put(key, value, 1);
    }
    bench.clean(NOW, When::Now);
    assert_eq!(bench.offsets(), [1, 2, 3], "however old it is, the time begins with the cleaning");
    bench.clean(NOW + 99, When::Due);
    let bench = bench.reopen();
    bench.clean(NOW + 99, When::Now);
    assert_eq!(bench.offsets(), [1, 2, 3]);
    bench.clean(NOW + 100, When::Due);
    assert_eq!(bench.offsets(), [1, 3]);
    assert_eq!(bench.bounds(), (0, 4));
}

/// Else a position at the end would have an epoch that no reader can see.
#[test]
fn the_last_record_stays_although_it_is_a_tombstone() {
    let bench = Bench::new();
    bench.topic(1, &compacted());
    bench.put("a", Some("1"), NOW);
    bench.put("a", None, NOW);
    for now in [NOW, NOW + 100, NOW + 1_000] {
        bench.clean(now, When::Now);
        assert_eq!(bench.offsets(), [1]);
    }
    let first = bench.log.shared().epoch;
    let bench = bench.reopen();
    let second = bench.log.shared().epoch;
    assert!(second > first);
    assert_eq!(bench.log.epoch_below(&partition(0), Offset(2)), Ok(Some(first)));
    bench.put("b", Some("1"), NOW);
    bench.clean(NOW + 2_000, When::Now);
    assert_eq!(bench.offsets(), [2]);
    assert_eq!(bench.log.epoch_below(&partition(0), Offset(3)), Ok(Some(second)));
}

#[test]
fn the_head_is_left_alone() {
    let bench = Bench::new();
    bench.topic(1, &TopicSettings { min_compaction_lag_ms: 1_000, ..compacted() });
    for (timestamp, value) in [(0, "1"), (10, "2"), (5_000, "3"), (5_001, "4")] {
        bench.put("a", Some(value), timestamp);
    }
    bench.clean(5_500, When::Now);
    assert_eq!(bench.offsets(), [1, 2, 3]);
    bench.clean(6_001, When::Now);
    assert_eq!(bench.offsets(), [3]);
}

#[test]
fn a_small_memory_takes_more_passes() {
    let bench = Bench::with(LocalOptions { cleaner_memory_bytes: 1, ..LocalOptions::default() });
    bench.topic(1, &compacted());
    for round in 0..4 {
        for key in ["a", "b", "c"] {
            bench.put(key, Some(&round.to_string()), NOW);
        }
    }
    bench.clean(NOW, When::Now);
    assert!(bench.offsets().len() > 3, "one chunk with one key fills the memory");
    for _ in 0..12 {
        bench.clean(NOW, When::Now);
    }
    assert_eq!(bench.offsets(), [9, 10, 11]);
}

#[test]
fn compaction_waits_until_it_pays() {
    let bench = Bench::new();
    bench.topic(1, &compacted());
    for key in 0..10 {
        bench.put(&key.to_string(), Some("1"), NOW);
    }
    bench.clean(NOW, When::Due);
    for _ in 0..9 {
        bench.put("0", Some("2"), NOW);
    }
    bench.clean(NOW, When::Due);
    assert_eq!(bench.offsets().len(), 19);
    bench.put("0", Some("3"), NOW);
    bench.clean(NOW, When::Due);
    assert_eq!(bench.offsets().len(), 10);
}

/// Many keys in chunks of all sizes, cleaned at odd moments, against the fold of everything that was appended.
#[test]
fn the_fold_of_what_is_left_is_the_fold_of_all() {
    let mut bench = Bench::with(LocalOptions { cleaner_memory_bytes: 20_000, ..LocalOptions::default() });
    bench.topic(1, &compacted());
    let mut rows = BTreeMap::new();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let mut end = 0;
    let mut now = NOW;
    for round in 0..40 {
        let burst = [1, 7, 300, 3_000][next(4) as usize];
        let mut sent = Vec::new();
        for i in 0..burst {
            let key = format!("key-{}", next(700));
            let value = (next(4) > 0).then(|| format!("{round}-{i}-{}", "x".repeat(next(90) as usize)));
            sent.push(bench.send(record(0, &key, value.as_deref(), now)));
            rows.insert(key, (end, value));
            end += 1;
        }
        for sent in sent {
            sent.recv_timeout(PATIENCE).expect("an answer").expect("taken");
        }
        now += next(80) as i64;
        bench.clean(now, if round % 2 == 0 { When::Due } else { When::Now });
        if round % 11 == 10 {
            bench = bench.reopen();
        }
        let found = bench.rows();
        assert!(found.is_sorted_by(|a, b| a.0 < b.0));
        let mut folded = BTreeMap::new();
        for (offset, key, value) in found {
            folded.insert(key, (offset, value));
        }
        // A tombstone may be gone, but what it deleted must not come back.
        folded.retain(|_, (_, value)| value.is_some());
        let live = rows.iter().filter(|(_, (_, value))| value.is_some());
        let expected: BTreeMap<_, _> = live.map(|(key, row)| (key.clone(), row.clone())).collect();
        assert_eq!(folded, expected, "round {round}");
        assert_eq!(bench.bounds(), (0, end));
    }
    for _ in 0..80 {
        now += 200;
        bench.clean(now, When::Now);
    }
    let live = rows.values().filter(|(_, value)| value.is_some()).count();
    assert!((live..=live + 1).contains(&bench.rows().len()), "each key once, and the last record");
}

#[test]
fn a_reader_goes_on_while_it_is_compacted() {
    let bench = Bench::new();
    bench.topic(1, &compacted());
    for i in 0..100 {
        bench.put(&(i % 10).to_string(), Some(&"x".repeat(3_000)), NOW);
    }
    let options = ReaderOptions { batch_bytes: 10_000, ..ReaderOptions::default() };
    let mut reader = bench.log.reader(options).expect("a reader");
    reader.assign(&partition(0), ReadFrom::Start).expect("assigned");
    let mut polled = Vec::new();
    reader.poll(PATIENCE, &mut polled).expect("polled");
    bench.clean(NOW, When::Now);
    bench.put("later", Some("1"), NOW);
    let rest = rows(&mut *reader);
    assert_eq!(rest.last().map(|row| row.0), Some(100));
    let last: BTreeMap<_, _> = rest.into_iter().map(|row| (row.1, row.0)).collect();
    assert_eq!(last.into_values().collect::<Vec<_>>(), (90..=100).collect::<Vec<_>>());
}

#[test]
fn old_records_go() {
    let bench = Bench::new();
    bench.topic(1, &TopicSettings { retention_ms: 1_000, ..TopicSettings::default() });
    for timestamp in [100, 300, 200, 5_000] {
        bench.put("a", Some("v"), timestamp);
    }
    bench.clean(1_150, When::Due);
    assert_eq!((bench.bounds(), bench.offsets()), ((1, 4), vec![1, 2, 3]));
    bench.clean(1_250, When::Due);
    assert_eq!(bench.bounds(), (1, 4), "the start stops before the first that is young enough");
    bench.clean(9_000, When::Due);
    assert_eq!((bench.bounds(), bench.offsets()), ((4, 4), vec![]));
    let first = bench.log.shared().epoch;
    let bench = bench.reopen();
    let second = bench.log.shared().epoch;
    assert_eq!(bench.bounds(), (4, 4));
    assert_eq!(bench.put("a", Some("v"), 9_000), Offset(4), "offsets never repeat");
    assert_eq!(bench.log.epoch_below(&partition(0), Offset(4)), Ok(Some(first)));
    assert_eq!(bench.log.epoch_below(&partition(0), Offset(5)), Ok(Some(second)));
}

#[test]
fn too_much_goes() {
    let bench = Bench::new();
    let settings = TopicSettings { retention_ms: -1, retention_bytes: 10_000, ..TopicSettings::default() };
    bench.topic(1, &settings);
    let value = "x".repeat(1_000);
    for _ in 0..15 {
        bench.put("a", Some(&value), NOW);
    }
    bench.clean(NOW, When::Due);
    let (start, end) = bench.bounds();
    assert_eq!((start, end), (5, 15), "as in Kafka, what stays is not below the limit");
    let bench = bench.reopen();
    for _ in 0..3 {
        bench.put("a", Some(&value), NOW);
    }
    bench.clean(NOW, When::Due);
    assert_eq!(bench.bounds(), (8, 18));
    bench.clean(NOW, When::Due);
    assert_eq!(bench.bounds(), (8, 18));
}

#[test]
fn both_policies_together() {
    let bench = Bench::new();
    let cleanup = CleanupPolicy { compact: true, delete: true };
    let settings = TopicSettings { cleanup, retention_ms: 1_000, retention_bytes: 10_000, ..compacted() };
    bench.topic(1, &settings);
    for (timestamp, key) in [(100, "a"), (200, "b"), (2_000, "a"), (2_100, "c"), (2_200, "c")] {
        bench.put(key, Some("v"), timestamp);
    }
    bench.clean(1_150, When::Now);
    assert_eq!((bench.bounds().0, bench.offsets()), (1, vec![1, 2, 4]));
    bench.clean(2_500, When::Now);
    assert_eq!((bench.bounds().0, bench.offsets()), (2, vec![2, 4]));
    let value = "x".repeat(1_000);
    for i in 0..30 {
        bench.put(&(i % 12).to_string(), Some(&value), 2_500);
    }
    // Twelve keys of 1,000 bytes are left after compaction, of which the limit keeps ten.
    bench.clean(2_500, When::Now);
    bench.clean(2_500, When::Now);
    assert!(bench.rows().len() >= 10, "{:?}", bench.offsets());
    assert_eq!(bench.bounds().1, 35);
}

#[test]
fn deleted_records_are_out_of_range() {
    let bench = Bench::new();
    bench.topic(1, &TopicSettings::default());
    let sent: Vec<_> = (0..10).map(|i| bench.send(record(0, &i.to_string(), Some("v"), NOW))).collect();
    for sent in sent {
        sent.recv_timeout(PATIENCE).expect("an answer").expect("taken");
    }
    let mut behind = bench.log.reader(ReaderOptions::default()).expect("a reader");
    behind.assign(&partition(0), ReadFrom::Offset(Offset(3))).expect("assigned");
    assert_eq!(bench.log.delete_records(&partition(0), Offset(4)), Ok(Offset(4)));
    assert_eq!(bench.log.delete_records(&partition(0), Offset(2)), Ok(Offset(4)), "it never moves back");
    assert!(bench.log.delete_records(&partition(0), Offset(11)).is_err());
    assert_eq!((bench.bounds(), bench.offsets()), ((4, 10), (4..10).collect()));
    let mut polled = Vec::new();
    behind.poll(PATIENCE, &mut polled).expect("polled");
    assert!(matches!(&polled[..], [Polled::OutOfRange { .. }]), "{polled:?}");
    drop(behind);

    let bench = bench.reopen();
    assert_eq!((bench.bounds(), bench.offsets()), ((4, 10), (4..10).collect()));
    bench.log.delete_records(&partition(0), Offset(10)).expect("deleted");
    let bench = bench.reopen();
    assert_eq!((bench.bounds(), bench.offsets()), ((10, 10), vec![]));
    assert_eq!(bench.put("a", None, NOW), Offset(10));
}
