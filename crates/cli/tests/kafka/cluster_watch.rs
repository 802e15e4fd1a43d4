//! Watches through any node of three: all rows once, then every change once, whichever nodes go meanwhile.
#![allow(clippy::print_stderr, reason = "a test that fails tells what it saw")]
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;

use crate::client::Kafka;
use crate::harness::http::{Event, Lines};
use crate::harness::{Request, until};
use crate::nodes::Cluster;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// A change: partition and offset, key, value.
type Change = ((u32, u64), String, Option<i64>);

fn place(token: &str) -> (u32, u64) {
    let place = token.rsplit_once('/').and_then(|(_, rest)| rest.split_once('.')).expect(token).0;
    let (partition, offset) = place.split_once('@').expect(token);
    (partition.parse().expect("a number"), offset.parse().expect("a number"))
}

fn change(event: &Event) -> Change {
    let row = event.json();
    let text = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("{event:?}")).to_owned();
    (place(&text("token")), text("key"), row["value"].as_i64())
}

fn watch(url: &str, parameters: &str, after: Option<&str>) -> Lines {
    let request = Request::new("GET", format!("{url}/v1/tables/t/watch?{parameters}"));
    let lines = match after {
        Some(id) => request.header("Last-Event-ID", id).lines(),
        None => request.lines(),
    };
    let status = lines.status;
    assert!(status == 200, "{status}: {}", lines.rest());
    lines
}

/// The next event that is no sign of life.
fn next(lines: &mut Lines) -> Event {
    loop {
        let event = lines.next_event().expect("an event");
        if event.event != "heartbeat" && event.event != ":" {
            return event;
        }
    }
}

/// The rows of the snapshot, each once, and the id at its end.
fn snapshot(lines: &mut Lines) -> (BTreeMap<String, i64>, String) {
    let mut rows = BTreeMap::new();
    loop {
        let event = next(lines);
        if event.event == "snapshot-end" {
            return (rows, event.id.expect("an id"));
        }
        assert_eq!((event.event.as_str(), &event.id), ("put", &None), "{event:?}");
        let (_, key, value) = change(&event);
        assert!(rows.insert(key.clone(), value.expect("a value")).is_none(), "{key} was told twice");
    }
}

/// Reads so many changes; each with the id behind it.
fn changes(lines: &mut Lines, count: usize) -> Vec<(Change, String)> {
    let read = |_| {
        let event = next(lines);
        assert!(["put", "delete"].contains(&event.event.as_str()), "{event:?}");
        (change(&event), event.id.clone().unwrap_or_else(|| panic!("{event:?}")))
    };
    (0..count).map(read).collect()
}

/// Changes by partition, in their order there: that is all that is promised between partitions.
fn by_partition<'a>(changes: impl IntoIterator<Item = &'a Change>) -> BTreeMap<u32, Vec<Change>> {
    let mut partitions: BTreeMap<u32, Vec<Change>> = BTreeMap::new();
    for change in changes {
        partitions.entry(change.0.0).or_default().push(change.clone());
    }
    partitions
}

fn declared(cluster: &mut Cluster, rows: i64) -> BTreeMap<String, i64> {
    for name in NAMES {
        cluster.start(name);
    }
    let spec =
        json!({"name": "t", "topic": cluster.service, "key": "string", "value": "json", "partitions": 6});
    let a = cluster.node("a");
    a.declare(&spec);
    let line = |n| json!({"key": format!("key-{n:04}"), "value": n}).to_string();
    let lines: Vec<_> = (0..rows).map(line).collect();
    assert_eq!(a.load("t", lines.join("\n")), rows as u64);
    cluster.settle();
    (0..rows).map(|n| (format!("key-{n:04}"), n)).collect()
}

