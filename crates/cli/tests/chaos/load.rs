//! All clients together, and what must be true in the end of what they were told.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Kafka;
use crate::counter::{self, COUNTERS, History, ZERO};
use crate::front::{Front, lock};
use crate::harness::Node;
use crate::linear;
use crate::nodes::Cluster;
use crate::reader;
use crate::record::{self, Record};
use crate::watcher::{self, Told};
use crate::writer::{self, Written};

const WRITERS: usize = 3;
const SESSIONS: usize = 3;
const COUNTING: usize = 4;

/// How long watches may be behind the last write.
const PATIENCE: Duration = Duration::from_secs(30);

type Counted = (History, Vec<(String, String)>);
type Log = BTreeMap<u32, Vec<Record>>;

/// The clients at work. Dropped, they end.
pub struct Load {
    front: Arc<Front>,
    writers: Vec<JoinHandle<Written>>,
    sessions: Vec<JoinHandle<Vec<String>>>,
    counting: Vec<JoinHandle<Counted>>,
    watches: Mutex<Vec<Arc<Mutex<Option<Told>>>>>,
}

impl Load {
    /// Declares the table `t` through the node `a`, and has clients work with it.
    pub fn start(cluster: &Cluster) -> Self {
        let a = cluster.node("a");
        a.declare(&json!({"name": "t", "topic": cluster.service, "key": "string", "value": "json", "partitions": 6}));
        for number in 0..COUNTERS {
            a.put_row("t", &counter::key(number), ZERO);
        }
        let front = Arc::new(Front::new());
        front.add("a", a);
        let client = |number: usize| (Arc::clone(&front), number);
        let writers = (0..WRITERS)
            .map(client)
            .map(|(front, number)| std::thread::spawn(move || writer::write(&front, number)));
        let sessions = (0..SESSIONS)
            .map(client)
            .map(|(front, number)| std::thread::spawn(move || reader::read(&front, number, WRITERS)));
        let counting = (0..COUNTING)
            .map(client)
            .map(|(front, number)| std::thread::spawn(move || counter::run(&front, number)));
        let load = Self {
            writers: writers.collect(),
            sessions: sessions.collect(),
            counting: counting.collect(),
            watches: Mutex::default(),
            front: Arc::clone(&front),
        };
        load.watch(a);
        load
    }

    pub fn front(&self) -> &Front {
        &self.front
    }

    /// One more watch, at first through this node.
    pub fn watch(&self, node: &Node) {
        let told = Arc::new(Mutex::new(Some(Told::default())));
        lock(&self.watches).push(Arc::clone(&told));
        let (front, url) = (Arc::clone(&self.front), node.url.clone());
        std::thread::spawn(move || watcher::watch(&front, url, &told));
    }

    /// Ends the clients, and compares what they were told with the log.
    pub fn end(mut self, cluster: &Cluster, kafka: &Kafka) {
        self.front.end();
        let written: Vec<_> = self.writers.drain(..).map(|thread| thread.join().expect("a writer")).collect();
        let sessions: Vec<_> =
            self.sessions.drain(..).map(|thread| thread.join().expect("a session")).collect();
        let counted: Vec<_> =
            self.counting.drain(..).map(|thread| thread.join().expect("a counter")).collect();
        let log = record::log(kafka, &cluster.service);
        let records: BTreeSet<_> = log.values().flatten().collect();
        for written in &written {
            for (place, answer) in &written.broken {
                let is_near = |record: &&&Record| record.0.0 == place.0 && record.0.1.abs_diff(place.1) < 12;
                let near: Vec<_> = records.iter().filter(is_near).collect();
                eprintln!("an answer that is none: {answer}\nthe log there: {near:?}");
            }
            assert!(written.broken.is_empty(), "answers that are none");
            let lost = written.acknowledged.iter().filter(|record| !records.contains(record)).count();
            assert_eq!(lost, 0, "acknowledged writes that are not in the log");
        }
        let acknowledged: usize = written.iter().map(|written| written.acknowledged.len()).sum();
        let unknown: usize = written.iter().map(|written| written.unknown).sum();
        let refused: BTreeSet<_> = written
            .iter()
            .flat_map(|written| &written.refused)
            .chain(counted.iter().flat_map(|(_, refused)| refused))
            .collect();
        let there = log.values().flatten().filter_map(|(_, key, value)| Some((key.clone(), value.clone()?)));
        let there: Vec<_> = there.filter(|write| refused.contains(write)).collect();
        assert_eq!(there, [], "writes that were answered 503, and are in the log");
        assert_eq!(sessions.concat(), [""; 0], "reads that went back behind earlier ones of their session");
        check_rows(cluster, &log);
        let operations = check_history(&counted, &log);
        let changes = self.check_watches(&log);
        eprintln!(
            "{acknowledged} acknowledged writes, {unknown} unknown, {} refused; {operations} operations of counters; \
             {changes} changes told",
            refused.len()
        );
    }

