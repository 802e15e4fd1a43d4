//! What every store must do, as cases that run on any [`Database`].
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use lentic_store::{Cursor, Database, FamilyId, KeyRange, Order, ReadStore, Store, Tier, WriteBatch};
use lentic_types::ShardId;

/// Key and value.
type Row = (Vec<u8>, Vec<u8>);
type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// A case's name and what it does to an empty database; it panics where the contract is broken.
pub type Case = (&'static str, fn(&dyn Database));

/// All cases; each wants a database of its own.
pub const CASES: &[Case] = &[
    ("a batch applies in order", batch_in_order),
    ("null and empty differ, keys may be empty or large", unusual_rows),
    ("families are separate, the same one twice is one store", families),
    ("cursors keep their bounds", cursor_bounds),
    ("cursors and snapshots see one moment", one_moment),
    ("a snapshot never sees half a batch", batch_is_atomic),
    ("a sorted run outranks what is there", sorted_run_outranks),
    ("a run that is empty or dropped leaves nothing", run_without_trace),
    ("a range is deleted, and only it", delete_range),
    ("a deleted range leaves the key at its end", delete_range_keeps_its_end),
    ("a deleted range is there for who began to read before", delete_range_under_readers),
    ("a flush leaves nothing dirty", flush_cleans),
    ("memory answers what was just written", memory_tier),
    ("estimates have the right size", estimates),
    ("any history equals a sorted map's", like_a_map),
];

/// Runs every case on a database of `new`, which is told the case's name.
pub fn check<D: Database>(mut new: impl FnMut(&str) -> D) {
    for (name, case) in CASES {
        case(&new(name));
    }
}

fn store(database: &dyn Database) -> Arc<dyn Store> {
    database.family(FamilyId::Shard(ShardId(0))).unwrap_or_else(|error| panic!("opening a family: {error}"))
}

fn apply(store: &dyn Store, ops: &[(&[u8], Option<&[u8]>)]) {
    let mut batch = WriteBatch::default();
    for (key, value) in ops {
        match value {
            Some(value) => batch.put(key, value),
            None => batch.delete(key),
        }
    }
    store.apply(&batch).expect("a batch applies");
}

fn drain(mut cursor: Box<dyn Cursor + '_>) -> Vec<Row> {
    let mut rows = Vec::new();
    while let Some((key, value)) = cursor.next().expect("a cursor steps") {
        rows.push((key.to_vec(), value.to_vec()));
    }
    assert!(cursor.next().expect("a cursor stays at its end").is_none());
    rows
}

fn scan(store: &dyn ReadStore, range: KeyRange, order: Order) -> Vec<Row> {
    drain(store.cursor(range, order).expect("a cursor opens"))
}

fn everything() -> KeyRange {
    KeyRange::prefix(b"")
}

fn all(store: &dyn ReadStore) -> Vec<Row> {
    scan(store, everything(), Order::Ascending)
}

fn get(store: &dyn ReadStore, key: &[u8]) -> Option<Vec<u8>> {
    store.get(key).expect("a get answers")
}

fn rows(pairs: &[(&str, &str)]) -> Vec<Row> {
    pairs.iter().map(|(key, value)| (key.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}

/// Ingests puts and (without a value) deletes.
fn ingest(store: &dyn Store, entries: &[(&[u8], Option<&[u8]>)]) {
    let mut run = store.sorted_run().expect("a run begins");
    for (key, value) in entries {
        let (head, tail) = key.split_at(key.len() / 2);
        match value {
            Some(value) => run.put(&[head, tail], &[value, b""]),
            None => run.delete(&[head, tail]),
        }
        .expect("a run takes ascending keys");
    }
    run.finish().expect("a run finishes");
}

fn batch_in_order(database: &dyn Database) {
    let store = store(database);
    apply(&*store, &[(b"a", Some(b"1")), (b"b", Some(b"1")), (b"a", Some(b"2")), (b"c", Some(b"1"))]);
    apply(&*store, &[(b"b", None), (b"c", None), (b"c", Some(b"2")), (b"missing", None)]);
    apply(&*store, &[]);
    assert_eq!(all(&*store), rows(&[("a", "2"), ("c", "2")]));
    assert_eq!(get(&*store, b"a").as_deref(), Some(&b"2"[..]));
    assert_eq!(get(&*store, b"b"), None);

    let mut batch = WriteBatch::default();
    batch.put_parts(&[b"x", b"", b"y"], &[b"1", b"2"]);
    batch.delete_parts(&[b"", b"a"]);
    store.apply(&batch).expect("a batch applies");
    assert_eq!(all(&*store), rows(&[("c", "2"), ("xy", "12")]));
}

fn unusual_rows(database: &dyn Database) {
    let store = store(database);
    let large = vec![7; 2 << 20];
    let long_key = vec![b'k'; 32 << 10];
    apply(
        &*store,
        &[
            (b"", Some(b"empty key")),
            (b"empty", Some(b"")),
            (&[0xff; 3], Some(&large)),
            (&long_key, Some(b"long")),
        ],
    );
    for _ in 0..2 {
        assert_eq!(get(&*store, b"").as_deref(), Some(&b"empty key"[..]));
        assert_eq!(get(&*store, b"empty").as_deref(), Some(&b""[..]));
        assert_eq!(get(&*store, b"\0"), None);
        assert!(get(&*store, &[0xff; 3]) == Some(large.clone()), "a large value comes back");
        let keys: Vec<_> = all(&*store).into_iter().map(|(key, _)| key.len()).collect();
        assert_eq!(keys, [0, 5, 32 << 10, 3]);
        store.flush().expect("a flush");
    }
}

fn families(database: &dyn Database) {
    let ids = [FamilyId::Node, FamilyId::Global, FamilyId::Shard(ShardId(1)), FamilyId::Shard(ShardId(10))];
    let open = |id| database.family(id).expect("a family opens");
    for (i, id) in ids.into_iter().enumerate() {
        apply(&*open(id), &[(b"who", Some(&[i as u8]))]);
    }
    for (i, id) in ids.into_iter().enumerate() {
        assert_eq!(get(&*open(id), b"who"), Some(vec![i as u8]));
    }
    let first = open(FamilyId::Node);
    apply(&*open(FamilyId::Node), &[(b"who", None)]);
    assert_eq!(all(&*first), []);
    first.flush().expect("a flush");
    assert!(!open(FamilyId::Node).is_dirty());
}

fn cursor_bounds(database: &dyn Database) {
    let store = store(database);
    let keys: &[&[u8]] = &[b"", b"\0", b"a", b"a\0", b"aa", b"b", b"b\xff", b"c", b"\xff", b"\xff\xff"];
    let mut model = Model::new();
    for (i, key) in keys.iter().enumerate() {
        model.insert(key.to_vec(), vec![i as u8]);
        apply(&*store, &[(key, Some(&[i as u8]))]);
        if i == 4 {
            store.flush().expect("a flush");
        }
    }
    let mut bounds = vec![Bound::Unbounded];
    for key in keys.iter().copied().chain([&b"B"[..], b"bb", b"\xff\xff\xff"]) {
        bounds.extend([Bound::Included(key.to_vec()), Bound::Excluded(key.to_vec())]);
    }
    for start in &bounds {
        for end in &bounds {
            let range = KeyRange { start: start.clone(), end: end.clone() };
            let mut expected: Vec<_> =
                model.clone().into_iter().filter(|(key, _)| contains(&range, key)).collect();
            assert_eq!(scan(&*store, range.clone(), Order::Ascending), expected, "{range:?}");
            expected.reverse();
            assert_eq!(scan(&*store, range.clone(), Order::Descending), expected, "{range:?} backwards");
        }
    }
    for prefix in [&b""[..], b"a", b"b", b"\xff", b"\xff\xff", b"z"] {
        let expected: Vec<_> = model.clone().into_iter().filter(|(key, _)| key.starts_with(prefix)).collect();
        assert_eq!(scan(&*store, KeyRange::prefix(prefix), Order::Ascending), expected, "prefix {prefix:?}");
    }
}

fn contains(range: &KeyRange, key: &[u8]) -> bool {
    let from = match &range.start {
        Bound::Included(start) => start.as_slice() <= key,
        Bound::Excluded(start) => start.as_slice() < key,
        Bound::Unbounded => true,
    };
    from && match &range.end {
        Bound::Included(end) => key <= end.as_slice(),
        Bound::Excluded(end) => key < end.as_slice(),
        Bound::Unbounded => true,
    }
}

fn one_moment(database: &dyn Database) {
    let store = store(database);
    apply(&*store, &[(b"a", Some(b"1")), (b"b", Some(b"1"))]);
    let before = rows(&[("a", "1"), ("b", "1")]);
    let snapshot = store.snapshot();
    let unread = store.cursor(everything(), Order::Ascending).expect("a cursor opens");
    let mut begun = store.cursor(everything(), Order::Descending).expect("a cursor opens");
    begun.next().expect("a cursor steps");

    apply(&*store, &[(b"a", Some(b"2")), (b"b", None), (b"c", Some(b"2"))]);
    ingest(&*store, &[(b"a", Some(b"3")), (b"d", Some(b"3"))]);
    store.flush().expect("a flush");

    assert_eq!(drain(unread), before);
    assert_eq!(begun.next().expect("a cursor steps"), Some((&b"a"[..], &b"1"[..])));
    drop(begun);
    assert_eq!(all(&*store), rows(&[("a", "3"), ("c", "2"), ("d", "3")]));
    drop(store);
    assert_eq!(all(&*snapshot), before);
    assert_eq!(scan(&*snapshot, everything(), Order::Descending), rows(&[("b", "1"), ("a", "1")]));
    assert_eq!(get(&*snapshot, b"a").as_deref(), Some(&b"1"[..]));
    assert_eq!(get(&*snapshot, b"d"), None);
}

fn batch_is_atomic(database: &dyn Database) {
    let store = store(database);
    let put = |i: u32| {
        apply(&*store, &[(b"first", Some(&i.to_be_bytes())), (b"second", Some(&i.to_be_bytes()))]);
    };
    put(0);
    let done = AtomicBool::new(false);
    thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let snapshot = store.snapshot();
                    assert_eq!(get(&*snapshot, b"first"), get(&*snapshot, b"second"));
                    let seen = all(&*store);
                    assert_eq!(seen[0].1, seen[1].1);
                }
            });
        }
        for i in 1..2_000 {
            put(i);
        }
        done.store(true, Ordering::Relaxed);
    });
}

