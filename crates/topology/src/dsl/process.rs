//! The user's own operators, with their types.
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use lentic_types::{Header, Timestamp};

use super::erase::get;
use super::{Materialized, Stream, Topology};
use crate::codec::Codec;
use crate::data::Data;
use crate::spec::{
    Clock, Host, Origin, Process, ProcessError, ProcessSpec, Scheduled, Spec, StoreIndex, StoreKind,
};
use crate::window::millis;
use crate::{Payload, Record};

/// A record as a processor sees it; null where the log has null.
#[derive(Clone, Debug)]
pub struct StreamRecord<K, V> {
    /// The key.
    pub key: Option<K>,
    /// The value.
    pub value: Option<V>,
    /// Event time.
    pub timestamp: Timestamp,
    /// As they came.
    pub headers: Vec<Header>,
}

/// An operator of your own: stores, schedules, any number of results.
pub trait Processor<K, V, K2, V2>: Send + 'static {
    /// Before the first record after each start: sets schedules.
    fn init(&mut self, _context: &mut ProcessContext<'_, K2, V2>) -> Result<(), ProcessError> {
        Ok(())
    }

    /// Takes a record.
    fn process(
        &mut self,
        context: &mut ProcessContext<'_, K2, V2>,
        record: StreamRecord<K, V>,
    ) -> Result<(), ProcessError>;

    /// Called by a schedule; `at` is the stream time or the wall clock.
    fn punctuate(
        &mut self,
        _context: &mut ProcessContext<'_, K2, V2>,
        _scheduled: Scheduled,
        _at: Timestamp,
    ) -> Result<(), ProcessError> {
        Ok(())
    }
}

/// A key-value store that processors use.
pub struct KeyValueStore<K, V> {
    index: StoreIndex,
    _types: PhantomData<fn() -> (K, V)>,
}

/// A window store that processors use.
pub struct WindowStore<K, V> {
    index: StoreIndex,
    _types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for KeyValueStore<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for KeyValueStore<K, V> {}

impl<K, V> Clone for WindowStore<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, V> Copy for WindowStore<K, V> {}

impl<K, V> From<KeyValueStore<K, V>> for StoreIndex {
    fn from(store: KeyValueStore<K, V>) -> Self {
        store.index
    }
}

impl<K, V> From<WindowStore<K, V>> for StoreIndex {
    fn from(store: WindowStore<K, V>) -> Self {
        store.index
    }
}

impl Topology {
    /// A key-value store for processors.
    pub fn key_value_store<K: Data, V: Data>(&self, store: impl Into<Materialized>) -> KeyValueStore<K, V> {
        let mut graph = self.graph().borrow_mut();
        let spec = store.into().spec(&mut graph, StoreKind::KeyValue, Codec::of::<K>(), Codec::of::<V>());
        KeyValueStore { index: graph.add_store(spec), _types: PhantomData }
    }

