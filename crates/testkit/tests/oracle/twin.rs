//! A topology of the oracle, and how its outputs and stores are written in traces.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lentic_testkit::{Logged, TestDriver};
use lentic_topology::{Data, Grouped, Materialized, Session, Stream, Table, Topology, Windowed};

use crate::trace::Line;
use crate::words::{Text, shown};

/// How the traces write a key or a value.
pub trait Shown: Data {
    /// The text; `size` is the length of the topology's windows.
    fn shown(&self, size: i64) -> String;
}

impl Shown for String {
    fn shown(&self, _size: i64) -> String {
        if self.is_empty() { "\"\"".to_owned() } else { self.clone() }
    }
}

impl Shown for i64 {
    fn shown(&self, _size: i64) -> String {
        self.to_string()
    }
}

impl<T: Shown> Shown for Option<T> {
    fn shown(&self, size: i64) -> String {
        self.as_ref().map_or_else(|| shown(None).to_owned(), |it| it.shown(size))
    }
}

impl<K: Shown> Shown for Windowed<K> {
    fn shown(&self, size: i64) -> String {
        let start = self.window.start;
        format!("{}@[{start},{}]", self.key.shown(size), start.saturating_add(size))
    }
}

impl<K: Shown> Shown for Session<K> {
    fn shown(&self, size: i64) -> String {
        format!("{}@[{},{}]", self.key.shown(size), self.window.start, self.window.end)
    }
}

type ReadOutput = Box<dyn Fn(&Logged) -> (String, String)>;
/// Reads a store, given the rows that are expected.
type ReadStore = Box<dyn Fn(&mut TestDriver, &[Line]) -> Vec<Line>>;

/// A topology and its outputs and stores.
pub struct Twin {
    pub topology: Topology,
    /// Length of the topology's windows.
    size: i64,
    outputs: BTreeMap<String, ReadOutput>,
    pub stores: Vec<(String, ReadStore)>,
    /// Lines that the topology's functions wrote themselves.
    pub taps: Arc<Mutex<Vec<Line>>>,
}

/// A table of texts.
pub type Texts = Table<String, String>;

impl Twin {
    pub fn new() -> Self {
        Self {
            topology: Topology::new("oracle"),
            size: 0,
            outputs: BTreeMap::new(),
            stores: Vec::new(),
            taps: Arc::default(),
        }
    }

    /// A topology with windows of this length.
    pub fn windows_of(size: i64) -> Self {
        Self { size, ..Self::new() }
    }

    /// A topic of texts, nulls included.
    pub fn stream(&self, topic: &str) -> Stream<Text, Text> {
        self.topology.stream(topic)
    }

    /// A topic of texts; functions see no nulls.
    pub fn texts(&self, topic: &str) -> Stream<String, String> {
        self.topology.stream(topic)
    }

    /// The topic `in` by its keys.
    pub fn grouped<V: Data>(&self) -> Grouped<String, V> {
        self.topology.stream::<String, V>("in").group_by_key()
    }

    /// A topic as a table in a store.
    pub fn table(&mut self, topic: &str, store: &str) -> Texts {
        let table = self.topology.materialized_table(topic, store);
        self.rows::<String>(store);
        table
    }

    /// A topic as a table in a store of versions.
    pub fn versioned(&mut self, topic: &str, store: &str, history: i64) -> Texts {
        let table = self.topology.materialized_table(topic, versions(store, history));
        self.versions(store);
        table
    }

    /// A stream's records are an output.
    pub fn to<K: Shown, V: Shown>(&mut self, stream: &Stream<K, V>, name: &str) {
        stream.to(name);
        self.output::<K, V>(name);
    }

    /// A table's changes are the output `out`.
    pub fn out<K: Shown, V: Shown>(mut self, table: &Table<K, V>) -> Self {
        self.to(&table.to_stream(), "out");
        self
    }

    /// A topic that the topology writes.
    pub fn output<K: Shown, V: Shown>(&mut self, name: &str) {
        let size = self.size;
        let read = move |record: &Logged| {
            (text::<K>(record.key.as_deref(), size), text::<V>(record.value.as_deref(), size))
        };
        self.outputs.insert(name.to_owned(), Box::new(read));
    }