fn sorted_run_outranks(database: &dyn Database) {
    let store = store(database);
    apply(&*store, &[(b"flushed", Some(b"old")), (b"gone", Some(b"old")), (b"kept", Some(b"old"))]);
    store.flush().expect("a flush");
    apply(&*store, &[(b"fresh", Some(b"old")), (b"vanished", Some(b"old"))]);
    ingest(
        &*store,
        &[
            (b"flushed", Some(b"run")),
            (b"fresh", Some(b"run")),
            (b"gone", None),
            (b"new", Some(b"")),
            (b"vanished", None),
        ],
    );
    assert_eq!(all(&*store), rows(&[("flushed", "run"), ("fresh", "run"), ("kept", "old"), ("new", "")]));
    ingest(&*store, &[(b"fresh", Some(b"second run"))]);
    assert_eq!(get(&*store, b"fresh").as_deref(), Some(&b"second run"[..]));
    apply(&*store, &[(b"fresh", Some(b"live"))]);
    assert_eq!(get(&*store, b"fresh").as_deref(), Some(&b"live"[..]));
}

fn run_without_trace(database: &dyn Database) {
    let store = store(database);
    store.sorted_run().expect("a run begins").finish().expect("an empty run finishes");
    let mut run = store.sorted_run().expect("a run begins");
    run.put(&[b"a"], &[b"1"]).expect("a run takes a row");
    drop(run);
    assert_eq!(all(&*store), []);
}