    /// Each watch has told the rows as they were, and every change since, once, in order.
    fn check_watches(&self, log: &Log) -> usize {
        let mut changes = 0;
        for (number, watch) in lock(&self.watches).iter().enumerate() {
            let ends: BTreeMap<_, _> = log
                .iter()
                .filter_map(|(partition, records)| Some((*partition, records.last()?.0.1)))
                .collect();
            let told = || lock(watch).clone().expect("somebody listens");
            let began = Instant::now();
            while told().last() != ends && began.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(50));
            }
            let told = lock(watch).take().expect("somebody listened");
            eprintln!(
                "the watch {number} told {} changes and came back {} times",
                told.changes.len(),
                told.returns
            );
            assert_eq!(told.broken, [""; 0], "the watch {number}");
            for (partition, records) in log {
                let from = told.from.get(*partition as usize).copied().unwrap_or_default();
                let (before, after): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.0.1 < from);
                let rows: BTreeMap<_, _> =
                    before.into_iter().map(|(place, key, value)| (key, (place, value))).collect();
                let told_rows: BTreeMap<_, _> = told
                    .rows
                    .iter()
                    .filter(|(_, (place, _))| place.0 == *partition)
                    .map(|(key, (place, value))| (key, (place, value)))
                    .collect();
                assert_eq!(told_rows, rows, "the watch {number}: rows of partition {partition} at {from}");
                let of_it: Vec<_> = told.changes.iter().filter(|change| change.0.0 == *partition).collect();
                let first = of_it.iter().zip(&after).position(|(one, other)| one != other);
                assert!(
                    of_it == after,
                    "the watch {number}, partition {partition}: {} changes of {} from {from} on; the first that differs is {:?}; \
                     it ended at {:?}, the log at {:?}; all watched: {:?}, all logs: {ends:?}",
                    of_it.len(),
                    after.len(),
                    first.map(|first| (of_it[first], after[first])),
                    of_it.last(),
                    after.last(),
                    told.last()
                );
            }
            changes += told.changes.len();
        }
        changes
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.front.end();
    }
}

/// Every node tells the rows that the log makes.
fn check_rows(cluster: &Cluster, log: &Log) {
    let mut rows = BTreeMap::new();
    for (_, key, value) in log.values().flatten() {
        rows.insert(key.clone(), value.clone().expect("nothing is deleted"));
    }
    for (name, node) in &cluster.nodes {
        let told = node.pages("t", 1_000).into_iter();
        let text = |row: &serde_json::Value| row["key"].as_str().expect("a key").to_owned();
        let told: BTreeMap<_, _> = told.map(|row| (text(&row), row["value"].to_string())).collect();
        assert_eq!(told, rows, "through {name}");
    }
}

/// Compare-and-set is linearizable, key by key. The number of operations.
fn check_history(counted: &[Counted], log: &Log) -> usize {
    let mut all = History::new();
    for (history, _) in counted {
        for (key, operations) in history {
            all.entry(key.clone()).or_default().extend_from_slice(operations);
        }
    }
    let mut number = 0;
    for (key, operations) in all {
        let replaced =
            |operation: &&linear::Operation| matches!(operation.action, linear::Action::Replaced(..));
        let open = |operation: &&linear::Operation| matches!(operation.action, linear::Action::Attempted(..));
        let (known, unknown) =
            (operations.iter().filter(replaced).count(), operations.iter().filter(open).count());
        let mut values =
            log.values().flatten().filter(|record| record.1 == key).filter_map(|record| record.2.as_deref());
        let last = counter::count(values.next_back().expect("it was there"));
        let records: Vec<_> = log.values().flatten().filter(|record| record.1 == key).collect();
        for pair in records.windows(2) {
            let counts = [pair[0], pair[1]].map(|record| record.2.as_deref().map_or(0, counter::count));
            if counts[1] != counts[0] + 1 {
                let is_of = |operation: &&linear::Operation| {
                    let text = format!("{:?}", operation.action);
                    pair.iter().any(|record| {
                        record.2.as_deref().is_some_and(|value| text.contains(value.trim_matches('"')))
                    })
                };
                let of: Vec<_> = operations.iter().filter(is_of).collect();
                eprintln!("{key}: {:?} was followed by {:?}; {of:?}", pair[0], pair[1]);
            }
        }
        assert!(
            (known as u64..=(known + unknown) as u64).contains(&last),
            "{key}: counted to {last} in {known} steps and {unknown} that are not known"
        );
        number += operations.len();
        if let Err(why) = linear::check(ZERO, operations) {
            panic!("{key}: what clients saw is no order of what they did: {why}");
        }
        eprintln!("{key}: counted to {last} in {known} steps and {unknown} that are not known");
    }
    number
}
