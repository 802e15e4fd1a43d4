//! Streams and what can be done with their records one by one.
use std::marker::PhantomData;
use std::sync::Arc;

use lentic_types::TopicName;

use super::erase::{both, get, predicate};
use super::{Grouped, Split, Table};
use crate::Payload;
use crate::codec::Codec;
use crate::data::Data;
use crate::error::TopologyError;
use crate::spec::{Policy, ProcessError, RecordContext, Spec};
use crate::untyped::{self, Place};

/// A stream of records.
///
/// Functions see keys and values, never nulls: a record whose key or value is null, where the type (`Option<T>`, `()`) has
/// nothing for it, passes [`filter`](Self::filter), [`map_values`](Self::map_values) and [`peek`](Self::peek) as it is, and
/// goes no further where a new key would have to be made of it. So a tombstone of a table's stream reaches the topic that
/// the stream is written to.
pub struct Stream<K, V> {
    pub(super) place: Place,
    pub(super) _types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for Stream<K, V> {
    fn clone(&self) -> Self {
        Self::at(self.place.clone())
    }
}

impl<K, V> Stream<K, V> {
    pub(super) fn at(place: Place) -> Self {
        Self { place, _types: PhantomData }
    }

    /// Adds a node behind this one.
    pub(super) fn add<K2, V2>(&self, operation: &str, spec: Spec) -> Stream<K2, V2> {
        Stream::at(self.place.add(operation, spec))
    }

    pub(super) fn moved(self) -> Self {
        Self::at(self.place.with_moved(true))
    }
}

impl<K: Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Stream<K, V> {
    /// Keeps the records of which this is true.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> Self {
        self.add("filter", Spec::Filter(predicate(keep)))
    }

    /// Drops the records of which this is true.
    #[must_use]
    pub fn filter_not(&self, drop: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> Self {
        self.add("filter", Spec::Filter(predicate(move |key, value| !drop(key, value))))
    }

    /// Another value.
    #[must_use]
    pub fn map_values<W: Clone + Send + Sync + 'static>(
        &self,
        map: impl Fn(&V) -> W + Send + Sync + 'static,
    ) -> Stream<K, W> {
        let map = move |_: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            Ok(get(value.as_ref()).map(|value| Payload::new(map(value))))
        };
        self.add("map_values", Spec::MapValues(Arc::new(map)))
    }

    /// Another value, made of key and value.
    #[must_use]
    pub fn map_values_with_key<W: Clone + Send + Sync + 'static>(
        &self,
        map: impl Fn(&K, &V) -> W + Send + Sync + 'static,
    ) -> Stream<K, W> {
        let map = move |key: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            Ok(both(key, value.as_ref()).map(|(key, value)| Payload::new(map(key, value))))
        };
        self.add("map_values", Spec::MapValues(Arc::new(map)))
    }

    /// Another value, or an error: what happens then is said by `processing_errors`.
    #[must_use]
    pub fn try_map_values<W: Clone + Send + Sync + 'static, E: std::fmt::Display>(
        &self,
        map: impl Fn(&V) -> Result<W, E> + Send + Sync + 'static,
    ) -> Stream<K, W> {
        let map =
            move |_: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
                match get(value.as_ref()).map(&map) {
                    None => Ok(None),
                    Some(Ok(value)) => Ok(Some(Payload::new(value))),
                    Some(Err(error)) => Err(ProcessError(error.to_string())),
                }
            };
        self.add("map_values", Spec::MapValues(Arc::new(map)))
    }

    /// Another key and value.
    #[must_use]
    pub fn map<K2: Clone + Send + Sync + 'static, W: Clone + Send + Sync + 'static>(
        &self,
        map: impl Fn(&K, &V) -> (K2, W) + Send + Sync + 'static,
    ) -> Stream<K2, W> {
        let map = move |key: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            let mapped = both(key, value.as_ref()).map(|(key, value)| map(key, value));
            Ok(mapped.map(|(key, value)| (Some(Payload::new(key)), Some(Payload::new(value)))))
        };
        self.add("map", Spec::Map(Arc::new(map))).moved()
    }

    /// Another key.
    #[must_use]
    pub fn select_key<K2: Clone + Send + Sync + 'static>(
        &self,
        select: impl Fn(&K, &V) -> K2 + Send + Sync + 'static,
    ) -> Stream<K2, V> {
        let map = move |key: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            let selected = both(key, value.as_ref()).map(|(key, value)| select(key, value));
            Ok(selected.map(|selected| (Some(Payload::new(selected)), value)))
        };
        self.add("select_key", Spec::Map(Arc::new(map))).moved()
    }

    /// Any number of records instead of one.
    #[must_use]
    pub fn flat_map<K2, W, I>(&self, map: impl Fn(&K, &V) -> I + Send + Sync + 'static) -> Stream<K2, W>
    where
        K2: Clone + Send + Sync + 'static,
        W: Clone + Send + Sync + 'static,
        I: IntoIterator<Item = (K2, W)>,
    {
        let flat = move |key: Option<&Payload>,
                         value: Option<&Payload>,
                         _: &RecordContext<'_>,
                         out: &mut dyn FnMut(Option<Payload>, Option<Payload>)| {
            let Some((key, value)) = both(key, value) else { return Ok(()) };
            for (key, value) in map(key, value) {
                out(Some(Payload::new(key)), Some(Payload::new(value)));
            }
            Ok(())
        };
        self.add("flat_map", Spec::FlatMap(Arc::new(flat))).moved()
    }

    /// Any number of values instead of one.
    #[must_use]
    pub fn flat_map_values<W, I>(&self, map: impl Fn(&V) -> I + Send + Sync + 'static) -> Stream<K, W>
    where
        W: Clone + Send + Sync + 'static,
        I: IntoIterator<Item = W>,
    {
        let flat = move |key: Option<&Payload>,
                         value: Option<&Payload>,
                         _: &RecordContext<'_>,
                         out: &mut dyn FnMut(Option<Payload>, Option<Payload>)| {
            let Some(value) = get(value) else { return Ok(()) };
            for value in map(value) {
                out(key.cloned(), Some(Payload::new(value)));
            }
            Ok(())
        };
        self.add("flat_map_values", Spec::FlatMap(Arc::new(flat)))
    }

    /// Looks at each record.
    #[must_use]
    pub fn peek(&self, look: impl Fn(&K, &V) + Send + Sync + 'static) -> Self {
        let look = move |key: Option<&Payload>, value: Option<&Payload>| {
            if let Some((key, value)) = both(key, value) {
                look(key, value);
            }
        };
        self.add("peek", Spec::Peek(Arc::new(look)))
    }

    /// Ends the stream with a function.
    pub fn for_each(&self, each: impl Fn(&K, &V) + Send + Sync + 'static) {
        let _ends_here = self.peek(each);
    }

    /// Into one stream with another; in which order they come is not promised.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        Self::at(self.place.merge(&other.place))
    }

    /// Divides the stream: each record goes to the first branch that takes it.
    pub fn split(&self) -> Split<K, V> {
        Split::new(self)
    }

    /// What happens to records that a function fails on, whatever the node's `processing_errors` says: for all operators
    /// that are chained from here on, also behind repartition topics. Where two streams or tables meet, those of the one
    /// that the method is called on count.
    #[must_use]
    pub fn on_processing_error(&self, policy: Policy) -> Self {
        Self::at(self.place.on_processing_error(policy))
    }

    /// The same for results that their topic would refuse, and the node's `production_errors`.
    #[must_use]
    pub fn on_production_error(&self, policy: Policy) -> Self {
        Self::at(self.place.on_production_error(policy))
    }
}

