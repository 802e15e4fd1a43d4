//! Joins of streams.
use std::sync::Arc;
use std::time::Duration;

use super::erase::{both, inner, left, outer};
use super::{GlobalTable, Materialized, Stream, Table};
use crate::Payload;
use crate::codec::Codec;
use crate::data::Data;
use crate::error::TopologyError;
use crate::graph::Input;
use crate::spec::{GlobalJoin, JoinKind, Joiner, Spec, StoreKind, StoreSpec, StreamJoin, StreamTableJoin};
use crate::window::{JoinWindows, millis};

impl<K: Data, V: Data> Stream<K, V> {
    /// Joins the records of two streams that have one key and are not too far apart.
    #[must_use]
    pub fn join<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        other: &Stream<K, W>,
        windows: JoinWindows,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_streams(other, windows, JoinKind::Inner, inner(join))
    }

    /// The same; a record of this stream without a partner gives a result too, once its window is closed.
    #[must_use]
    pub fn left_join<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        other: &Stream<K, W>,
        windows: JoinWindows,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_streams(other, windows, JoinKind::Left, left(join))
    }

    /// The same; any record without a partner gives a result, once its window is closed.
    #[must_use]
    pub fn outer_join<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        other: &Stream<K, W>,
        windows: JoinWindows,
        join: impl Fn(Option<&V>, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_streams(other, windows, JoinKind::Outer, outer(join))
    }

    /// Joins each record with the row of its key.
    #[must_use]
    pub fn join_table<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &Table<K, W>,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_table(table, JoinKind::Inner, inner(join), None)
    }

    /// The same; a record without a row gives a result too.
    #[must_use]
    pub fn left_join_table<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &Table<K, W>,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_table(table, JoinKind::Left, left(join), None)
    }

    /// Joins each record with the version of its key's row at the record's time. Records wait for `grace` in stream time, so
    /// that the table, which has to be versioned, can come first.
    #[must_use]
    pub fn join_table_within<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &Table<K, W>,
        grace: Duration,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_table(table, JoinKind::Inner, inner(join), Some(grace))
    }

    /// The same; a record without a row gives a result too.
    #[must_use]
    pub fn left_join_table_within<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &Table<K, W>,
        grace: Duration,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_table(table, JoinKind::Left, left(join), Some(grace))
    }

    /// Joins each record with the row of a global table that `lookup` names.
    #[must_use]
    pub fn join_global<K2: Data, W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &GlobalTable<K2, W>,
        lookup: impl Fn(&K, &V) -> K2 + Send + Sync + 'static,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_global(table, JoinKind::Inner, lookup, inner(join))
    }

    /// The same; a record without a row gives a result too.
    #[must_use]
    pub fn left_join_global<K2: Data, W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &GlobalTable<K2, W>,
        lookup: impl Fn(&K, &V) -> K2 + Send + Sync + 'static,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_global(table, JoinKind::Left, lookup, left(join))
    }

    fn join_streams<W: Data, R>(
        &self,
        other: &Stream<K, W>,
        windows: JoinWindows,
        kind: JoinKind,
        join: Joiner,
    ) -> Stream<K, R> {
        let name = windows.name.clone().unwrap_or_else(|| format!("{}-{}-join", self.base, other.base));
        let is_self_join = self.node == other.node;
        let left = self.in_place_for_join(&format!("{name}-left"));
        let right = if is_self_join {
            left.input(1)
        } else {
            other.in_place_for_join(&format!("{name}-right")).input(1)
        };
        let mut graph = self.graph.borrow_mut();
        if windows.before_ms.saturating_add(windows.after_ms) < 0 || windows.grace_ms < 0 {
            let text = format!("the join {name} has windows of negative size");
            graph.errors.push(TopologyError::Invalid(text));
        }
        let size_ms = windows.before_ms.saturating_add(windows.after_ms);
        let retention_ms = size_ms.saturating_add(windows.grace_ms);
        let (key, v, w) = (Codec::of::<K>(), Codec::of::<V>(), Codec::of::<W>());
        let window = StoreKind::Window { size_ms, retention_ms, duplicates: true };
        let mut store = |suffix: &str, kind, value| {
            let spec = Materialized::named(format!("{name}-{suffix}")).spec(&mut graph, kind, key, value);
            graph.add_store(StoreSpec { served: false, ..spec })
        };
        let left_store = store("left", window, v);
        let right_store = if is_self_join { left_store } else { store("right", window, w) };
        let outer_store =
            (kind != JoinKind::Inner).then(|| store("unmatched", StoreKind::Ordered, Codec::of::<Vec<u8>>()));
        let spec = StreamJoin {
            kind,
            windows,
            join,
            key,
            left: v,
            right: w,
            left_store,
            right_store,
            outer_store,
            is_self_join,
        };
        let inputs = if is_self_join { vec![left.input(0)] } else { vec![left.input(0), right] };
        let node = graph.add(&name, Spec::StreamJoin(spec), inputs, self.policies);
        drop(graph);
        Stream::new(&self.graph, node, std::sync::Arc::from(name))
    }

    fn join_with_table<W: Data, R>(
        &self,
        table: &Table<K, W>,
        kind: JoinKind,
        join: Joiner,
        grace: Option<Duration>,
    ) -> Stream<K, R> {
        let name = format!("{}-{}-join", self.base, table.base);
        let stream = self.in_place_for_join(&format!("{name}-left"));
        let mut graph = self.graph.borrow_mut();
        let (key, value) = (Codec::of::<K>(), Codec::of::<V>());
        let buffer = grace.map(|_| {
            let spec = Materialized::named(format!("{name}-buffer")).spec(
                &mut graph,
                StoreKind::Ordered,
                key,
                value,
            );
            graph.add_store(StoreSpec { served: false, ..spec })
        });
        let spec = StreamTableJoin { kind, join, key, value, grace_ms: grace.map(millis), buffer };
        let node = graph.add(&name, Spec::StreamTableJoin(spec), vec![stream.input(0)], self.policies);
        graph.nodes[node.0].looks_up.push(Input { node: table.node, port: 1 });
        drop(graph);
        Stream { is_moved: false, ..Stream::new(&self.graph, node, Arc::clone(&self.base)) }
    }

    fn join_with_global<K2: Data, W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &GlobalTable<K2, W>,
        kind: JoinKind,
        lookup: impl Fn(&K, &V) -> K2 + Send + Sync + 'static,
        join: Joiner,
    ) -> Stream<K, R> {
        let lookup = move |key: Option<&Payload>, value: Option<&Payload>| {
            both(key, value).map(|(key, value)| Payload::new(lookup(key, value)))
        };
        let value = Codec::of::<V>();
        let spec = GlobalJoin { kind, table: table.index, value, lookup: Arc::new(lookup), join };
        self.add("join_global", Spec::GlobalJoin(spec))
    }
}