fn delete_range(database: &dyn Database) {
    let store = store(database);
    let filled = || {
        let entries: Vec<_> = (0..200_u8).map(|i| [i / 20, i % 20]).collect();
        let entries: Vec<(&[u8], Option<&[u8]>)> =
            entries.iter().map(|key| (&key[..], Some(&b"value"[..]))).collect();
        ingest(&*store, &entries);
        apply(&*store, &[(&[3, 200], Some(b"late")), (&[4, 200], Some(b"late"))]);
    };
    filled();
    store.delete_range(KeyRange::prefix(&[3])).expect("a range is deleted");
    assert_eq!(scan(&*store, KeyRange::prefix(&[3]), Order::Ascending), []);
    assert_eq!(get(&*store, &[3, 7]), None);
    assert_eq!(all(&*store).len(), 202 - 21);

    filled();
    assert_eq!(all(&*store).len(), 202);
    store
        .delete_range(KeyRange { start: Bound::Excluded(vec![4, 0]), end: Bound::Included(vec![4, 2]) })
        .expect("a range is deleted");
    assert_eq!(all(&*store).len(), 200);
    store.delete_range(KeyRange::prefix(&[200])).expect("an empty range is deleted");
    store
        .delete_range(KeyRange { start: Bound::Included(vec![5]), end: Bound::Unbounded })
        .expect("an open range is deleted");
    assert_eq!(all(&*store).len(), 100);
    store.delete_range(everything()).expect("everything is deleted");
    assert_eq!(all(&*store), []);
    store.delete_range(everything()).expect("nothing is deleted");
    apply(&*store, &[(&[4, 1], Some(b"again"))]);
    assert_eq!(all(&*store).len(), 1);
}

