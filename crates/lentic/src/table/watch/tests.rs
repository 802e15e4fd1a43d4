//! What a watch tells, whatever happens while it opens, catches up, or is away.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lentic_types::{PartitionId, Timestamp};

use super::{EventId, Filter, MergedId, Watch, WatchEvent, WatchStart};
use crate::ReadError;
use crate::table::Scope;
use crate::table::testing::{Bench, NOW, WATCH_BUFFER_BYTES};

fn open(bench: &Bench, start: WatchStart) -> Watch {
    bench.table.watch(Filter::All, &Scope::All, start).expect("a watch")
}

/// An event in a word.
fn word(event: &WatchEvent) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match event {
        WatchEvent::Put { key, snapshot: true, .. } => format!("row {}", text(key)),
        WatchEvent::Put { key, .. } => format!("put {}", text(key)),
        WatchEvent::Delete { key, .. } => format!("delete {}", text(key)),
        WatchEvent::SnapshotEnd => "end".to_owned(),
        WatchEvent::Reset(_) => "reset".to_owned(),
    }
}

/// Polls until there is nothing more.
fn poll(watch: &mut Watch) -> Vec<String> {
    let mut events = Vec::new();
    while watch.poll(events.len() + 100, &mut events).expect("polled") {}
    events.iter().map(word).collect()
}

/// Polls once.
fn step(watch: &mut Watch) -> Vec<String> {
    let mut events = Vec::new();
    assert_eq!(watch.poll(100, &mut events), Ok(true));
    events.iter().map(word).collect()
}

fn put(bench: &Bench, keys: &[&str]) {
    for key in keys {
        bench.append(0, key, Some("v"));
    }
    bench.apply(0);
}

/// What retention takes between the snapshot and the changes is told like what it takes later.
#[test]
fn purged_while_the_snapshot_is_sent() {
    let bench = Bench::new(1);
    put(&bench, &["a", "b", "c"]);
    let mut watch = open(&bench, WatchStart::Snapshot);
    assert_eq!(step(&mut watch), ["row a", "row b", "row c"]);
    bench.purge(0, 1, true);
    // Records that follow are told after it, by way of the log and live.
    put(&bench, &["a"]);
    assert_eq!(poll(&mut watch), ["end", "delete a", "put a"]);
    put(&bench, &["d"]);
    bench.purge(0, 2, true);
    assert_eq!(poll(&mut watch), ["put d", "delete b"]);
}

/// A key that went before the snapshot and came back is not told to be gone.
#[test]
fn purged_before_the_snapshot() {
    let bench = Bench::new(1);
    put(&bench, &["a"]);
    bench.purge(0, 1, true);
    put(&bench, &["a"]);
    assert_eq!(poll(&mut open(&bench, WatchStart::Snapshot)), ["row a", "end"]);
}

/// Rows that went while the reader was away are nowhere to be found: it begins anew.
#[test]
fn purged_while_away() {
    let bench = Bench::new(2);
    put(&bench, &["a", "b", "c"]);
    let mut watch = open(&bench, WatchStart::Snapshot);
    assert_eq!(poll(&mut watch).len(), 4);
    let before = watch.id();
    bench.purge(0, 1, false);
    assert_eq!(poll(&mut watch), ["delete a"]);
    let in_between = watch.id();
    bench.purge(0, 1, true);
    assert_eq!(poll(&mut watch), [""; 0]);
    let after = watch.id();
    for (id, told) in [
        (&before, &["reset", "row b", "row c", "end"][..]),
        (&in_between, &["reset", "row b", "row c", "end"]),
        (&after, &[]),
    ] {
        let id: EventId = id.to_string().parse().expect("an id");
        assert_eq!(poll(&mut open(&bench, WatchStart::After(id.clone()))), told, "{id}");
    }
    // One that comes back in time is told of what goes from then on.
    let mut back = open(&bench, WatchStart::After(after));
    bench.purge(0, 2, true);
    assert_eq!(poll(&mut back), ["delete b"]);
}

