//! Streams and what can be done with their records one by one.
use lentic_types::Partitioner;

use super::repartition::Through;
use super::{Place, Table, topic};
use crate::codec::Codec;
use crate::dsl::Materialized;
use crate::spec::{
    Consumer, FlatMapper, Mapper, Policy, Predicate, Retimer, Sink, SinkKey, Spec, Target, Topic, Topicker,
    ValueMapper,
};

/// A stream of records, and how its keys and values become bytes.
#[derive(Clone)]
pub struct Stream {
    pub(super) place: Place,
    pub(super) key: Codec,
    pub(super) value: Codec,
}

impl Stream {
    pub(crate) fn at(place: Place, key: Codec, value: Codec) -> Self {
        Self { place, key, value }
    }

    pub(crate) fn into_place(self) -> Place {
        self.place
    }

    /// Keys.
    pub fn key(&self) -> &Codec {
        &self.key
    }

    /// Values.
    pub fn value(&self) -> &Codec {
        &self.value
    }

    /// The same records, written with other codecs from here on. They have to take the same payloads.
    #[must_use]
    pub fn with_codecs(&self, key: Codec, value: Codec) -> Self {
        Self { place: self.place.clone(), key, value }
    }

    /// Whether records may lie in other partitions than their keys belong to, so that what needs each key's records in one
    /// place sends them through a repartition topic first.
    pub fn is_moved(&self) -> bool {
        self.place.is_moved
    }

    /// The same records, of which the caller says that.
    #[must_use]
    pub fn with_moved(&self, is_moved: bool) -> Self {
        Self { place: self.place.clone().with_moved(is_moved), ..self.clone() }
    }

    /// What happens to records that a function fails on, for all operators that are chained from here on.
    #[must_use]
    pub fn on_processing_error(&self, policy: Policy) -> Self {
        Self { place: self.place.on_processing_error(policy), ..self.clone() }
    }

    /// The same for results that their topic would refuse.
    #[must_use]
    pub fn on_production_error(&self, policy: Policy) -> Self {
        Self { place: self.place.on_production_error(policy), ..self.clone() }
    }

    /// Keeps the records of which this is true.
    #[must_use]
    pub fn filter(&self, keep: Predicate) -> Self {
        self.then("filter", Spec::Filter(keep))
    }

    /// Another key and value. Records may lie in other partitions than their new keys belong to from then on.
    #[must_use]
    pub fn map(&self, map: Mapper, key: Codec, value: Codec) -> Self {
        Self { key, value, ..self.then("map", Spec::Map(map)) }.with_moved(true)
    }

    /// Another value.
    #[must_use]
    pub fn map_values(&self, map: ValueMapper, value: Codec) -> Self {
        Self { value, ..self.then("map_values", Spec::MapValues(map)) }
    }

    /// Any number of records instead of one, with other keys.
    #[must_use]
    pub fn flat_map(&self, map: FlatMapper, key: Codec, value: Codec) -> Self {
        Self { key, value, ..self.then("flat_map", Spec::FlatMap(map)) }.with_moved(true)
    }

    /// Any number of records instead of one; the function leaves the key as it is.
    #[must_use]
    pub fn flat_map_values(&self, map: FlatMapper, value: Codec) -> Self {
        Self { value, ..self.then("flat_map_values", Spec::FlatMap(map)) }
    }

    /// Looks at each record.
    #[must_use]
    pub fn peek(&self, look: Consumer) -> Self {
        self.then("peek", Spec::Peek(look))
    }

    /// Another time for each record.
    #[must_use]
    pub fn retime(&self, time: Retimer) -> Self {
        self.then("retime", Spec::Retime(time))
    }

    /// Into one stream with another of the same payloads; in which order records come is not promised.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        Self { place: self.place.merge(&other.place), ..self.clone() }
    }

    /// Through the topic `<prefix>-<name>-repartition`, by which each key's records come together in one partition.
    /// `partitions`: how many it has; `None`: as many as what it meets. `needs_key`: records without a key end here.
    #[must_use]
    pub fn repartition(&self, name: &str, partitions: Option<u32>, needs_key: bool) -> Self {
        let partition = SinkKey::Hash(Partitioner::Murmur2);
        let (key, value) = (&self.key, &self.value);
        let through = Through { key, value, is_change: false, partition, needs_key, partitions };
        Self { place: self.place.through(name, &through), ..self.clone() }
    }

    /// The stream with every record in the partition of its key: itself, if it is so already. Where a new topic is needed
    /// for that, records without a key end there.
    pub(crate) fn in_place(&self, name: &str) -> Self {
        if self.is_moved() { self.repartition(name, None, true) } else { self.clone() }
    }

    /// The same for joins, of which left and outer ones have results for records without a key.
    pub(crate) fn in_place_for_join(&self, name: &str) -> Self {
        if self.is_moved() { self.repartition(name, None, false) } else { self.clone() }
    }

    /// The latest record of each key as a table, kept in this store. If records are not in the partitions of their keys they
    /// go through a repartition topic of the store's name first.
    pub fn to_table(&self, store: impl Into<Materialized>) -> Table {
        let store = store.into();
        self.to_table_through(&store.name).materialize(store)
    }

    /// The latest record of each key as a table that is kept where that is needed.
    pub(crate) fn to_table_through(&self, repartition: &str) -> Table {
        let Self { place, key, value } = self.in_place(repartition);
        Table::at(place.add("table", Spec::Table { store: None }), key, value)
    }

    /// Writes the stream to a topic, each record to the partition that the hash of its key says.
    pub fn to(&self, topic: &str) {
        let name = self::topic(&mut self.place.graph.borrow_mut(), topic);
        self.sink(topic, Target::Topic(Topic::Named(name)));
    }

    /// Writes each record to the topic that the function names.
    pub fn to_topic_by(&self, topic: Topicker) {
        self.sink("dynamic", Target::Dynamic(topic));
    }

    fn sink(&self, name: &str, target: Target) {
        let sink = Sink {
            needs_key: false,
            target,
            key: self.key.clone(),
            value: self.value.clone(),
            is_change: false,
            partition: SinkKey::Hash(Partitioner::Murmur2),
        };
        self.place.add(&format!("to({name})"), Spec::Sink(sink));
    }

    fn then(&self, operation: &str, spec: Spec) -> Self {
        Self { place: self.place.add(operation, spec), ..self.clone() }
    }
}
