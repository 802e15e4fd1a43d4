//! Joins of tables by a foreign key.
use std::sync::Arc;

use lentic_types::Partitioner;

use super::repartition::Through;
use super::{ForeignKeyNames, Place, Table};
use crate::codec::Codec;
use crate::dsl::Materialized;
use crate::graph::Input;
use crate::spec::{
    ForeignKeyJoin, ForeignKeyResponse, ForeignKeySubscription, JoinKind, Joiner, KeyMapper, SinkKey, Spec,
    StoreKind,
};

impl Table {
    /// Joins each row with the row of another table whose key it holds; `foreign_key` finds that key, as a payload of the
    /// other table's keys. Inner and left joins.
    #[must_use]
    pub fn join_foreign(
        &self,
        other: &Self,
        kind: JoinKind,
        foreign_key: KeyMapper,
        join: Joiner,
        value: Codec,
        names: &ForeignKeyNames,
    ) -> Self {
        let (key, foreign, bytes) = (&self.key, &other.key, Codec::of::<Vec<u8>>());
        let (name, place) = (&names.join, &self.place);
        let through = |from: &Place, name: &str, key: &Codec, partition| {
            let value = &bytes;
            let through =
                Through { key, value, is_change: false, partition, needs_key: false, partitions: None };
            from.through(name, &through)
        };
        let subscription = ForeignKeySubscription {
            kind,
            foreign_key,
            key: key.clone(),
            value: self.value.clone(),
            foreign: foreign.clone(),
        };
        let spec = Spec::ForeignKeySubscription(subscription);
        let subscription = place.add_named(&format!("{name}.subscription"), spec);
        let hash = SinkKey::Hash(Partitioner::Murmur2);
        let subscriptions = through(&subscription, &names.subscription_topic, foreign, hash);
        let mut graph = place.graph.borrow_mut();
        let store = Materialized::named(&names.subscription_store).internal();
        let store = store.spec(&mut graph, StoreKind::Ordered, key.clone(), bytes.clone());
        let store = graph.add_store(store);
        let answer = ForeignKeyJoin {
            kind,
            subscriptions: store,
            key: key.clone(),
            foreign: foreign.clone(),
            value: other.value.clone(),
        };
        let inputs = vec![subscriptions.input(0), other.place.input(1)];
        let spec = Spec::ForeignKeyJoin(answer);
        let node = graph.add(&format!("{name}.answer"), spec, inputs, place.policies);
        drop(graph);
        let answer = Place { node, ..place.clone() };
        let answers = through(&answer, &names.response_topic, key, SinkKey::Answer);
        let (left, right) = (self.value.clone(), other.value.clone());
        let response = ForeignKeyResponse { kind, join, left, right, store: None };
        let node = answers.add_named(name, Spec::ForeignKeyResponse(response)).node;
        place.graph.borrow_mut().nodes[node.0].looks_up.push(Input { node: place.node, port: 1 });
        Self::at(Place::new(&place.graph, node, Arc::from(name.as_str())), key.clone(), value)
    }
}