/// Rows that were replaced while they were sent make no snapshot.
#[test]
fn replaced_while_the_snapshot_is_sent() {
    let bench = Bench::new(1);
    put(&bench, &["a"]);
    let mut watch = open(&bench, WatchStart::Snapshot);
    assert_eq!(step(&mut watch), ["row a"]);
    bench.leap(0);
    assert_eq!(poll(&mut watch), ["reset", "end"]);
}

/// An id of the topic as it was with other partitions is none of a place in it now.
#[test]
fn other_partitions() {
    let bench = Bench::new(2);
    put(&bench, &["a"]);
    let id = open(&bench, WatchStart::Now).id();
    for positions in [1, 3] {
        let mut other = id.clone();
        other.positions.resize(positions, lentic_types::Offset(0));
        other.starts.resize(positions, lentic_types::Offset(0));
        let mut watch = open(&bench, WatchStart::After(other));
        assert_eq!(poll(&mut watch), ["reset", "row a", "end"]);
    }
}

/// More comes live than is kept for a watch while it reads the log: the log has that, too, and nothing comes twice.
#[test]
fn overtaken_while_catching_up() {
    let bench = Bench::new(1);
    let id = open(&bench, WatchStart::Now).id();
    put(&bench, &["a", "b"]);
    let mut watch = open(&bench, WatchStart::After(id));
    // It has joined, and begins to read the log.
    assert_eq!(step(&mut watch), [""; 0]);
    let large = "x".repeat(WATCH_BUFFER_BYTES);
    for key in ["c", "d", "e"] {
        bench.append(0, key, Some(&large));
        bench.apply(0);
    }
    assert_eq!(poll(&mut watch), ["put a", "put b", "put c", "put d", "put e"]);
    // Who takes nothing while it is live is too slow.
    for key in ["f", "g"] {
        bench.append(0, key, Some(&large));
        bench.apply(0);
    }
    assert_eq!(step(&mut watch), ["put f"]);
    assert_eq!(watch.poll(100, &mut Vec::new()), Err(ReadError::TooMany("watch_buffer_bytes")));
}

/// Readers of the log are dear: one watch at a time has one here, and the next one is told when it may go on.
#[test]
fn catching_up_takes_turns() {
    let bench = Bench::new(1);
    let id = open(&bench, WatchStart::Now).id();
    put(&bench, &["a"]);
    let mut first = open(&bench, WatchStart::After(id.clone()));
    let mut second = open(&bench, WatchStart::After(id));
    for watch in [&mut first, &mut second] {
        assert_eq!(step(watch), [""; 0]);
    }
    assert_eq!(poll(&mut second), [""; 0]);
    let woken = Arc::new(AtomicUsize::new(0));
    let wake = Arc::clone(&woken);
    second.when_ready(Box::new(move || {
        wake.fetch_add(1, Ordering::SeqCst);
    }));
    assert_eq!(woken.load(Ordering::SeqCst), 0);
    assert_eq!(poll(&mut first), ["put a"]);
    assert_eq!(woken.load(Ordering::SeqCst), 1);
    assert_eq!(poll(&mut second), ["put a"]);
}

/// The time in an id is that of the last proof that the places in it are the newest ones.
#[test]
fn ids_are_as_old_as_the_last_proof() {
    let bench = Bench::new(2);
    put(&bench, &["a"]);
    let proven = |at: i64| bench.publish(1, |view| view.progress.current_at = Some(Timestamp(at)));
    proven(NOW.0 - 10);
    for start in [WatchStart::Snapshot, WatchStart::Now] {
        let mut watch = open(&bench, start);
        poll(&mut watch);
        assert_eq!(watch.id().at, Timestamp(NOW.0 - 10));
    }
    let mut watch = open(&bench, WatchStart::Now);
    let mut old = watch.id();
    old.at = Timestamp(NOW.0 - 500);
    // Something that is queued may be beyond the last proof.
    put(&bench, &["b"]);
    proven(NOW.0 - 5);
    assert_eq!(watch.id().at, Timestamp(NOW.0 - 10));
    assert_eq!(poll(&mut watch), ["put b"]);
    assert_eq!(watch.id().at, Timestamp(NOW.0 - 5));
    let mut back = open(&bench, WatchStart::After(old));
    assert_eq!(step(&mut back), [""; 0]);
    assert_eq!(back.id().at, Timestamp(NOW.0 - 500));
    assert_eq!(poll(&mut back), ["put b"]);
    assert_eq!(back.id().at, Timestamp(NOW.0 - 5));
}