#[test]
fn any_node_tells_of_every_change() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    let mut rows = declared(&mut cluster, 300);
    let url = |name: &str| cluster.node(name).url.clone();
    let mut watches = NAMES.map(|name| {
        let mut lines = watch(&url(name), "", None);
        let (told, id) = snapshot(&mut lines);
        assert_eq!(told, rows, "through {name}");
        (lines, id)
    });
    let mut from_now = NAMES.map(|name| watch(&url(name), "snapshot=false", None));
    let mut of_one = NAMES.map(|name| {
        let mut lines = watch(&url(name), "key=key-0007", None);
        let (told, _) = snapshot(&mut lines);
        assert_eq!(told, BTreeMap::from([("key-0007".to_owned(), 7)]), "through {name}");
        lines
    });

    // Writes through all nodes.
    let mut written = Vec::new();
    for n in 0..90_i64 {
        let (key, node) = (format!("key-{:04}", n * 7 % 40), cluster.node(NAMES[n as usize % 3]));
        let path = format!("/v1/tables/t/rows/{key}");
        let (answer, value) = if n % 9 == 8 {
            (node.delete(&path).send(), None)
        } else {
            (node.put(&path, (1_000 + n).to_string()).send(), Some(1_000 + n))
        };
        let token = answer.expect(200).header("lentic-token").expect("a token").to_owned();
        match value {
            Some(value) => rows.insert(key.clone(), value),
            None => rows.remove(&key),
        };
        written.push((place(&token), key, value));
    }
    let expected = by_partition(&written);
    let mut ids = Vec::new();
    for (name, (lines, id)) in NAMES.iter().zip(&mut watches) {
        let told = changes(lines, written.len());
        assert_eq!(by_partition(told.iter().map(|(change, _)| change)), expected, "through {name}");
        let mut so_far = vec![(id.clone(), Vec::new())];
        for (change, id) in told {
            let mut before = so_far.last().expect("one").1.clone();
            before.push(change);
            so_far.push((id, before));
        }
        ids.extend(so_far.into_iter().step_by(18));
    }
    for (name, lines) in NAMES.iter().zip(&mut from_now) {
        let told = changes(lines, written.len());
        assert_eq!(
            by_partition(told.iter().map(|(change, _)| change)),
            expected,
            "from now on, through {name}"
        );
    }
    let of_key: Vec<_> = written.iter().filter(|(_, key, _)| key == "key-0007").cloned().collect();
    let mut ids_of_key = Vec::new();
    for (name, lines) in NAMES.iter().zip(&mut of_one) {
        let told = changes(lines, of_key.len());
        let of_one: Vec<_> = told.iter().map(|(change, _)| change.clone()).collect();
        assert_eq!(of_one, of_key, "through {name}");
        ids_of_key.push(told[0].1.clone());
    }

    // Each id is good for exactly the rest, through every node.
    for (id, told) in &ids {
        let told: BTreeSet<_> = told.iter().map(|(place, ..)| *place).collect();
        let rest: Vec<_> = written.iter().filter(|(place, ..)| !told.contains(place)).cloned().collect();
        for name in NAMES {
            let mut lines = watch(&url(name), "", Some(id));
            let read = changes(&mut lines, rest.len());
            let read = by_partition(read.iter().map(|(change, _)| change));
            assert_eq!(read, by_partition(&rest), "after {id} through {name}");
        }
    }
    for id in &ids_of_key {
        for name in NAMES {
            let mut lines = watch(&url(name), "key=key-0007", Some(id));
            let read = changes(&mut lines, of_key.len() - 1);
            assert!(read.iter().map(|(change, _)| change).eq(&of_key[1..]), "after {id} through {name}");
        }
    }
    // And the next that the first ones hear of is the next that happens.
    let token = cluster.node("b").put_row("t", "key-0007", "1");
    for (lines, _) in &mut watches {
        assert_eq!(changes(lines, 1)[0].0.0, place(&token));
    }
    let (told, _) = snapshot(&mut watch(&url("c"), "", None));
    rows.insert("key-0007".to_owned(), 1);
    assert_eq!(told, rows);
}

