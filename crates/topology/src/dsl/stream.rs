//! Streams and what can be done with their records one by one.
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use lentic_types::{Partitioner, TopicName};

use super::erase::{both, get, predicate};
use super::topology::Shared;
use super::{Grouped, Split, Table};
use crate::Payload;
use crate::codec::Codec;
use crate::data::Data;
use crate::error::TopologyError;
use crate::graph::{Graph, Input, NodeId};
use crate::spec::{
    Name, OffsetReset, Policies, Policy, ProcessError, Sink, SinkKey, Source, Spec, Target,
    TimestampExtractor, Topic,
};

/// A stream of records.
///
/// Functions see keys and values, never nulls: a record whose key or value is null, where the type (`Option<T>`, `()`) has
/// nothing for it, passes [`filter`](Self::filter), [`map_values`](Self::map_values) and [`peek`](Self::peek) as it is, and
/// goes no further where a new key would have to be made of it. So a tombstone of a table's stream reaches the topic that
/// the stream is written to.
pub struct Stream<K, V> {
    pub(super) graph: Shared,
    pub(super) node: NodeId,
    /// What names are derived from: the topic, store or operator that it comes from.
    pub(super) base: Name,
    /// Records may lie in other partitions than their keys belong to.
    pub(super) is_moved: bool,
    /// Of what is chained from here on.
    pub(super) policies: Policies,
    pub(super) _types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for Stream<K, V> {
    fn clone(&self) -> Self {
        Self {
            graph: Rc::clone(&self.graph),
            node: self.node,
            base: Arc::clone(&self.base),
            is_moved: self.is_moved,
            policies: self.policies,
            _types: PhantomData,
        }
    }
}

impl<K, V> Stream<K, V> {
    pub(super) fn new(graph: &Shared, node: NodeId, base: Name) -> Self {
        let policies = graph.borrow().nodes[node.0].policies;
        Self { graph: Rc::clone(graph), node, base, is_moved: false, policies, _types: PhantomData }
    }

    pub(super) fn input(&self, port: usize) -> Input {
        Input { node: self.node, port }
    }

    /// Adds a node behind this one.
    pub(super) fn add<K2, V2>(&self, operation: &str, spec: Spec) -> Stream<K2, V2> {
        let mut graph = self.graph.borrow_mut();
        let name = format!("{}.{operation}", graph.name(self.node));
        let node = graph.add(&name, spec, vec![self.input(0)], self.policies);
        Stream {
            graph: Rc::clone(&self.graph),
            node,
            base: Arc::clone(&self.base),
            is_moved: self.is_moved,
            policies: self.policies,
            _types: PhantomData,
        }
    }

    pub(super) fn moved(self) -> Self {
        Self { is_moved: true, ..self }
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
        let map = move |_: Option<&Payload>, value: Option<&Payload>| {
            Ok(get(value).map(|value| Payload::new(map(value))))
        };
        self.add("map_values", Spec::MapValues(Arc::new(map)))
    }

    /// Another value, made of key and value.
    #[must_use]
    pub fn map_values_with_key<W: Clone + Send + Sync + 'static>(
        &self,
        map: impl Fn(&K, &V) -> W + Send + Sync + 'static,
    ) -> Stream<K, W> {
        let map = move |key: Option<&Payload>, value: Option<&Payload>| {
            Ok(both(key, value).map(|(key, value)| Payload::new(map(key, value))))
        };
        self.add("map_values", Spec::MapValues(Arc::new(map)))
    }

