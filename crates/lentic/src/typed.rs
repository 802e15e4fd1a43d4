//! A table with types: what a program uses.
use std::marker::PhantomData;
use std::ops::{Bound, ControlFlow, RangeBounds};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lentic_store::Tier;
use lentic_types::{FormatName, TableName, TableSpec, Timestamp, Token, TopicName};

use crate::codec::{DecodeError, Key, Value};
use crate::{
    Condition, Demand, Filter, KeyBounds, Node, RawTable, ReadError, Scan, Scope, TableError, Target, Watch,
    WatchEvent, WatchStart, Write, WriteError, Written,
};

/// A table of a [`Node`] in this process, with keys of type `K` and values of type `V`.
///
/// ```
/// use lentic::{Node, config::Config};
///
/// let dir = tempfile::tempdir()?;
/// let node = Node::open(Config { data_dir: dir.path().join("data"), ..Config::default() })?;
/// let planes = node.open_table::<String, i32>("planes")?;
/// let token = planes.put("N14228", &1999)?;
/// assert_eq!(planes.get("N14228")?, Some(1999));
/// assert_eq!(planes.range("N1".to_owned()..)?, [("N14228".to_owned(), 1999)]);
/// println!("written at {token}");
/// node.close(std::time::Duration::from_secs(10))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With its rows in memory, and only those of chosen partitions:
///
/// ```
/// use lentic::config::{Config, State};
/// use lentic::{Error, Node, ReadError};
///
/// let dir = tempfile::tempdir()?;
/// let config = Config { data_dir: dir.path().join("data"), state: State::Memory, ..Config::default() };
/// let node = Node::open(config.keep("planes", [0, 2]))?;
/// let planes = node.open_table::<String, i32>("planes")?;
/// planes.put("N14228", &1999)?;
/// match planes.get("N14228") {
///     Ok(row) => assert_eq!(row, Some(1999)),
///     Err(Error::Read(ReadError::NotKept(partition))) => assert!([1, 3].contains(&partition.0)),
///     Err(error) => return Err(error.into()),
/// }
/// node.close(std::time::Duration::from_secs(10))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Table<K: ?Sized, V> {
    raw: RawTable,
    timeout: Duration,
    types: PhantomData<fn(&K) -> V>,
}

/// A row as it was at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version<V> {
    /// The value.
    pub value: V,
    /// Since when it was so.
    pub valid_from: Timestamp,
    /// When the next version took its place; `None` while it is the latest.
    pub valid_to: Option<Timestamp>,
}

/// What a typed operation can fail with.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The table could not be declared.
    Table(TableError),
    /// A read could not be answered.
    Read(ReadError),
    /// A write was not done, or nobody knows.
    Write(WriteError),
    /// A row does not decode as the type.
    Decode(DecodeError),
    /// The log acknowledged the write and the table has not applied it in time; its token to wait for.
    NotApplied(Token),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Table(error) => error.fmt(f),
            Self::Read(error) => error.fmt(f),
            Self::Write(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::NotApplied(token) => write!(f, "written at {token}, and not applied in time"),
        }
    }
}

impl std::error::Error for Error {}