impl<K: Data, V: Data> Stream<K, V> {
    /// Writes the stream to a topic.
    pub fn to(&self, topic: &str) {
        self.untyped().to(topic);
    }

    /// Writes each record to the topic that the function names: a `TopicName`, or a text. What happens to a record whose
    /// topic does not exist, or whose text names none, is said by `production_errors`.
    pub fn to_topic_by<T>(&self, topic: impl Fn(&K, &V) -> T + Send + Sync + 'static)
    where
        T: TryInto<TopicName>,
        T::Error: std::fmt::Display,
    {
        let mut errors = Vec::new();
        let fallback = TopicName::new(&*self.place.base).unwrap_or_else(|_| {
            errors.push(TopologyError::Invalid("a stream without a topic's name".to_owned()));
            TopicName::new("invalid").expect("a legal name")
        });
        self.place.graph.borrow_mut().errors.extend(errors);
        let by = move |key: Option<&Payload>, value: Option<&Payload>| {
            let Some((key, value)) = both(key, value) else { return Ok(fallback.clone()) };
            topic(key, value).try_into().map_err(|error: T::Error| error.to_string())
        };
        self.untyped().to_topic_by(Arc::new(by));
    }

    /// Through a topic of the topology's own, by which each key's records come together in one partition. Records without a
    /// key are dropped.
    #[must_use]
    pub fn repartition(&self, name: &str) -> Self {
        Self::at(self.untyped().repartition(name, None, true).into_place())
    }

    /// The same with this many partitions.
    #[must_use]
    pub fn repartition_into(&self, name: &str, partitions: u32) -> Self {
        Self::at(self.untyped().repartition(name, Some(partitions), true).into_place())
    }

    /// The latest record of each key as a table.
    pub fn to_table(&self) -> Table<K, V> {
        Table::at(self.untyped().to_table_through(&format!("{}-table", self.place.base)))
    }

    /// Groups the records by their keys.
    pub fn group_by_key(&self) -> Grouped<K, V> {
        Grouped::new(self.clone())
    }

    /// Groups the records by another key.
    pub fn group_by<K2: Data>(&self, key: impl Fn(&K, &V) -> K2 + Send + Sync + 'static) -> Grouped<K2, V> {
        Grouped::new(self.select_key(key))
    }

    /// The stream with its codecs.
    pub fn untyped(&self) -> untyped::Stream {
        untyped::Stream::at(self.place.clone(), Codec::of::<K>(), Codec::of::<V>())
    }
}