    /// A window store for processors: windows of this size, kept this long.
    pub fn window_store<K: Data, V: Data>(
        &self,
        store: impl Into<Materialized>,
        size: Duration,
        retention: Duration,
    ) -> WindowStore<K, V> {
        let mut graph = self.graph().borrow_mut();
        let kind =
            StoreKind::Window { size_ms: millis(size), retention_ms: millis(retention), duplicates: false };
        let spec = store.into().spec(&mut graph, kind, Codec::of::<K>(), Codec::of::<V>());
        WindowStore { index: graph.add_store(spec), _types: PhantomData }
    }
}

impl<K: Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Stream<K, V> {
    /// Hands each record to an operator of your own, which `make` makes at each start of a task. `stores` are those that it
    /// uses (`store.into()`).
    #[must_use]
    pub fn process<K2, V2, P>(
        &self,
        name: &str,
        stores: &[StoreIndex],
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Stream<K2, V2>
    where
        K2: Clone + Send + Sync + 'static,
        V2: Clone + Send + Sync + 'static,
        P: Processor<K, V, K2, V2>,
    {
        self.processed(name, stores, make).moved()
    }

    /// The same for operators that leave the key as it is.
    #[must_use]
    pub fn process_values<V2, P>(
        &self,
        name: &str,
        stores: &[StoreIndex],
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Stream<K, V2>
    where
        V2: Clone + Send + Sync + 'static,
        P: Processor<K, V, K, V2>,
    {
        self.processed(name, stores, make)
    }

    fn processed<K2, V2, P>(
        &self,
        name: &str,
        stores: &[StoreIndex],
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Stream<K2, V2>
    where
        K2: Clone + Send + Sync + 'static,
        V2: Clone + Send + Sync + 'static,
        P: Processor<K, V, K2, V2>,
    {
        let indexes = stores.to_vec();
        let make = move || {
            let stores = indexes.clone();
            Box::new(Typed { processor: make(), stores, _types: PhantomData::<fn() -> (K, V, K2, V2)> })
                as Box<dyn Process>
        };
        let graph = self.place.graph.borrow();
        let names = stores.iter().map(|store| Arc::from(graph.stores[store.0].name.as_str())).collect();
        drop(graph);
        let spec = ProcessSpec { make: Arc::new(make), stores: stores.to_vec(), store_names: names };
        Stream::at(self.place.add_named(name, Spec::Process(spec)))
    }
}

/// What a processor may do.
pub struct ProcessContext<'a, K, V> {
    host: &'a mut dyn Host,
    stores: &'a [StoreIndex],
    _types: PhantomData<fn() -> (K, V)>,
}

impl<K: Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> ProcessContext<'_, K, V> {
    /// Passes a record on.
    pub fn forward(&mut self, record: StreamRecord<K, V>) -> Result<(), ProcessError> {
        let headers = (!record.headers.is_empty()).then(|| Arc::from(record.headers));
        let (key, value) = (record.key.map(Payload::new), record.value.map(Payload::new));
        self.host.forward(None, Record { headers, ..Record::new(key, value, record.timestamp) })
    }

    /// Passes a key and a value on, at this time.
    pub fn emit(&mut self, key: K, value: V, timestamp: Timestamp) -> Result<(), ProcessError> {
        self.host.forward(None, Record::new(Some(Payload::new(key)), Some(Payload::new(value)), timestamp))
    }

    /// One of the operator's stores.
    ///
    /// # Panics
    /// If the operator was not given this store.
    pub fn store<SK, SV>(&mut self, store: KeyValueStore<SK, SV>) -> KeyValue<'_, SK, SV> {
        let store = self.place(store.index);
        KeyValue { host: self.host, store, _types: PhantomData }
    }

    /// One of the operator's window stores.
    ///
    /// # Panics
    /// If the operator was not given this store.
    pub fn windows<SK, SV>(&mut self, store: WindowStore<SK, SV>) -> Windows<'_, SK, SV> {
        let store = self.place(store.index);
        Windows { host: self.host, store, _types: PhantomData }
    }

    /// Calls [`Processor::punctuate`] every so often.
    pub fn schedule(&mut self, interval: Duration, clock: Clock) -> Scheduled {
        self.host.schedule(millis(interval), clock)
    }

    /// Ends a schedule.
    pub fn cancel(&mut self, scheduled: Scheduled) {
        self.host.cancel(scheduled);
    }

    /// The task's stream time, -1 before the first record.
    pub fn stream_time(&self) -> Timestamp {
        self.host.stream_time()
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.host.now()
    }

    /// Where the record was read; `None` in a punctuation.
    pub fn origin(&self) -> Option<Origin> {
        self.host.origin()
    }

    /// Commits as soon as this record is through.
    pub fn request_commit(&mut self) {
        self.host.request_commit();
    }

    fn place(&self, index: StoreIndex) -> usize {
        let place = self.stores.iter().position(|store| *store == index);
        place.expect("a processor uses only stores that it was given")
    }
}