macro_rules! from {
    ($($variant:ident($type:ty)),*) => {$(
        impl From<$type> for Error {
            fn from(error: $type) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

from!(Table(TableError), Read(ReadError), Write(WriteError), Decode(DecodeError));

/// What a typed watch sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<K, V> {
    /// A row of the snapshot, or a put after it.
    Put(K, V, Timestamp),
    /// A delete.
    Delete(K, Timestamp),
    /// The snapshot is complete.
    SnapshotEnd,
    /// Continuity is lost: forget the rows, a snapshot follows.
    Reset,
}

impl Node {
    /// The table over the topic of the same name, declared if it isn't yet; formats by type. Returns at once: the
    /// first read waits until the table has caught up.
    pub fn open_table<K: Key, V: Value>(&self, name: &str) -> Result<Table<K, V>, TableError> {
        let invalid = |error: lentic_types::InvalidName| TableError::Invalid(error.to_string());
        let table = self.table(name);
        let raw = match table {
            Some(table) => table,
            None => {
                let spec = TableSpec {
                    name: TableName::new(name).map_err(invalid)?,
                    topic: TopicName::new(name).map_err(invalid)?,
                    key: K::FORMAT,
                    value: V::FORMAT,
                    partitions: None,
                    partitioner: None,
                    read_only: false,
                    window: None,
                    history_ms: None,
                };
                self.create_table(spec)?.0
            }
        };
        Table::of(raw, Duration::from_millis(self.config().request_timeout_ms))
    }
}

impl<K: Key, V: Value> Table<K, V> {
    /// Types a table; its formats must be the types'.
    pub fn of(raw: RawTable, timeout: Duration) -> Result<Self, TableError> {
        let spec = raw.spec();
        let mut fields = Vec::new();
        let mut compare = |field, declared: FormatName, asked: FormatName| {
            if declared != asked {
                fields.push((field, declared.to_string(), asked.to_string()));
            }
        };
        compare("key", spec.key, K::FORMAT);
        compare("value", spec.value, V::FORMAT);
        if let Some(window) = spec.window {
            fields.push(("window", window.kind.to_string(), "none".to_owned()));
        }
        if fields.is_empty() {
            Ok(Self { raw, timeout, types: PhantomData })
        } else {
            Err(TableError::Differs(fields))
        }
    }

    /// The same table with another bound on waiting (default: the node's `request_timeout_ms`).
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The table as bytes.
    pub fn raw(&self) -> &RawTable {
        &self.raw
    }

    /// Blocks until the table holds what its log held when the node started.
    pub fn wait_ready(&self, timeout: Duration) -> Result<(), ReadError> {
        ready(&self.raw, |_| Scope::All, timeout).map(drop)
    }

    /// Blocks until reads see this write.
    pub fn wait_for(&self, token: &Token) -> Result<(), ReadError> {
        let demand = Demand { at_least: vec![token.clone()], max_staleness: None };
        self.raw.current().wait(&Scope::Partition(token.partition), &demand, self.timeout)
    }

    /// The row of a key.
    pub fn get<Q: ?Sized>(&self, key: &Q) -> Result<Option<V>, Error>
    where
        Q: AsKey<K>,
    {
        let key = key.key_bytes();
        let scope = |table: &RawTable| Scope::from(table.partition_of(&key));
        let raw = ready(&self.raw, scope, self.timeout)?;
        let read = |found: crate::Found<'_>| found.row.map(|row| V::decode(row.value)).transpose();
        Ok(raw.get_with(&scope(&raw), &key, Tier::Disk, read)?.transpose()?.flatten())
    }

    /// The row of a key that was in force at a time, of a table that keeps versions: see [`RawTable::get_as_of`].
    pub fn get_as_of<Q: ?Sized>(&self, key: &Q, at: Timestamp) -> Result<Option<Version<V>>, Error>
    where
        Q: AsKey<K>,
    {
        let key = key.key_bytes();
        let raw = ready(&self.raw, |table| Scope::from(table.partition_of(&key)), self.timeout)?;
        let read = |version: crate::FoundVersion<'_>| {
            let Some(row) = version.found.row else { return Ok(None) };
            let (valid_from, valid_to) = (row.timestamp, version.valid_to);
            Ok(Some(Version { value: V::decode(row.value)?, valid_from, valid_to }))
        };
        raw.get_as_of(&key, at, read)?.map_err(Error::Decode)
    }

    /// All rows of a range, in key order.
    pub fn range(&self, range: impl RangeBounds<K>) -> Result<Vec<(K, V)>, Error> {
        let mut rows = Vec::new();
        self.for_each(range, |key, value| {
            rows.push((key, value));
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    }

    /// Visits the rows of a range in key order, until `visit` breaks.
    pub fn for_each(
        &self,
        range: impl RangeBounds<K>,
        mut visit: impl FnMut(K, V) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let raw = ready(&self.raw, |_| Scope::All, self.timeout)?;
        let (bounds, skip, last) = bounds(&range);
        let scan = Scan { bounds, ..Scan::default() };
        let mut failure = None;
        raw.scan(&scan, &mut |row| {
            if skip.as_deref() == Some(row.key) {
                return ControlFlow::Continue(());
            }
            if last.as_ref().is_some_and(|last| order_bytes::<K>(row.key) > *last) {
                return ControlFlow::Break(());
            }
            let decoded = K::decode(row.key).and_then(|key| Ok((key, V::decode(row.row.value)?)));
            match decoded {
                Ok((key, value)) => visit(key, value),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Writes a row and waits until this table's reads see it.
    pub fn put<Q: ?Sized>(&self, key: &Q, value: &V) -> Result<Token, Error>
    where
        Q: AsKey<K>,
    {
        self.write(key.key_bytes().into(), Some(value.encode()?.into()))
    }

    /// Deletes a row, whether it is there or not, and waits until this table's reads see it.
    pub fn delete<Q: ?Sized>(&self, key: &Q) -> Result<Token, Error>
    where
        Q: AsKey<K>,
    {
        self.write(key.key_bytes().into(), None)
    }

    /// Writes a row if `condition` holds, decided by the log.
    pub fn put_if<Q: ?Sized>(&self, key: &Q, value: &V, condition: &Condition) -> Result<Token, Error>
    where
        Q: AsKey<K>,
    {
        let write = Write { key: key.key_bytes().into(), value: Some(value.encode()?.into()) };
        let written = self.raw.current().write_if(write, condition, self.timeout)?;
        self.applied(written)
    }

    /// Opens a watch: all rows, then every change.
    pub fn watch(&self) -> Result<Changes<K, V>, Error> {
        let watch = ready(&self.raw, |_| Scope::All, self.timeout)?.watch(
            Filter::All,
            &Scope::All,
            WatchStart::Snapshot,
        )?;
        Ok(Changes { watch, events: std::collections::VecDeque::new(), types: PhantomData })
    }

    fn write(&self, key: Bytes, value: Option<Bytes>) -> Result<Token, Error> {
        let raw = self.raw.current();
        raw.wait_write(self.timeout).map_err(WriteError::Read)?;
        let (done, outcome) = mpsc::sync_channel(1);
        raw.write(Write { key, value }, Box::new(move |written| drop(done.try_send(written))));
        let written = outcome.recv().map_err(|_| WriteError::Closed)??;
        self.applied(written)
    }

    /// Reads of partitions that are not kept fail anyway.
    fn applied(&self, written: Written) -> Result<Token, Error> {
        let deadline = Instant::now() + self.timeout;
        let places = [(written.partition, written.offset)].into_iter().chain(written.elsewhere);
        for (partition, offset) in places {
            let until = Target::Position(offset.next());
            let mut raw = self.raw.current();
            while raw.partition(partition).is_some() && !raw.wait_for(partition, until, deadline) {
                let current = raw.current();
                if current.is_closed() || !raw.is_closed() {
                    return Err(Error::NotApplied(written.token));
                }
                raw = current;
            }
        }
        Ok(written.token)
    }
}

/// The table once plain reads are answered, with all partitions that its topic has got meanwhile.
fn ready(
    table: &RawTable,
    scope: impl Fn(&RawTable) -> Scope,
    timeout: Duration,
) -> Result<RawTable, ReadError> {
    let deadline = Instant::now() + timeout;
    loop {
        let current = table.current();
        let left = deadline.saturating_duration_since(Instant::now());
        match current.wait(&scope(&current), &Demand::default(), left) {
            Err(ReadError::Closed) if !current.current().is_closed() => {}
            outcome => return outcome.map(|()| current),
        }
    }
}

fn order_bytes<K: Key>(key: &[u8]) -> Vec<u8> {
    let mut ordered = Vec::new();
    lentic_format::order_key(K::FORMAT, key, &mut ordered);
    ordered
}

/// The bounds as bytes: what to scan, a first key to skip, and the last key in order bytes.
fn bounds<K: Key>(range: &impl RangeBounds<K>) -> (KeyBounds, Option<Vec<u8>>, Option<Vec<u8>>) {
    let (from, skip) = match range.start_bound() {
        Bound::Included(key) => (Some(key.encode()), None),
        Bound::Excluded(key) => (Some(key.encode()), Some(key.encode())),
        Bound::Unbounded => (None, None),
    };
    // Of text and bytes an inclusive end is the exclusive end just above it.
    let (to, last) = match range.end_bound() {
        Bound::Included(key) => match K::FORMAT {
            FormatName::String | FormatName::Bytes | FormatName::Json => {
                let mut above = key.encode();
                above.push(0);
                (Some(above), None)
            }
            _ => (None, Some(order_bytes::<K>(&key.encode()))),
        },
        Bound::Excluded(key) => (Some(key.encode()), None),
        Bound::Unbounded => (None, None),
    };
    (KeyBounds { from, to, ..KeyBounds::default() }, skip, last)
}

/// What can stand for a key of type `K` in a lookup: the key itself, or its borrowed form.
pub trait AsKey<K: ?Sized> {
    /// The bytes as in the log.
    fn key_bytes(&self) -> Vec<u8>;
}

impl<K: Key> AsKey<K> for K {
    fn key_bytes(&self) -> Vec<u8> {
        self.encode()
    }
}

impl AsKey<String> for str {
    fn key_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl AsKey<Vec<u8>> for [u8] {
    fn key_bytes(&self) -> Vec<u8> {
        self.to_vec()
    }
}

/// An open watch with types.
pub struct Changes<K, V> {
    watch: Watch,
    events: std::collections::VecDeque<WatchEvent>,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K: Key, V: Value> Changes<K, V> {
    /// The next event; `None` if `timeout` passes first.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Event<K, V>>, Error> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(event) = self.events.pop_front() {
                return typed(event).map(Some);
            }
            let mut events = Vec::new();
            let more = self.watch.poll(256, &mut events)?;
            self.events.extend(events);
            if more || !self.events.is_empty() {
                continue;
            }
            let (woken, wait) = mpsc::sync_channel(1);
            self.watch.when_ready(Box::new(move || {
                let _ = woken.try_send(());
            }));
            if wait.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_err() {
                return Ok(None);
            }
        }
    }
}

fn typed<K: Key, V: Value>(event: WatchEvent) -> Result<Event<K, V>, Error> {
    Ok(match event {
        WatchEvent::Put { key, value, timestamp, .. } => {
            Event::Put(K::decode(&key)?, V::decode(&value)?, timestamp)
        }
        WatchEvent::Delete { key, timestamp, .. } => Event::Delete(K::decode(&key)?, timestamp),
        WatchEvent::SnapshotEnd => Event::SnapshotEnd,
        WatchEvent::Reset(_) => Event::Reset,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::testing::Bench;

    /// A handle that waits goes on with the one that has all partitions.
    #[test]
    fn handles_are_replaced() {
        let (old, new) = (Bench::new(1), Bench::new(2));
        old.publish(0, |view| view.state = lentic_engine::TaskState::CatchingUp);
        let home = new.table.partition_of(b"a").expect("a partition").0;
        new.append(home, "a", Some("v"));
        new.apply(home);
        let table = Table::<String, String>::of(old.table.clone(), Duration::from_secs(20)).expect("types");
        std::thread::scope(|scope| {
            let get = scope.spawn(|| table.get("a"));
            old.table.replace_by(new.table.clone());
            assert_eq!(get.join().expect("no panic"), Ok(Some("v".to_owned())));
        });
        assert_eq!(table.range(..), Ok(vec![("a".to_owned(), "v".to_owned())]));
        assert_eq!(old.table.admit(&Scope::All, &Demand::default()), Err(ReadError::Closed));
        new.table.close();
        assert_eq!(table.get("a"), Err(Error::Read(ReadError::Closed)));
    }
}
