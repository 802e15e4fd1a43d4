//! Joins of streams.
use std::sync::Arc;
use std::time::Duration;

use super::{Place, Stream, StreamJoinNames, Table};
use crate::codec::Codec;
use crate::dsl::Materialized;
use crate::error::TopologyError;
use crate::graph::{Graph, Input};
use crate::spec::{JoinKind, Joiner, Spec, StoreIndex, StoreKind, StreamJoin, StreamTableJoin};
use crate::window::{JoinWindows, millis};

impl Stream {
    /// Joins the records of two streams that have one key and are not too far apart. Records that are not in the partitions
    /// of their keys go through repartition topics first, those without a key too. The windows' own name does not count.
    #[must_use]
    pub fn join(
        &self,
        other: &Self,
        kind: JoinKind,
        windows: JoinWindows,
        join: Joiner,
        value: Codec,
        names: &StreamJoinNames,
    ) -> Self {
        Self::at(self.join_streams(other, kind, windows, join, names), self.key.clone(), value)
    }

    /// Joins each record with the row of its key. With a grace, for which the table has to be versioned, records wait that
    /// long in stream time, and are joined with the version at their time. `repartition`: the name of the topic that the
    /// stream goes through first where its records are not in the partitions of their keys.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "each is a part of the join, and none has a default")]
    pub fn join_table(
        &self,
        table: &Table,
        kind: JoinKind,
        grace: Option<Duration>,
        join: Joiner,
        value: Codec,
        name: &str,
        repartition: &str,
    ) -> Self {
        let place = self.join_with_table(table, kind, grace, join, name, repartition);
        Self::at(place, self.key.clone(), value)
    }

    pub(crate) fn join_streams(
        &self,
        other: &Self,
        kind: JoinKind,
        windows: JoinWindows,
        join: Joiner,
        names: &StreamJoinNames,
    ) -> Place {
        let is_self_join = self.place.node == other.place.node;
        let left = self.in_place_for_join(&names.left_repartition).place;
        let right = if is_self_join {
            left.input(1)
        } else {
            other.in_place_for_join(&names.right_repartition).place.input(1)
        };
        let mut graph = left.graph.borrow_mut();
        if windows.before_ms.saturating_add(windows.after_ms) < 0 || windows.grace_ms < 0 {
            let text = format!("the join {} has windows of negative size", names.join);
            graph.errors.push(TopologyError::Invalid(text));
        }
        let size_ms = windows.before_ms.saturating_add(windows.after_ms);
        let retention_ms = size_ms.saturating_add(windows.grace_ms);
        let window = StoreKind::Window { size_ms, retention_ms, duplicates: true };
        let left_store = self.store(&mut graph, &names.left_store, window, &self.value);
        let right_store = if is_self_join {
            left_store
        } else {
            self.store(&mut graph, &names.right_store, window, &other.value)
        };
        let outer_store = (kind != JoinKind::Inner && !windows.is_eager).then(|| {
            let lists = Codec::of::<Vec<u8>>();
            self.store(&mut graph, &names.unmatched_store, StoreKind::Ordered, &lists)
        });
        let spec = StreamJoin {
            kind,
            windows,
            join,
            key: self.key.clone(),
            left: self.value.clone(),
            right: other.value.clone(),
            left_store,
            right_store,
            outer_store,
            is_self_join,
        };
        let inputs = if is_self_join { vec![left.input(0)] } else { vec![left.input(0), right] };
        let node = graph.add(&names.join, Spec::StreamJoin(spec), inputs, self.place.policies);
        drop(graph);
        Place::new(&left.graph, node, Arc::from(&*names.join))
    }

    pub(crate) fn join_with_table(
        &self,
        table: &Table,
        kind: JoinKind,
        grace: Option<Duration>,
        join: Joiner,
        name: &str,
        repartition: &str,
    ) -> Place {
        let stream = self.in_place_for_join(repartition).place;
        let mut graph = stream.graph.borrow_mut();
        let buffer =
            grace.map(|_| self.store(&mut graph, &format!("{name}-buffer"), StoreKind::Ordered, &self.value));
        let (key, value) = (self.key.clone(), self.value.clone());
        let spec = StreamTableJoin { kind, join, key, value, grace_ms: grace.map(millis), buffer };
        let node = graph.add(name, Spec::StreamTableJoin(spec), vec![stream.input(0)], self.place.policies);
        graph.nodes[node.0].looks_up.push(Input { node: table.place.node, port: 1 });
        drop(graph);
        Place::new(&stream.graph, node, Arc::clone(&stream.base))
    }

    /// A store of the join's own, by the stream's keys.
    fn store(&self, graph: &mut Graph, name: &str, kind: StoreKind, value: &Codec) -> StoreIndex {
        let spec = Materialized::named(name).internal().spec(graph, kind, self.key.clone(), value.clone());
        graph.add_store(spec)
    }
}
