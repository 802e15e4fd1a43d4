//! Aggregations of tables.
use std::sync::Arc;

use lentic_types::Partitioner;

use super::repartition::Through;
use super::{Place, Table};
use crate::codec::Codec;
use crate::dsl::Materialized;
use crate::spec::{Aggregator, Mapper, SinkKey, Spec, TableAggregate};

/// How the rows of each group are folded.
#[derive(Clone)]
pub struct TableFold {
    /// What a row that comes into the group does to the aggregate.
    pub add: Aggregator,
    /// What a row that leaves it does.
    pub subtract: Aggregator,
    /// Aggregates.
    pub value: Codec,
}

impl Table {
    /// Folds the rows of each group. `group` makes a row's key and value there, which `key` and `value` are the codecs of;
    /// without one of them the row is in no group. They go through the repartition topic of that name as changes with old
    /// and new value.
    pub fn aggregate_by(
        &self,
        group: Mapper,
        key: Codec,
        value: Codec,
        repartition: &str,
        fold: TableFold,
        store: impl Into<Materialized>,
    ) -> Self {
        let store = store.into();
        let name = store.name.clone();
        let spec = Spec::TableGroup { group, key: key.clone() };
        let grouped = self.place.add_named(&format!("{name}.group"), spec);
        let through = Through {
            key: &key,
            value: &value,
            is_change: true,
            partition: SinkKey::Hash(Partitioner::Murmur2),
            needs_key: true,
            partitions: None,
        };
        let grouped = grouped.through(repartition, &through);
        let mut graph = grouped.graph.borrow_mut();
        let kind = store.key_value_kind();
        let spec = store.spec(&mut graph, kind, key.clone(), fold.value.clone());
        let store = graph.add_store(spec);
        drop(graph);
        let TableFold { add, subtract, value } = fold;
        let spec = TableAggregate { store, key: key.clone(), value: value.clone(), add, subtract };
        let node = grouped.add_named(&name, Spec::TableAggregate(spec)).node;
        Self::at(Place::new(&grouped.graph, node, Arc::from(name)), key, value)
    }
}
