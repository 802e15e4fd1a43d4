//! What a crash leaves: the directory is copied while the database is open, and the copy is opened.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lentic_store::{Database, Error, FamilyId, KeyRange, Order, ReadStore, Store, WriteBatch};
use lentic_store_rocksdb::{RocksDatabase, RocksOptions};
use lentic_types::ShardId;

const SHARD: FamilyId = FamilyId::Shard(ShardId(3));
const POSITION: &[u8] = b"\0position";

fn open(path: &Path) -> RocksDatabase {
    RocksDatabase::open(options(path)).unwrap()
}

fn options(path: &Path) -> RocksOptions {
    RocksOptions {
        path: path.to_owned(),
        write_buffer_bytes: 2 << 20,
        flush_interval: Duration::ZERO,
        ..RocksOptions::default()
    }
}

/// Copies an open database as a killed process would leave it.
fn crash(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            crash(&entry.path(), &target);
        } else {
            // What is removed meanwhile was needed by nothing any more.
            match fs::copy(entry.path(), target) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                copied => drop(copied.unwrap()),
            }
        }
    }
}

/// One row and the position, together.
fn step(store: &dyn Store, i: u64, value: &[u8]) {
    let mut batch = WriteBatch::default();
    batch.put(&row(i), value);
    batch.put(POSITION, &i.to_be_bytes());
    store.apply(&batch).unwrap();
}

fn row(i: u64) -> Vec<u8> {
    [b"row", &i.to_be_bytes()[..]].concat()
}

fn count_rows(store: &dyn ReadStore) -> u64 {
    let mut cursor = store.cursor(KeyRange::prefix(b"row"), Order::Ascending).unwrap();
    let mut rows = 0;
    while let Some((key, _)) = cursor.next().unwrap() {
        assert_eq!(key, row(rows), "rows without a gap");
        rows += 1;
    }
    rows
}

/// Rows below the position are there, no others.
fn assert_prefix(store: &dyn ReadStore) -> u64 {
    let rows = count_rows(store);
    let position = store.get(POSITION).unwrap();
    let below = position.map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()) + 1);
    assert_eq!(rows, below, "rows and position are one");
    rows
}

fn live(database: &RocksDatabase) -> u64 {
    let usage = database.usage();
    usage.iter().find(|(name, _)| *name == "live_sst_bytes").unwrap().1
}

#[test]
fn a_crash_leaves_a_prefix() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let database = open(&state);
    let store = database.family(SHARD).unwrap();
    let other = database.family(FamilyId::Global).unwrap();
    // Small buffers and large values: some flushes happen by themselves.
    let value = [5; 1_000];
    let mut durable = 0;
    for i in 0..8_000 {
        step(&*store, i, &value);
        step(&*other, i, &value);
        if i % 1_000 == 499 {
            let copy = directory.path().join(format!("crash-{i}"));
            if i == 3_499 {
                store.flush().unwrap();
            }
            crash(&state, &copy);
            let after = open(&copy);
            let rows = assert_prefix(&*after.family(SHARD).unwrap());
            assert_prefix(&*after.family(FamilyId::Global).unwrap());
            assert!(rows >= durable, "what was durable stays");
            if i == 3_499 {
                assert_eq!(rows, 3_500, "a flush makes everything durable");
            }
            durable = rows;
        }
    }
    assert!(durable > 3_500, "full buffers are flushed without being asked");
}

#[test]
fn nothing_is_durable_before_a_flush_and_everything_after_closing() {
    let directory = tempfile::tempdir().unwrap();
    let (state, copy) = (directory.path().join("state"), directory.path().join("copy"));
    let database = open(&state);
    step(&*database.family(SHARD).unwrap(), 0, b"value");
    assert!(database.family(SHARD).unwrap().is_dirty());
    crash(&state, &copy);
    assert_eq!(assert_prefix(&*open(&copy).family(SHARD).unwrap()), 0);
    database.close().unwrap();
    drop(database);
    assert_eq!(assert_prefix(&*open(&state).family(SHARD).unwrap()), 1);
}

#[test]
fn the_timer_flushes_dirty_families_a_few_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path());
    let stores: Vec<Arc<dyn Store>> =
        (0..20).map(|shard| database.family(FamilyId::Shard(ShardId(shard))).unwrap()).collect();
    assert_eq!(database.flush_dirty().unwrap(), 0);
    for store in &stores[..6] {
        step(&**store, 0, b"value");
    }
    let mut flushes = Vec::new();
    while stores.iter().any(|store| store.is_dirty()) {
        flushes.push(database.flush_dirty().unwrap());
    }
    assert_eq!(flushes, [3, 3]);
}