/// Writes through one node until it is told to stop; what was acknowledged.
struct Writer {
    stop: Arc<AtomicBool>,
    written: Arc<Mutex<Vec<Change>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn start(url: String, name: &'static str) -> Self {
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::<Mutex<Vec<Change>>>::default());
        let (stopped, acknowledged) = (Arc::clone(&stop), Arc::clone(&written));
        let thread = std::thread::spawn(move || {
            for n in 0_i64.. {
                if stopped.load(Ordering::Acquire) {
                    break;
                }
                let key = format!("{name}-{}", n % 50);
                let put = Request::new("PUT", format!("{url}/v1/tables/t/rows/{key}")).body(n.to_string());
                let answer = put.send();
                // What has no known outcome may be told or not.
                if answer.status == 200 {
                    let token = answer.header("lentic-token").expect("a token");
                    let change = (place(token), key, Some(n));
                    acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(change);
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        Self { stop, written, thread: Some(thread) }
    }

    fn stop(mut self) -> Vec<Change> {
        self.stop.store(true, Ordering::Release);
        self.thread.take().expect("it runs").join().expect("a thread");
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a watch has told so far, with the ids; `None`: nobody listens any longer.
type Told = Arc<Mutex<Option<Vec<(Change, String)>>>>;

/// Watches from now on, until the test ends; the answer has its time, after which it comes back where it was.
fn listen(url: String) -> Told {
    let told = Arc::new(Mutex::new(Some(Vec::new())));
    let heard = Arc::clone(&told);
    let mut lines = watch(&url, "snapshot=false", None);
    std::thread::spawn(move || {
        loop {
            while let Some(event) = lines.next_event() {
                match event.event.as_str() {
                    "put" => {
                        let id = event.id.clone().unwrap_or_else(|| panic!("{event:?}"));
                        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                        let Some(heard) = heard.as_mut() else { return };
                        heard.push((change(&event), id));
                    }
                    "heartbeat" | ":" => {}
                    // Then there are too few, which the test sees.
                    _ => {
                        eprintln!("the watch was told {event:?}");
                        return;
                    }
                }
            }
            let last = {
                let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.as_ref().and_then(|heard| heard.last().map(|(_, id)| id.clone()))
            };
            let Some(last) = last else { return };
            let request = Request::new("GET", format!("{url}/v1/tables/t/watch?snapshot=false"));
            eprintln!("the watch comes back");
            lines = request.header("Last-Event-ID", &last).lines();
        }
    });
    told
}

fn heard(told: &Told) -> Vec<(Change, String)> {
    told.lock().unwrap_or_else(PoisonError::into_inner).clone().expect("somebody listens")
}

/// The last offset of each partition.
fn last<'a>(changes: impl IntoIterator<Item = &'a Change>) -> BTreeMap<u32, u64> {
    let mut last = BTreeMap::new();
    for ((partition, offset), ..) in changes {
        let known = last.entry(*partition).or_insert(*offset);
        *known = (*known).max(*offset);
    }
    last
}

/// Owners are killed, come back, are stopped and woken, and stop in order, while rows are written: a watch through another node
/// goes on.
#[test]
fn watches_outlive_the_owners() {
    let Some(kafka) = Kafka::shared() else { return };
    let mut cluster = Cluster::new(&kafka);
    declared(&mut cluster, 20);
    // The owner of some partition, which is killed, and the other one, which stops in order.
    let owner = |n: usize| {
        let path = format!("/v1/tables/t/route?key=key-{n:04}");
        let route = cluster.node("a").get(&path).send().json();
        NAMES.into_iter().find(|name| route["nodes"][0]["node"] == *name && *name != "a")
    };
    let victim = (0..20).find_map(owner).expect("other nodes own something");
    let other = if victim == "b" { "c" } else { "b" };
    let told = listen(cluster.node("a").url.clone());
    let [of_a, of_other] = ["a", other].map(|name| Writer::start(cluster.node(name).url.clone(), name));
    until("changes to be told", || (heard(&told).len() > 50).then_some(()));
    let before = heard(&told).len();
    cluster.nodes.remove(victim).expect("it runs").kill();
    // Beyond the session, after which the group gives the shards to others.
    std::thread::sleep(Duration::from_secs(13));
    assert!(heard(&told).len() > before + 50, "changes are told meanwhile");
    cluster.start(victim);
    cluster.settle();
    // It owns something again: it falls asleep, and wakes when others have that.
    let before = heard(&told).len();
    cluster.node(victim).signal("STOP");
    std::thread::sleep(Duration::from_secs(13));
    assert!(heard(&told).len() > before + 50, "changes are told meanwhile");
    cluster.node(victim).signal("CONT");
    cluster.settle();
    let mut written = of_other.stop();
    let leaving = cluster.nodes.remove(other).expect("it runs");
    assert!(leaving.stop().success());
    cluster.settle();
    std::thread::sleep(Duration::from_secs(1));
    written.extend(of_a.stop());
    let missing = || {
        let told: BTreeSet<_> = heard(&told).into_iter().map(|(change, _)| change).collect();
        written.iter().filter(|change| !told.contains(*change)).collect::<Vec<_>>()
    };
    let began = std::time::Instant::now();
    while !missing().is_empty() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(
        missing().is_empty(),
        "of {} acknowledged writes these were not told: {:?}; the last ones written {:?}, told {:?}",
        written.len(),
        missing(),
        last(&written),
        last(heard(&told).iter().map(|(change, _)| change))
    );
    let told = told.lock().unwrap_or_else(PoisonError::into_inner).take().expect("somebody listens");
    for (partition, changes) in by_partition(told.iter().map(|(change, _)| change)) {
        assert!(
            changes.is_sorted_by(|(one, ..), (other, ..)| one < other),
            "a change of partition {partition} was told twice, or out of order"
        );
    }
    // An id of any moment is good for the rest through nodes that were not there then.
    for (at, (_, id)) in told.iter().enumerate().step_by(told.len() / 8) {
        for name in ["a", victim] {
            let mut lines = watch(&cluster.node(name).url, "", Some(id));
            let rest: Vec<_> = changes(&mut lines, told.len() - at - 1);
            assert_eq!(
                by_partition(rest.iter().map(|(change, _)| change)),
                by_partition(told[at + 1..].iter().map(|(change, _)| change)),
                "after {id} through {name}"
            );
        }
    }
    eprintln!("{} changes were told, {} of them acknowledged", told.len(), written.len());
}
