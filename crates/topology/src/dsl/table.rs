//! Tables and what can be done with their rows one by one.
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use super::erase::{both, get, row};
use super::topology::Shared;
use super::{GroupedTable, Materialized, Stream, Suppressed};
use crate::Payload;
use crate::codec::Codec;
use crate::data::Data;
use crate::error::TopologyError;
use crate::graph::{Input, NodeId};
use crate::spec::{Mapper, Name, Policies, Policy, Predicate, Spec, StoreKind, StoreSpec, Suppress};

/// A table: the latest value of each key, and its changes.
pub struct Table<K, V> {
    pub(super) graph: Shared,
    pub(super) node: NodeId,
    /// What names are derived from: its topic or store.
    pub(super) base: Name,
    pub(super) key: Codec,
    pub(super) value: Codec,
    /// Of what is chained from here on.
    pub(super) policies: Policies,
    pub(super) _types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self {
            graph: Rc::clone(&self.graph),
            node: self.node,
            base: Arc::clone(&self.base),
            key: self.key,
            value: self.value,
            policies: self.policies,
            _types: PhantomData,
        }
    }
}

impl<K: Data, V: Data> Table<K, V> {
    pub(super) fn new(graph: &Shared, node: NodeId, base: Name, key: Codec, value: Codec) -> Self {
        let added = &mut graph.borrow_mut().nodes[node.0];
        added.codecs = Some((key, value));
        let policies = added.policies;
        Self { graph: Rc::clone(graph), node, base, key, value, policies, _types: PhantomData }
    }

    pub(super) fn input(&self, port: usize) -> Input {
        Input { node: self.node, port }
    }

    pub(super) fn add<W: Data>(&self, operation: &str, spec: Spec) -> Table<K, W> {
        let mut graph = self.graph.borrow_mut();
        let name = format!("{}.{operation}", graph.name(self.node));
        let node = graph.add(&name, spec, vec![self.input(0)], self.policies);
        drop(graph);
        Table::new(&self.graph, node, Arc::clone(&self.base), self.key, Codec::of::<W>())
    }

    /// Keeps the rows under this name: on disk, with a changelog, and served.
    #[must_use]
    pub fn materialize(&self, store: impl Into<Materialized>) -> Self {
        let store = store.into();
        let name: Name = Arc::from(store.name.as_str());
        let mut graph = self.graph.borrow_mut();
        let kind = store.key_value_kind();
        let spec = store.spec(&mut graph, kind, self.key, self.value);
        let index = graph.add_store(spec);
        let node = &mut graph.nodes[self.node.0].spec;
        if node.table_store().is_some() || !node.set_table_store(index) {
            graph.errors.push(TopologyError::Invalid(format!(
                "the table that is to be kept as {name} is kept already: leave `materialize` out"
            )));
        }
        drop(graph);
        Self { base: name, ..self.clone() }
    }

    /// Keeps the rows of which this is true.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> Self {
        let keep: Predicate =
            Arc::new(move |key, value| both(key, value).is_some_and(|(key, value)| keep(key, value)));
        self.add("filter", Spec::TableFilter { keep, store: None })
    }

    /// Drops the rows of which this is true.
    #[must_use]
    pub fn filter_not(&self, drop: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> Self {
        self.filter(move |key, value| !drop(key, value))
    }

    /// Another value for each row.
    #[must_use]
    pub fn map_values<W: Data>(&self, map: impl Fn(&V) -> W + Send + Sync + 'static) -> Table<K, W> {
        let map = move |_: Option<&Payload>, value: Option<&Payload>| {
            Ok(get(value).and_then(|value| row(map(value))))
        };
        self.add("map_values", Spec::TableMapValues { map: Arc::new(map), store: None })
    }

    /// Another value for each row, made of key and value.
    #[must_use]
    pub fn map_values_with_key<W: Data>(
        &self,
        map: impl Fn(&K, &V) -> W + Send + Sync + 'static,
    ) -> Table<K, W> {
        let map = move |key: Option<&Payload>, value: Option<&Payload>| {
            Ok(both(key, value).and_then(|(key, value)| row(map(key, value))))
        };
        self.add("map_values", Spec::TableMapValues { map: Arc::new(map), store: None })
    }

    /// The table's changes as a stream; a deleted row is a record with a null value, which functions see if the type has
    /// something for it.
    pub fn to_stream(&self) -> Stream<K, V> {
        let mut graph = self.graph.borrow_mut();
        let name = format!("{}.to_stream", graph.name(self.node));
        let node = graph.add(&name, Spec::ToStream, vec![self.input(0)], self.policies);
        drop(graph);
        let stream = Stream::new(&self.graph, node, Arc::clone(&self.base));
        let Some(null) = V::null().map(Payload::new) else { return stream };
        let visible = move |_: Option<&Payload>, value: Option<&Payload>| {
            Ok(Some(value.map_or_else(|| null.clone(), Payload::clone)))
        };
        stream.add("nulls", Spec::MapValues(Arc::new(visible)))
    }

    /// Groups the rows by another key and value, made of each row's. A row whose key or value there stands for null is in no
    /// group.
    pub fn group_by<K2: Data, W: Data>(
        &self,
        group: impl Fn(&K, &V) -> (K2, W) + Send + Sync + 'static,
    ) -> GroupedTable<K2, W> {
        let group: Mapper = Arc::new(move |key, value| {
            let (key, value) = both(key, value).map(|(key, value)| group(key, value))?;
            Some((row(key), row(value)))
        });
        GroupedTable {
            graph: Rc::clone(&self.graph),
            parent: self.node,
            base: Arc::clone(&self.base),
            group,
            policies: self.policies,
            _types: PhantomData,
        }
    }

    /// Holds changes back: until windows close, or for a time. The store of what is held is named `<table>-suppress`.
    #[must_use]
    pub fn suppress(&self, suppressed: Suppressed<K>) -> Self {
        let mut graph = self.graph.borrow_mut();
        let name = suppressed.name.clone().unwrap_or_else(|| format!("{}-suppress", self.base));
        let until = suppressed.until(&mut graph, self.node);
        let spec = Materialized::named(&name).spec(&mut graph, StoreKind::KeyValue, self.key, self.value);
        let store = graph.add_store(StoreSpec { served: false, timed: true, ..spec });
        let spec = Suppress { until, buffer: suppressed.buffer, store, key: self.key, value: self.value };
        let node = graph.add(&name, Spec::Suppress(spec), vec![self.input(0)], self.policies);
        drop(graph);
        Self { node, ..self.clone() }
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