/// A key-value store at work.
pub struct KeyValue<'a, K, V> {
    host: &'a mut dyn Host,
    store: usize,
    _types: PhantomData<fn() -> (K, V)>,
}

impl<K: Data, V: Data> KeyValue<'_, K, V> {
    /// The value of a key.
    pub fn get(&mut self, key: &K) -> Result<Option<V>, ProcessError> {
        let found = self.host.get(self.store, &Payload::new(key.clone()))?;
        Ok(found.map(|(value, _)| value.take()))
    }

    /// Sets the value of a key.
    pub fn put(&mut self, key: &K, value: V, timestamp: Timestamp) -> Result<(), ProcessError> {
        self.host.put(self.store, &Payload::new(key.clone()), Some(&Payload::new(value)), timestamp)
    }

    /// Removes a key.
    pub fn delete(&mut self, key: &K, timestamp: Timestamp) -> Result<(), ProcessError> {
        self.host.put(self.store, &Payload::new(key.clone()), None, timestamp)
    }

    /// The rows between two keys (inclusive), in key order.
    pub fn range(&mut self, from: Option<&K>, to: Option<&K>) -> Result<Vec<(K, V)>, ProcessError> {
        let (from, to) = (from.cloned().map(Payload::new), to.cloned().map(Payload::new));
        let mut rows = Vec::new();
        self.host.scan(self.store, from.as_ref(), to.as_ref(), &mut |key, value, _| {
            rows.push((key.take(), value.take()));
            true
        })?;
        Ok(rows)
    }
}

/// A window store at work.
pub struct Windows<'a, K, V> {
    host: &'a mut dyn Host,
    store: usize,
    _types: PhantomData<fn() -> (K, V)>,
}

impl<K: Data, V: Data> Windows<'_, K, V> {
    /// The value of a key's window that starts then.
    pub fn get(&mut self, key: &K, start: i64) -> Result<Option<V>, ProcessError> {
        let found = self.host.get_window(self.store, &Payload::new(key.clone()), start)?;
        Ok(found.map(|(value, _)| value.take()))
    }

    /// Sets the value of a key's window that starts then.
    pub fn put(&mut self, key: &K, start: i64, value: V, timestamp: Timestamp) -> Result<(), ProcessError> {
        let value = Payload::new(value);
        self.host.put_window(self.store, &Payload::new(key.clone()), start, Some(&value), timestamp)
    }
}

struct Typed<P, K, V, K2, V2> {
    processor: P,
    stores: Vec<StoreIndex>,
    _types: PhantomData<fn() -> (K, V, K2, V2)>,
}

impl<P, K, V, K2, V2> Process for Typed<P, K, V, K2, V2>
where
    K: Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    K2: Clone + Send + Sync + 'static,
    V2: Clone + Send + Sync + 'static,
    P: Processor<K, V, K2, V2>,
{
    fn init(&mut self, host: &mut dyn Host) -> Result<(), ProcessError> {
        self.processor.init(&mut ProcessContext { host, stores: &self.stores, _types: PhantomData })
    }

    fn process(&mut self, host: &mut dyn Host, record: Record) -> Result<(), ProcessError> {
        let record = StreamRecord {
            key: get::<K>(record.key.as_ref()).cloned(),
            value: get::<V>(record.value.as_ref()).cloned(),
            timestamp: record.timestamp,
            headers: record.headers.as_deref().unwrap_or_default().to_vec(),
        };
        self.processor
            .process(&mut ProcessContext { host, stores: &self.stores, _types: PhantomData }, record)
    }

    fn punctuate(
        &mut self,
        host: &mut dyn Host,
        scheduled: Scheduled,
        at: Timestamp,
    ) -> Result<(), ProcessError> {
        let mut context = ProcessContext { host, stores: &self.stores, _types: PhantomData };
        self.processor.punctuate(&mut context, scheduled, at)
    }
}
