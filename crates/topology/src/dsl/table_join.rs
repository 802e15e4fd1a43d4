//! Joins of tables.
use std::sync::Arc;

use lentic_types::Partitioner;

use super::erase::{both, inner, left, outer, row, rows};
use super::stream::{internal_source, repartition_topic};
use super::{Materialized, Table};
use crate::codec::Codec;
use crate::data::Data;
use crate::graph::Input;
use crate::spec::{
    ForeignKeyJoin, ForeignKeyResponse, ForeignKeySubscription, JoinKind, Joiner, KeyMapper, Sink, SinkKey,
    Spec, StoreKind, StoreSpec, TableJoin, Target,
};

impl<K: Data, V: Data> Table<K, V> {
    /// Joins the rows of two tables that have one key.
    #[must_use]
    pub fn join<W: Data, R: Data>(
        &self,
        other: &Table<K, W>,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Table<K, R> {
        self.join_tables(other, JoinKind::Inner, inner(join))
    }

    /// The same; a row of this table without a partner gives a result too.
    #[must_use]
    pub fn left_join<W: Data, R: Data>(
        &self,
        other: &Table<K, W>,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Table<K, R> {
        self.join_tables(other, JoinKind::Left, left(join))
    }

    /// The same; any row without a partner gives a result.
    #[must_use]
    pub fn outer_join<W: Data, R: Data>(
        &self,
        other: &Table<K, W>,
        join: impl Fn(Option<&V>, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Table<K, R> {
        self.join_tables(other, JoinKind::Outer, outer(join))
    }

    /// Joins each row with the row of another table whose key it holds; `foreign_key` finds that key.
    #[must_use]
    pub fn join_on<F: Data, W: Data, R: Data>(
        &self,
        other: &Table<F, W>,
        foreign_key: impl Fn(&K, &V) -> Option<F> + Send + Sync + 'static,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Table<K, R> {
        self.join_foreign(other, JoinKind::Inner, foreign_key, inner(join))
    }

    /// The same; a row without a partner gives a result too.
    #[must_use]
    pub fn left_join_on<F: Data, W: Data, R: Data>(
        &self,
        other: &Table<F, W>,
        foreign_key: impl Fn(&K, &V) -> Option<F> + Send + Sync + 'static,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Table<K, R> {
        self.join_foreign(other, JoinKind::Left, foreign_key, left(join))
    }

    fn join_tables<W: Data, R: Data>(
        &self,
        other: &Table<K, W>,
        kind: JoinKind,
        join: Joiner,
    ) -> Table<K, R> {
        let name = format!("{}-{}-join", self.base, other.base);
        let inputs = vec![self.input(0), other.input(1)];
        let spec = Spec::TableJoin(TableJoin { kind, join: rows::<R>(join), store: None });
        let node = self.graph.borrow_mut().add(&name, spec, inputs, self.policies);
        Table::new(&self.graph, node, Arc::from(name), self.key, Codec::of::<R>())
    }

    fn join_foreign<F: Data, W: Data, R: Data>(
        &self,
        other: &Table<F, W>,
        kind: JoinKind,
        foreign_key: impl Fn(&K, &V) -> Option<F> + Send + Sync + 'static,
        join: Joiner,
    ) -> Table<K, R> {
        let name = format!("{}-{}-join", self.base, other.base);
        let foreign_key: KeyMapper = Arc::new(move |key, value| {
            both(key, value).and_then(|(key, value)| foreign_key(key, value)).and_then(row)
        });
        let (key, foreign, bytes) = (Codec::of::<K>(), Codec::of::<F>(), Codec::of::<Vec<u8>>());
        let policies = self.policies;
        let mut graph = self.graph.borrow_mut();
        let through = |graph: &mut crate::graph::Graph, suffix: &str, from, key, partition| {
            let name = format!("{name}-{suffix}");
            let topic = repartition_topic(graph, &name, None);
            let target = Target::Topic(topic.clone());
            let sink =
                Spec::Sink(Sink { target, key, value: bytes, is_change: false, partition, needs_key: false });
            graph.add(&format!("{name}.to"), sink, vec![Input { node: from, port: 0 }], policies);
            let source = internal_source(topic, key, bytes, false);
            graph.add(&format!("{name}-repartition"), source, Vec::new(), policies)
        };
        let subscription = ForeignKeySubscription { kind, foreign_key, key, value: self.value, foreign };
        let subscription = graph.add(
            &format!("{name}.subscription"),
            Spec::ForeignKeySubscription(subscription),
            vec![self.input(0)],
            policies,
        );
        let hash = SinkKey::Hash(Partitioner::Murmur2);
        let subscriptions = through(&mut graph, "subscription", subscription, foreign, hash);
        let spec = Materialized::named(format!("{name}-subscriptions")).spec(
            &mut graph,
            StoreKind::Ordered,
            key,
            bytes,
        );
        let store = graph.add_store(StoreSpec { served: false, ..spec });
        let answer = ForeignKeyJoin { kind, subscriptions: store, key, foreign, value: other.value };
        let inputs = vec![Input { node: subscriptions, port: 0 }, other.input(1)];
        let answer = graph.add(&format!("{name}.answer"), Spec::ForeignKeyJoin(answer), inputs, policies);
        let answers = through(&mut graph, "response", answer, key, SinkKey::Answer);
        let join = rows::<R>(join);
        let response = ForeignKeyResponse { kind, join, left: self.value, right: other.value, store: None };
        let inputs = vec![Input { node: answers, port: 0 }];
        let node = graph.add(&name, Spec::ForeignKeyResponse(response), inputs, policies);
        graph.nodes[node.0].looks_up.push(self.input(1));
        drop(graph);
        Table::new(&self.graph, node, Arc::from(name), key, Codec::of::<R>())
    }
}
