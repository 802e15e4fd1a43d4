//! Tables and what can be done with their rows one by one.
use std::sync::Arc;

use super::{Place, Stream};
use crate::codec::Codec;
use crate::dsl::Materialized;
use crate::error::TopologyError;
use crate::spec::{JoinKind, Joiner, KeyMapper, Policy, Predicate, Retimer, Spec, TableJoin, ValueMapper};

/// A table: the latest value of each key, and its changes; and how its keys and values become bytes.
#[derive(Clone)]
pub struct Table {
    pub(crate) place: Place,
    pub(super) key: Codec,
    pub(super) value: Codec,
}

impl Table {
    pub(crate) fn at(place: Place, key: Codec, value: Codec) -> Self {
        place.graph.borrow_mut().nodes[place.node.0].codecs = Some((key.clone(), value.clone()));
        Self { place, key, value }
    }

    /// Keys.
    pub fn key(&self) -> &Codec {
        &self.key
    }

    /// Values.
    pub fn value(&self) -> &Codec {
        &self.value
    }

    /// The same rows, written with other codecs from here on. They have to take the same payloads.
    #[must_use]
    pub fn with_codecs(&self, key: Codec, value: Codec) -> Self {
        Self { place: self.place.clone(), key, value }
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

    /// Keeps the rows in this store.
    #[must_use]
    pub fn materialize(&self, store: impl Into<Materialized>) -> Self {
        let store = store.into();
        let name = store.name.clone();
        let mut graph = self.place.graph.borrow_mut();
        let kind = store.key_value_kind();
        let spec = store.spec(&mut graph, kind, self.key.clone(), self.value.clone());
        let index = graph.add_store(spec);
        let node = &mut graph.nodes[self.place.node.0].spec;
        if node.table_store().is_some() || !node.set_table_store(index) {
            graph.errors.push(TopologyError::Invalid(format!(
                "the table that is to be kept as {name} is kept already: leave `materialize` out"
            )));
        }
        drop(graph);
        Self { place: self.place.clone().based_on(&name), ..self.clone() }
    }

    /// The name of the store of a topic's or a stream's table, if it turns out that its rows have to be kept. It is not
    /// served.
    #[must_use]
    pub fn named_store(&self, name: &str) -> Self {
        self.place.graph.borrow_mut().nodes[self.place.node.0].store_name = Some(Arc::from(name));
        self.clone()
    }

    /// Keeps the rows of which this is true. `needs_old`: a row that never was among them gives nothing when it changes or
    /// goes, for which the table before has to be kept; else it may give a deletion.
    #[must_use]
    pub fn filter(&self, keep: Predicate, needs_old: bool) -> Self {
        let (key, value) = (self.key.clone(), self.value.clone());
        self.then("filter", Spec::TableFilter { keep, needs_old, store: None }, key, value)
    }

    /// Another value for each row; `None` deletes it.
    #[must_use]
    pub fn map_values(&self, map: ValueMapper, value: Codec) -> Self {
        self.then("map_values", Spec::TableMapValues { map, store: None }, self.key.clone(), value)
    }

    /// The same rows under keys of another kind. `to` makes the new key of the old one (its second argument is `None`),
    /// `from` the other way; a row without a new key is dropped. The new key has to be one of its own for each old key, and
    /// rows stay in the partitions that they are in.
    #[must_use]
    pub fn rekey(&self, key: Codec, to: KeyMapper, from: KeyMapper) -> Self {
        self.then("rekey", Spec::TableRekey { to, from, store: None }, key, self.value.clone())
    }

    /// Another time for each change.
    #[must_use]
    pub fn retime(&self, time: Retimer) -> Self {
        self.then("retime", Spec::Retime(time), self.key.clone(), self.value.clone())
    }

    /// The table's changes as a stream; a deleted row is a record with a null value.
    pub fn to_stream(&self) -> Stream {
        Stream::at(self.place.add("to_stream", Spec::ToStream), self.key.clone(), self.value.clone())
    }

    /// Joins the rows of two tables that have one key.
    #[must_use]
    pub fn join(&self, other: &Self, kind: JoinKind, join: Joiner, value: Codec, name: &str) -> Self {
        let place = &self.place;
        let inputs = vec![place.input(0), other.place.input(1)];
        let spec = Spec::TableJoin(TableJoin { kind, join, store: None });
        let node = place.graph.borrow_mut().add(name, spec, inputs, place.policies);
        Self::at(Place::new(&place.graph, node, Arc::from(name)), self.key.clone(), value)
    }

    fn then(&self, operation: &str, spec: Spec, key: Codec, value: Codec) -> Self {
        Self::at(self.place.add(operation, spec), key, value)
    }
}