    /// Another value, or an error: what happens then is said by `processing_errors`.
    #[must_use]
    pub fn try_map_values<W: Clone + Send + Sync + 'static, E: std::fmt::Display>(
        &self,
        map: impl Fn(&V) -> Result<W, E> + Send + Sync + 'static,
    ) -> Stream<K, W> {
        let map = move |_: Option<&Payload>, value: Option<&Payload>| match get(value).map(&map) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(Payload::new(value))),
            Some(Err(error)) => Err(ProcessError(error.to_string())),
        };
        self.add("map_values", Spec::MapValues(Arc::new(map)))
    }

    /// Another key and value.
    #[must_use]
    pub fn map<K2: Clone + Send + Sync + 'static, W: Clone + Send + Sync + 'static>(
        &self,
        map: impl Fn(&K, &V) -> (K2, W) + Send + Sync + 'static,
    ) -> Stream<K2, W> {
        let map = move |key: Option<&Payload>, value: Option<&Payload>| {
            let (key, value) = both(key, value).map(|(key, value)| map(key, value))?;
            Some((Some(Payload::new(key)), Some(Payload::new(value))))
        };
        self.add("map", Spec::Map(Arc::new(map))).moved()
    }

    /// Another key.
    #[must_use]
    pub fn select_key<K2: Clone + Send + Sync + 'static>(
        &self,
        select: impl Fn(&K, &V) -> K2 + Send + Sync + 'static,
    ) -> Stream<K2, V> {
        let map = move |key: Option<&Payload>, value: Option<&Payload>| {
            let selected = both(key, value).map(|(key, value)| select(key, value))?;
            Some((Some(Payload::new(selected)), value.cloned()))
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
                         out: &mut dyn FnMut(Option<Payload>, Option<Payload>)| {
            let Some((key, value)) = both(key, value) else { return };
            for (key, value) in map(key, value) {
                out(Some(Payload::new(key)), Some(Payload::new(value)));
            }
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
                         out: &mut dyn FnMut(Option<Payload>, Option<Payload>)| {
            let Some(value) = get(value) else { return };
            for value in map(value) {
                out(key.cloned(), Some(Payload::new(value)));
            }
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
        let merged = self.add("merge", Spec::Merge);
        merged.graph.borrow_mut().nodes[merged.node.0].inputs.push(other.input(0));
        Self { is_moved: self.is_moved || other.is_moved, ..merged }
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
        Self { policies: Policies { processing: policy, ..self.policies }, ..self.clone() }
    }

    /// The same for results that their topic would refuse, and the node's `production_errors`.
    #[must_use]
    pub fn on_production_error(&self, policy: Policy) -> Self {
        Self { policies: Policies { production: policy, ..self.policies }, ..self.clone() }
    }
}

impl<K: Data, V: Data> Stream<K, V> {
    /// Writes the stream to a topic.
    pub fn to(&self, topic: &str) {
        let name = super::topology::topic(&mut self.graph.borrow_mut(), topic);
        self.sink(topic, Target::Topic(Topic::Named(name)), false);
    }

    /// Writes each record to the topic that the function names: a `TopicName`, or a text. What happens to a record whose
    /// topic does not exist, or whose text names none, is said by `production_errors`.
    pub fn to_topic_by<T>(&self, topic: impl Fn(&K, &V) -> T + Send + Sync + 'static)
    where
        T: TryInto<TopicName>,
        T::Error: std::fmt::Display,
    {
        let mut errors = Vec::new();
        let fallback = TopicName::new(&*self.base).unwrap_or_else(|_| {
            errors.push(TopologyError::Invalid("a stream without a topic's name".to_owned()));
            TopicName::new("invalid").expect("a legal name")
        });
        self.graph.borrow_mut().errors.extend(errors);
        let by = move |key: Option<&Payload>, value: Option<&Payload>| {
            let Some((key, value)) = both(key, value) else { return Ok(fallback.clone()) };
            topic(key, value).try_into().map_err(|error: T::Error| error.to_string())
        };
        self.sink("dynamic", Target::Dynamic(Arc::new(by)), false);
    }

    /// Through a topic of the topology's own, by which each key's records come together in one partition. Records without a
    /// key are dropped.
    #[must_use]
    pub fn repartition(&self, name: &str) -> Self {
        self.through(name, None, true)
    }

    /// The same with this many partitions.
    #[must_use]
    pub fn repartition_into(&self, name: &str, partitions: u32) -> Self {
        self.through(name, Some(partitions), true)
    }

    /// The latest record of each key as a table.
    pub fn to_table(&self) -> Table<K, V> {
        let input = self.in_place(&format!("{}-table", self.base));
        let name = format!("{}.table", self.graph.borrow().name(input.node));
        let (spec, inputs) = (Spec::Table { store: None }, vec![input.input(0)]);
        let node = self.graph.borrow_mut().add(&name, spec, inputs, self.policies);
        Table::new(&self.graph, node, Arc::clone(&self.base), Codec::of::<K>(), Codec::of::<V>())
    }

    /// Groups the records by their keys.
    pub fn group_by_key(&self) -> Grouped<K, V> {
        Grouped::new(self.clone())
    }

    /// Groups the records by another key.
    pub fn group_by<K2: Data>(&self, key: impl Fn(&K, &V) -> K2 + Send + Sync + 'static) -> Grouped<K2, V> {
        Grouped::new(self.select_key(key))
    }

    /// The stream with every record in the partition of its key: itself, if it is so already. Where a new topic is needed
    /// for that, records without a key end there.
    pub(super) fn in_place(&self, name: &str) -> Self {
        if self.is_moved { self.through(name, None, true) } else { self.clone() }
    }

    /// The same for joins, of which left and outer ones have results for records without a key.
    pub(super) fn in_place_for_join(&self, name: &str) -> Self {
        if self.is_moved { self.through(name, None, false) } else { self.clone() }
    }

    fn sink(&self, name: &str, target: Target, needs_key: bool) {
        let sink = Sink {
            needs_key,
            target,
            key: Codec::of::<K>(),
            value: Codec::of::<V>(),
            is_change: false,
            partition: SinkKey::Hash(Partitioner::Murmur2),
        };
        let _: Stream<K, V> = self.add(&format!("to({name})"), Spec::Sink(sink));
    }

    fn through(&self, name: &str, partitions: Option<u32>, needs_key: bool) -> Self {
        let topic = repartition_topic(&mut self.graph.borrow_mut(), name, partitions);
        self.sink(name, Target::Topic(topic.clone()), needs_key);
        let source = internal_source(topic, Codec::of::<K>(), Codec::of::<V>(), false);
        let name = format!("{name}-repartition");
        let node = self.graph.borrow_mut().add(&name, source, Vec::new(), self.policies);
        Self { node, is_moved: false, base: Arc::clone(&self.base), ..self.clone() }
    }
}

/// A repartition topic; its name must be free.
pub(super) fn repartition_topic(graph: &mut Graph, name: &str, partitions: Option<u32>) -> Topic {
    let name: Name = Arc::from(name);
    if let Err(error) = TopicName::new(format!("{name}-repartition")) {
        graph.errors.push(TopologyError::InvalidName { what: "repartition topic", text: error.to_string() });
    }
    let topic = Topic::Repartition(Arc::clone(&name));
    let is_taken = |node: &crate::graph::Node| matches!(&node.spec, Spec::Source(source) if source.topics.contains(&topic));
    if graph.nodes.iter().any(is_taken) {
        graph.errors.push(TopologyError::NameTaken { what: "repartition topic", name: name.to_string() });
    }
    if partitions == Some(0) {
        graph.errors.push(TopologyError::Invalid(format!("{name} is to have 0 partitions: at least 1")));
    }
    if let Some(partitions) = partitions {
        graph.partitions.insert(name, partitions);
    }
    topic
}

/// Reads a topic of the topology's own.
pub(super) fn internal_source(topic: Topic, key: Codec, value: Codec, is_change: bool) -> Spec {
    Spec::Source(Source {
        topics: vec![topic],
        key,
        value,
        is_change,
        timestamp: TimestampExtractor::FailOnInvalid,
        reset: OffsetReset::Earliest,
        errors: Policy::Fail,
    })
}