/// Who comes to a partition that leaves at this moment is told so: of what happens there nobody would tell it.
#[test]
fn left_while_it_opens() {
    let bench = Bench::new(2);
    put(&bench, &["a"]);
    let id = open(&bench, WatchStart::Now).id();
    bench.partition(1).close();
    for start in [WatchStart::Snapshot, WatchStart::Now, WatchStart::After(id)] {
        let opened = bench.table.watch(Filter::All, &Scope::All, start.clone());
        assert_eq!(opened.err(), Some(ReadError::NotKept(PartitionId(1))), "{start:?}");
    }
}

/// A partition that came back since the reader was admitted has neither rows to tell nor a place in the log yet.
#[test]
fn came_back_while_it_opens() {
    let bench = Bench::new(1);
    put(&bench, &["a", "b"]);
    let id = open(&bench, WatchStart::Now).id();
    bench.come_back(0);
    for start in [WatchStart::Snapshot, WatchStart::Now, WatchStart::After(id)] {
        let opened = bench.table.watch(Filter::All, &Scope::All, start.clone());
        let error = opened.err().unwrap_or_else(|| panic!("{start:?}"));
        assert!(matches!(error, ReadError::CatchingUp { .. }), "{start:?}: {error:?}");
    }
}

/// Who came while a commit was under way whose changes nobody gathered begins anew, and misses nothing.
#[test]
fn came_while_nobody_was_seen_to_watch() {
    let bench = Bench::new(1);
    put(&bench, &["a"]);
    let id = open(&bench, WatchStart::Now).id();
    for start in [WatchStart::Snapshot, WatchStart::Now, WatchStart::After(id)] {
        let mut watch = open(&bench, start);
        poll(&mut watch);
        bench.commit_untold(0, "b");
        assert_eq!(poll(&mut watch), ["reset", "row a", "row b", "end"]);
    }
}

/// Watches of parts of a table together tell what one of the whole tells, and one goes on where another was.
#[test]
fn of_some_partitions() {
    let bench = Bench::new(3);
    for (partition, key) in [(0, "a"), (1, "b"), (2, "c")] {
        bench.append(partition, key, Some("v"));
        bench.apply(partition);
    }
    let scope = |partitions: &[u32]| Scope::Some(partitions.iter().copied().map(PartitionId).collect());
    let open = |partitions: &[u32], start| bench.table.watch(Filter::All, &scope(partitions), start);
    let mut one = open(&[0, 2], WatchStart::Snapshot).expect("a watch");
    let mut other = open(&[1], WatchStart::Snapshot).expect("a watch");
    assert_eq!(poll(&mut one), ["row a", "row c", "end"]);
    assert_eq!(poll(&mut other), ["row b", "end"]);
    let mut merged = MergedId::new(3, &[0, 1, 2].map(PartitionId));
    merged.take(&one.id(), &[0, 2].map(PartitionId));
    merged.take(&other.id(), &[PartitionId(1)]);
    for (partition, key) in [(0, "d"), (1, "e"), (2, "f")] {
        bench.append(partition, key, Some("v"));
        bench.apply(partition);
    }
    assert_eq!(poll(&mut other), ["put e"]);
    merged.take(&other.id(), &[PartitionId(1)]);
    // Otherwise divided, and as a whole.
    let id = merged.id().expect("an id");
    assert_eq!(poll(&mut open(&[0, 1], WatchStart::After(id.clone())).expect("a watch")), ["put d"]);
    assert_eq!(poll(&mut open(&[2], WatchStart::After(id.clone())).expect("a watch")), ["put f"]);
    let mut whole = bench.table.watch(Filter::All, &Scope::All, WatchStart::After(id)).expect("a watch");
    let mut told = poll(&mut whole);
    told.sort_unstable();
    assert_eq!(told, ["put d", "put f"]);
    // What is not here can't be watched here.
    let absent = open(&[1, 7], WatchStart::Now).err();
    assert_eq!(absent, Some(ReadError::NotKept(PartitionId(7))));
}
