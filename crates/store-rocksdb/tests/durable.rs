//! The database with a write-ahead log.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::fs;
use std::path::Path;

use lentic_store::{Cursor, Error, KeyRange, Order};
use lentic_store_rocksdb::{
    DurableBatch, DurableDatabase, DurableFamily, DurableFamilyOptions, DurableOptions, Scan,
};

fn options(path: &Path) -> DurableOptions {
    DurableOptions {
        path: path.to_owned(),
        families: vec![DurableFamilyOptions::sequential("records"), DurableFamilyOptions::point("notes")],
        ..DurableOptions::default()
    }
}

fn open(path: &Path) -> (DurableDatabase, DurableFamily, DurableFamily) {
    let database = DurableDatabase::open(options(path)).unwrap();
    let (records, notes) = (database.family("records").unwrap(), database.family("notes").unwrap());
    (database, records, notes)
}

fn keys(family: &DurableFamily, range: &KeyRange, order: Order) -> Vec<u32> {
    let scan = Scan { order, readahead_bytes: 1 << 20, fill_cache: false };
    let mut cursor = family.cursor(range, scan).unwrap();
    let mut keys = Vec::new();
    while let Some((key, _)) = cursor.next().unwrap() {
        keys.push(u32::from_be_bytes(key.try_into().unwrap()));
    }
    keys
}

#[test]
fn a_killed_process_keeps_every_write_of_both_families() {
    let directory = tempfile::tempdir().unwrap();
    let (path, copy) = (directory.path().join("log"), directory.path().join("copy"));
    let (database, records, notes) = open(&path);
    for i in 0..1_000_u32 {
        let mut batch = DurableBatch::default();
        batch.put_parts(&records, &[&i.to_be_bytes()[..2], &i.to_be_bytes()[2..]], &[b"va", b"lue"]);
        batch.put(&notes, b"end", &i.to_be_bytes());
        assert_eq!((batch.len(), batch.is_empty()), (2, false));
        database.write(batch, i == 999).unwrap();
    }
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(&path).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    let (_database, records, notes) = open(&copy);
    let everything = KeyRange::prefix(b"");
    assert_eq!(keys(&records, &everything, Order::Ascending), (0..1_000).collect::<Vec<_>>());
    assert_eq!(keys(&records, &everything, Order::Descending), (0..1_000).rev().collect::<Vec<_>>());
    assert_eq!(notes.get(b"end").unwrap(), Some(999_u32.to_be_bytes().to_vec()));
    assert_eq!(records.get_with(&7_u32.to_be_bytes(), <[u8]>::len).unwrap(), Some(5));
}

#[test]
fn ranges_are_deleted_reclaimed_and_compacted() {
    let directory = tempfile::tempdir().unwrap();
    let (database, records, _) = open(directory.path());
    let mut batch = DurableBatch::default();
    for i in 0..50_000_u32 {
        batch.put(&records, &i.to_be_bytes(), &[i as u8; 50]);
    }
    database.write(batch, false).unwrap();
    database.flush().unwrap();
    let first = KeyRange {
        start: std::ops::Bound::Unbounded,
        end: std::ops::Bound::Excluded(40_000_u32.to_be_bytes().to_vec()),
    };
    records.delete_range(&first).unwrap();
    let mut batch = DurableBatch::default();
    batch.delete_range(&records, &KeyRange::prefix(&50_000_u32.to_be_bytes())).unwrap();
    batch.delete(&records, &49_999_u32.to_be_bytes());
    database.write(batch, true).unwrap();
    records.reclaim(&first).unwrap();
    records.compact(&KeyRange::prefix(b"")).unwrap();
    assert_eq!(
        keys(&records, &KeyRange::prefix(b""), Order::Ascending),
        (40_000..49_999).collect::<Vec<_>>()
    );
    let (entries, bytes) = records.estimate(&KeyRange::prefix(b"")).unwrap();
    assert!((5_000..20_000).contains(&entries), "{entries} entries");
    assert!(bytes > 0);
    assert!(database.usage().iter().any(|&(name, bytes)| name == "live_sst_bytes" && bytes > 0));
    database.close().unwrap();
}

#[test]
fn cursors_and_families_outlive_the_database_value() {
    let directory = tempfile::tempdir().unwrap();
    let (database, records, _notes) = open(directory.path());
    let mut batch = DurableBatch::default();
    batch.put(&records, &1_u32.to_be_bytes(), b"value");
    database.write(batch, false).unwrap();
    let mut cursor = records.cursor(&KeyRange::prefix(b""), Scan::default()).unwrap();
    let locked = DurableDatabase::open(options(directory.path())).err().unwrap();
    assert_eq!(locked, Error::Locked(directory.path().display().to_string()));
    drop((database, records));
    let entry =
        std::thread::spawn(move || cursor.next().unwrap().map(|(key, _)| key.to_vec())).join().unwrap();
    assert_eq!(entry, Some(1_u32.to_be_bytes().to_vec()));
}

#[test]
fn an_unknown_family_is_an_error_and_an_undeclared_one_stays() {
    let directory = tempfile::tempdir().unwrap();
    let (database, records, notes) = open(directory.path());
    assert!(matches!(database.family("other"), Err(Error::Io(text)) if text.contains("other")));
    drop((database, records, notes));
    let none = DurableOptions { families: Vec::new(), ..options(directory.path()) };
    assert!(DurableDatabase::open(none).unwrap().family("records").is_ok());
}
