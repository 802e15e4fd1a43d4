//! A node that keeps chosen partitions of a table.
use std::collections::BTreeSet;

use lentic::types::{PartitionId, Partitioner};
use lentic::{Condition, Error, Node, ReadError, WriteError};

use super::{close, config, declare, open, rows, spec, until};

const PARTITIONS: u32 = 4;
const KEYS: std::ops::Range<i32> = 0..40;

fn key(i: i32) -> String {
    format!("k{i:02}")
}

/// Whether a key lives in one of these partitions.
fn lives_in(table: &lentic::Table<String, i32>, key: &str, partitions: &[u32]) -> bool {
    let partition = table.raw().partition_of(key.as_bytes()).expect("they lie by one partitioner");
    partitions.contains(&partition.0)
}

fn is_not_kept(error: &Error) -> bool {
    matches!(
        error,
        Error::Read(ReadError::NotKept(_)) | Error::Write(WriteError::Read(ReadError::NotKept(_)))
    )
}

fn open_with(dir: &std::path::Path, kept: &[u32]) -> Node {
    open(config(dir).keep("t", kept.iter().copied()))
}

/// From one choice to the next, the last one being all: rows are those of the chosen partitions, always.
#[test]
fn only_chosen_partitions_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(config(dir.path()));
    let table = declare(&node, "t", "t", PARTITIONS);
    KEYS.for_each(|i| drop(table.put(&key(i), &i).unwrap()));
    let all = rows(&table);
    drop(table);
    close(node);
    for kept in [&[0, 2][..], &[1], &[1, 2, 3], &[3, 0], &[]] {
        let node = open_with(dir.path(), kept);
        let table = node.open_table::<String, i32>("t").unwrap();
        table.wait_ready(super::PATIENCE).unwrap();
        let kept: &[u32] = if kept.is_empty() { &[0, 1, 2, 3] } else { kept };
        let of_kept: Vec<_> = all.iter().filter(|(key, _)| lives_in(&table, key, kept)).cloned().collect();
        assert_eq!(rows(&table), of_kept, "{kept:?}");
        assert!(kept.len() == 4 || of_kept.len() < all.len(), "{kept:?}");
        let ids: BTreeSet<_> = table.raw().kept_partitions().collect();
        assert_eq!(ids, kept.iter().map(|&id| PartitionId(id)).collect(), "{kept:?}");
        assert_eq!(table.raw().status().len(), kept.len());
        assert_eq!(table.raw().partitions(), PARTITIONS);
        assert!(node.readiness() == lentic::Readiness::Ready, "{kept:?}");
        for (key, value) in &all {
            match table.get(key) {
                Ok(found) => assert_eq!(found, Some(*value), "{kept:?} {key}"),
                Err(error) => assert!(is_not_kept(&error), "{kept:?} {key}: {error}"),
            }
            let is_kept = lives_in(&table, key, kept);
            assert_eq!(table.get(key).is_ok(), is_kept, "{kept:?} {key}");
            // Every partition can be written to; what was written is read where it is kept.
            let token = table.put(key, value).unwrap();
            assert_eq!(table.wait_for(&token).is_ok(), is_kept, "{kept:?} {key}");
            let there = table.put_if(key, value, &Condition::Present);
            assert!(there.as_ref().map_or_else(is_not_kept, |_| is_kept), "{kept:?} {key}: {there:?}");
        }
        let keys: Vec<_> = of_kept.iter().map(|(key, _)| key.clone().into_bytes()).collect();
        let mut found = 0;
        table
            .raw()
            .get_many(&lentic::Scope::All, &keys, &mut |_, row| found += usize::from(row.is_some()))
            .unwrap();
        assert_eq!(found, keys.len(), "{kept:?}");
        drop(table);
        close(node);
    }
}

/// A watch is of the kept partitions, and goes on where it was.
#[test]
fn a_watch_sees_kept_partitions() {
    let dir = tempfile::tempdir().unwrap();
    let node = open_with(dir.path(), &[1, 3]);
    let table = declare(&node, "t", "t", PARTITIONS);
    let mut watch =
        table.raw().watch(lentic::Filter::All, &lentic::Scope::All, lentic::WatchStart::Snapshot).unwrap();
    let mut told = Vec::new();
    for round in 0..2 {
        KEYS.for_each(|i| drop(table.put(&key(i), &round).unwrap()));
        let expected = KEYS.filter(|&i| lives_in(&table, &key(i), &[1, 3])).count();
        assert!(expected > 0);
        told.clear();
        until("all puts", || {
            while watch.poll(100, &mut told).unwrap() {}
            let puts = told.iter().filter(|event| matches!(event, lentic::WatchEvent::Put { .. })).count();
            (puts == expected).then_some(())
        });
        assert!(!told.iter().any(|event| matches!(event, lentic::WatchEvent::Reset(_))), "{told:?}");
        // As a client gives it back.
        let id = watch.id().to_string().parse().expect("an id");
        drop(watch);
        watch = table
            .raw()
            .watch(lentic::Filter::All, &lentic::Scope::All, lentic::WatchStart::After(id))
            .unwrap();
    }
    close(node);
}

/// What lies in other partitions is not known: where nothing in the kept ones tells the rule, it has to be named.
#[test]
fn a_rule_that_can_not_be_seen() {
    let dir = tempfile::tempdir().unwrap();
    let node = open(config(dir.path()));
    declare(&node, "t", "t", PARTITIONS);
    close(node);
    let node = open_with(dir.path(), &[1]);
    let table = node.open_table::<String, i32>("t").unwrap();
    assert_eq!(table.put("a", &1), Err(Error::Write(WriteError::MixedPartitioning)));
    assert!(is_not_kept(&table.get("a").unwrap_err()));
    assert_eq!(rows(&table), []);
    let name = table.raw().spec().name;
    node.alter_table(&name, None, Some(Partitioner::Murmur2)).unwrap();
    KEYS.for_each(|i| drop(table.put(&key(i), &i).unwrap()));
    let expected: Vec<_> = KEYS.map(|i| (key(i), i)).filter(|(key, _)| lives_in(&table, key, &[1])).collect();
    assert_eq!(rows(&table), expected);
    drop(table);
    close(node);
}

#[test]
fn choices_that_make_no_sense() {
    let dir = tempfile::tempdir().unwrap();
    for (kept, wrong) in [("t/x", "t/x"), ("t", "t"), ("/1", "/1"), ("a b/1", "a b/1")] {
        let mut config = config(dir.path());
        config.kept_partitions = vec![kept.to_owned()];
        let Err(refused) = Node::open(config) else { panic!("{kept}: it opened") };
        assert!(refused.to_string().contains(wrong), "{kept}: {refused}");
    }
    let node = open_with(dir.path(), &[1, 4]);
    let refused = node.create_table(spec("t", "t", PARTITIONS)).unwrap_err();
    assert!(refused.to_string().contains("t/4"), "{refused}");
    close(node);
}