#[test]
fn a_run_is_never_durable_without_what_came_before() {
    let directory = tempfile::tempdir().unwrap();
    let (state, copy) = (directory.path().join("state"), directory.path().join("copy"));
    let database = open(&state);
    let store = database.family(SHARD).unwrap();
    step(&*store, 0, b"value");
    let mut run = store.sorted_run().unwrap();
    run.put(&[b"s"], &[b"run"]).unwrap();
    run.finish().unwrap();
    // Half of another.
    let mut run = store.sorted_run().unwrap();
    run.put(&[b"t"], &[b"run"]).unwrap();
    crash(&state, &copy);
    assert!(fs::read_dir(copy.join("incoming")).unwrap().next().is_some(), "an unfinished file");
    let after = open(&copy);
    let survivor = after.family(SHARD).unwrap();
    assert_eq!(assert_prefix(&*survivor), 1);
    assert_eq!(survivor.get(b"s").unwrap().as_deref(), Some(&b"run"[..]));
    assert_eq!(survivor.get(b"t").unwrap(), None);
    assert!(fs::read_dir(copy.join("incoming")).unwrap().next().is_none(), "leftovers are removed");
}

#[test]
fn a_deleted_range_is_never_gone_before_the_switch_that_preceded_it() {
    let directory = tempfile::tempdir().unwrap();
    let (state, copy) = (directory.path().join("state"), directory.path().join("copy"));
    let database = open(&state);
    let store = database.family(SHARD).unwrap();
    let mut run = store.sorted_run().unwrap();
    for i in 0..100_000_u64 {
        run.put(&[b"old", &i.to_be_bytes()], &[&i.to_be_bytes()[..]; 10]).unwrap();
    }
    run.finish().unwrap();
    let before = live(&database);
    step(&*store, 0, b"new");
    store.delete_range(KeyRange::prefix(b"old")).unwrap();
    crash(&state, &copy);
    let after = open(&copy);
    let survivor = after.family(SHARD).unwrap();
    assert_eq!(assert_prefix(&*survivor), 1);
    assert_eq!(survivor.estimate(KeyRange::prefix(b"old")).unwrap().0, 0);
    database.compact_deleted().unwrap();
    assert!(live(&database) < before / 10, "{} of {before} bytes are left", live(&database));
}

#[test]
fn the_space_of_a_deleted_range_comes_back_once_nobody_sees_it() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path());
    let store = database.family(SHARD).unwrap();
    let mut run = store.sorted_run().unwrap();
    for i in 0..100_000_u64 {
        run.put(&[b"old", &i.to_be_bytes()], &[&i.to_be_bytes()[..]; 10]).unwrap();
    }
    run.finish().unwrap();
    let before = live(&database);
    let snapshot = store.snapshot();
    store.delete_range(KeyRange::prefix(b"old")).unwrap();
    database.compact_deleted().unwrap();
    assert!(live(&database) >= before, "{} of {before} bytes", live(&database));
    drop(snapshot);
    // A later one does not see it.
    let _later = store.snapshot();
    database.compact_deleted().unwrap();
    assert!(live(&database) < before / 10, "{} of {before} bytes are left", live(&database));
}

#[test]
fn deleting_nothing_leaves_the_store_clean() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path());
    let store = database.family(SHARD).unwrap();
    step(&*store, 0, b"value");
    store.delete_range(KeyRange::prefix(b"nothing")).unwrap();
    assert!(store.is_dirty(), "it was not flushed for that");
}

#[test]
fn a_directory_belongs_to_one_database() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path());
    let second = RocksDatabase::open(options(directory.path())).err().unwrap();
    assert_eq!(second, Error::Locked(directory.path().display().to_string()));
    drop(database);
    open(directory.path());
}

#[test]
fn handles_keep_the_database_open() {
    let directory = tempfile::tempdir().unwrap();
    let database = open(directory.path());
    let store = database.family(SHARD).unwrap();
    step(&*store, 0, b"value");
    let snapshot = store.snapshot();
    drop(database);
    step(&*store, 1, b"value");
    drop(store);
    let mut cursor = snapshot.cursor(KeyRange::prefix(b"row"), Order::Ascending).unwrap();
    assert!(cursor.next().unwrap().is_some());
    assert!(cursor.next().unwrap().is_none());
    drop(cursor);
    assert!(RocksDatabase::open(options(directory.path())).is_err());
    drop(snapshot);
    assert_eq!(assert_prefix(&*open(directory.path()).family(SHARD).unwrap()), 2);
}