    /// An output record as the traces write it.
    pub fn line(&self, topic: &str, record: &Logged) -> Line {
        let read = self.outputs.get(topic).unwrap_or_else(|| panic!("{topic} is no output of the twin"));
        let (key, value) = read(record);
        Line { name: topic.to_owned(), key, value, at: record.timestamp.0.to_string() }
    }

    /// Lines that the topology's functions wrote since this was asked last.
    pub fn take_taps(&self) -> Vec<Line> {
        std::mem::take(&mut *self.taps.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A key-value store.
    pub fn rows<V: Shown>(&mut self, store: &str) {
        let name = store.to_owned();
        self.store(store, move |driver, _| {
            let rows = driver.rows::<String, V>(&name);
            rows.into_iter().map(|(key, value, at)| row(&name, key.shown(0), &value, at)).collect()
        });
    }

    /// A window store.
    pub fn windows<V: Shown>(&mut self, store: &str) {
        self.join_side::<V>(store, store);
    }

    /// One of the two stores of a stream join, under the name that Kafka Streams has for it.
    pub fn join_side<V: Shown>(&mut self, store: &str, own: &str) {
        let (name, own) = (store.to_owned(), own.to_owned());
        self.store(store, move |driver, _| {
            let read = |(key, window, value, at): (String, lentic_topology::Window, V, i64)| {
                row(&name, format!("{}@[{},{}]", key.shown(0), window.start, window.end), &value, at)
            };
            driver.windows::<String, V>(&own).into_iter().map(read).collect()
        });
    }

    /// A session store.
    pub fn sessions<V: Shown>(&mut self, store: &str) {
        let name = store.to_owned();
        self.store(store, move |driver, _| {
            let read = |(key, window, value): (String, lentic_topology::Window, V)| {
                row(&name, format!("{}@[{},{}]", key.shown(0), window.start, window.end), &value, -1)
            };
            driver.sessions::<String, V>(&name).into_iter().map(read).collect()
        });
    }

    /// A versioned store, read at the times that the trace tells of.
    pub fn versions(&mut self, store: &str) {
        let name = store.to_owned();
        self.store(store, move |driver, expected| {
            let mut lines = Vec::new();
            for line in expected {
                let Some((key, at)) = line.key.split_once('@') else { continue };
                let text = if key == "\"\"" { String::new() } else { key.to_owned() };
                let time = at.parse().expect("a time");
                let found = driver.version_at::<String, String>(&name, &text, time);
                lines.push(match found {
                    Some((value, at)) => row(&name, line.key.clone(), &value, at),
                    None => row(&name, line.key.clone(), &Text::None, -1),
                });
                if lines.iter().all(|other| other.key != key) {
                    let latest = driver.version_at::<String, String>(&name, &text, i64::MAX);
                    let (value, at) = latest.map_or((None, -1), |(value, at)| (Some(value), at));
                    lines.push(row(&name, key.to_owned(), &value, at));
                }
            }
            lines
        });
    }

    /// A global table's rows.
    pub fn globals(&mut self, store: &str, topic: &str) {
        let (name, topic) = (store.to_owned(), topic.to_owned());
        self.store(store, move |driver, _| {
            let rows = driver.global_rows::<String, String>(&topic);
            rows.into_iter().map(|(key, value, at)| row(&name, key.shown(0), &value, at)).collect()
        });
    }

    fn store(&mut self, name: &str, read: impl Fn(&mut TestDriver, &[Line]) -> Vec<Line> + 'static) {
        self.stores.push((name.to_owned(), Box::new(read)));
    }
}

/// A store of versions, kept this far back.
pub fn versions(store: &str, history: i64) -> Materialized {
    Materialized::named(store).versioned(ms(history))
}

/// Milliseconds.
pub fn ms(millis: i64) -> Duration {
    Duration::from_millis(millis as u64)
}

fn row<V: Shown>(store: &str, key: String, value: &V, at: i64) -> Line {
    let at = if at < 0 { "-".to_owned() } else { at.to_string() };
    Line { name: store.to_owned(), key, value: value.shown(0), at }
}

fn text<T: Shown>(bytes: Option<&[u8]>, size: i64) -> String {
    bytes.map(|bytes| T::decode(bytes).expect("an output decodes")).shown(size)
}