/// The first key behind a range may be the last of a file that the range fills but for it.
fn delete_range_keeps_its_end(database: &dyn Database) {
    let store = store(database);
    for end in [&[8][..], &[8, 0], &[8, 5]] {
        ingest(&*store, &[(&[7, 1], Some(b"within")), (&[7, 2], Some(b"within")), (end, Some(b"kept"))]);
        let range = KeyRange { start: Bound::Included(vec![7]), end: Bound::Excluded(end.to_vec()) };
        store.delete_range(range).expect("a range is deleted");
        assert_eq!(all(&*store), [(end.to_vec(), b"kept".to_vec())]);
        store.delete_range(everything()).expect("everything is deleted");
    }
}

fn delete_range_under_readers(database: &dyn Database) {
    let store = store(database);
    let keys: Vec<_> = (0..2_000_u32).map(u32::to_be_bytes).collect();
    let entries: Vec<(&[u8], Option<&[u8]>)> = keys.iter().map(|key| (&key[..], Some(&b"old"[..]))).collect();
    ingest(&*store, &entries);
    let (snapshot, cursor) =
        (store.snapshot(), store.cursor(everything(), Order::Ascending).expect("a cursor"));
    store.delete_range(everything()).expect("everything is deleted");
    database.compact_deleted().expect("compacted");
    assert_eq!(all(&*store), []);
    assert_eq!(snapshot.get(&keys[7]).expect("a get").as_deref(), Some(&b"old"[..]));
    let of_snapshot = drain(snapshot.cursor(everything(), Order::Ascending).expect("a cursor"));
    assert_eq!((of_snapshot.len(), drain(cursor).len()), (keys.len(), keys.len()));
    drop(snapshot);
    database.compact_deleted().expect("compacted");
    assert_eq!(all(&*store), []);
}

fn flush_cleans(database: &dyn Database) {
    let store = store(database);
    assert!(!store.is_dirty(), "a new store is clean");
    store.flush().expect("a flush of nothing");
    for i in 0..3 {
        apply(&*store, &[(b"a", Some(&[i]))]);
        store.flush().expect("a flush");
        assert!(!store.is_dirty(), "clean after a flush");
        assert_eq!(get(&*store, b"a"), Some(vec![i]));
    }
    apply(&*store, &[(b"b", Some(b"1"))]);
    database.close().expect("a database closes");
    assert!(!store.is_dirty(), "clean after closing");
}

fn memory_tier(database: &dyn Database) {
    let store = store(database);
    apply(&*store, &[(b"a", Some(b"1"))]);
    let mut answers = Vec::new();
    for key in [&b"a"[..], b"b"] {
        let answered = store
            .get_with(key, Tier::Memory, &mut |value| answers.push(value.map(<[u8]>::to_vec)))
            .expect("a get answers");
        assert!(answered, "a store whose rows are all in memory answers from it");
    }
    assert_eq!(answers, [Some(b"1".to_vec()), None]);

    // Wherever the row is now, a refusal makes no call and an answer is right.
    store.flush().expect("a flush");
    answers.clear();
    let answered = store
        .get_with(b"a", Tier::Memory, &mut |value| answers.push(value.map(<[u8]>::to_vec)))
        .expect("a get answers");
    assert_eq!(answers, if answered { vec![Some(b"1".to_vec())] } else { vec![] });
}

fn estimates(database: &dyn Database) {
    let store = store(database);
    assert_eq!(store.estimate(everything()).expect("an estimate"), (0, 0));
    let value = [1; 80];
    let key = |table: u8, i: u32| [&[table][..], &i.to_be_bytes()].concat();
    let keys: Vec<_> = (0..20_000).map(|i| key(1, i)).collect();
    let entries: Vec<(&[u8], Option<&[u8]>)> = keys.iter().map(|key| (&key[..], Some(&value[..]))).collect();
    ingest(&*store, &entries);
    let keys: Vec<_> = (0..10_000).map(|i| key(2, i)).collect();
    let entries: Vec<(&[u8], Option<&[u8]>)> = keys.iter().map(|key| (&key[..], Some(&value[..]))).collect();
    apply(&*store, &entries);
    apply(&*store, &[(&[3], Some(b"one"))]);
    store.flush().expect("a flush");

    let near = |range, expected: u64| {
        let (entries, bytes) = store.estimate(range).expect("an estimate");
        assert!(entries >= expected / 2 && entries <= expected * 2, "{entries} for {expected} entries");
        assert!(bytes > 0, "{expected} entries take bytes");
    };
    near(everything(), 30_001);
    near(KeyRange::prefix(&[1]), 20_000);
    near(KeyRange::prefix(&[2]), 10_000);
    near(KeyRange { start: Bound::Included(key(1, 10_000)), end: Bound::Excluded(key(1, 15_000)) }, 5_000);
    assert_eq!(store.estimate(KeyRange::prefix(&[3])).expect("an estimate").0, 1);
    assert_eq!(store.estimate(KeyRange::prefix(&[4])).expect("an estimate"), (0, 0));
}

/// Numbers from a fixed seed (SplitMix64), so that a failure repeats.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn key(&mut self) -> Vec<u8> {
        (0..self.below(3)).map(|_| [0, b'a', b'b', 0xff][self.below(4) as usize]).collect()
    }

    fn bound(&mut self) -> Bound<Vec<u8>> {
        match self.below(3) {
            0 => Bound::Included(self.key()),
            1 => Bound::Excluded(self.key()),
            _ => Bound::Unbounded,
        }
    }
}

fn like_a_map(database: &dyn Database) {
    let store = store(database);
    let mut model = Model::new();
    let mut numbers = Numbers(42);
    for step in 0..400_u32 {
        let value = step.to_be_bytes();
        match numbers.below(10) {
            0..5 => {
                let mut batch = WriteBatch::default();
                for _ in 0..numbers.below(6) {
                    let key = numbers.key();
                    if numbers.below(3) == 0 {
                        batch.delete(&key);
                        model.remove(&key);
                    } else {
                        batch.put(&key, &value);
                        model.insert(key, value.to_vec());
                    }
                }
                store.apply(&batch).expect("a batch applies");
            }
            5..7 => {
                let mut run = BTreeMap::new();
                for _ in 0..numbers.below(5) {
                    run.insert(numbers.key(), (numbers.below(3) > 0).then_some(&value[..]));
                }
                let entries: Vec<_> = run.iter().map(|(key, value)| (&key[..], *value)).collect();
                ingest(&*store, &entries);
                for (key, value) in entries {
                    match value {
                        Some(value) => drop(model.insert(key.to_vec(), value.to_vec())),
                        None => drop(model.remove(key)),
                    }
                }
            }
            7 => {
                let range = KeyRange::prefix(&numbers.key());
                store.delete_range(range.clone()).expect("a range is deleted");
                model.retain(|key, _| !contains(&range, key));
            }
            8 => store.flush().expect("a flush"),
            _ => {
                let range = KeyRange { start: numbers.bound(), end: numbers.bound() };
                let expected: Vec<_> =
                    model.clone().into_iter().filter(|(key, _)| contains(&range, key)).collect();
                assert_eq!(scan(&*store, range, Order::Ascending), expected, "step {step}");
            }
        }
        let key = numbers.key();
        assert_eq!(get(&*store, &key), model.get(&key).cloned(), "step {step}");
    }
    assert_eq!(all(&*store), model.into_iter().collect::<Vec<_>>());
}
