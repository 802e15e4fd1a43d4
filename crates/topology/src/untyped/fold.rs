//! Aggregations of streams.
use std::sync::Arc;

use super::{Place, Stream, Table};
use crate::codec::Codec;
use crate::dsl::Materialized;
use crate::error::TopologyError;
use crate::graph::{Input, NodeId};
use crate::spec::{Aggregate, Aggregator, Emit, Spec, StoreKind, StoreSpec, Windowing};
use crate::window::millis;

/// How the records of each key are folded.
#[derive(Clone)]
pub struct Fold {
    /// What a record does to the aggregate.
    pub add: Aggregator,
    /// Keys of the result: with windows such that hold the window.
    pub key: Codec,
    /// Aggregates.
    pub value: Codec,
    /// How records are cut before they are folded.
    pub windows: Windowing,
    /// When results go on.
    pub emit: Emit,
    /// Whether records without a value are dropped; with sliding windows they always are.
    pub needs_value: bool,
}

impl Stream {
    /// Folds the records of each key. `repartition`: the name of the repartition topic that they go through first, if they
    /// are not in the partitions of their keys; there, records without a key end. The store's retention has to be at least
    /// the windows' size and grace; without one it is just that.
    pub fn aggregate(&self, repartition: &str, fold: Fold, store: impl Into<Materialized>) -> Table {
        let input = self.in_place(repartition);
        fold.over(&input.place, Vec::new(), input.key, store.into())
    }
}

impl Fold {
    /// Adds the operator over these nodes, of which `first` has [`Fold::add`] and each of the others its own function.
    pub(crate) fn over(
        self,
        first: &Place,
        others: Vec<(NodeId, Aggregator)>,
        key: Codec,
        store: Materialized,
    ) -> Table {
        let Self { add, key: result, value, windows, emit, needs_value } = self;
        let mut graph = first.graph.borrow_mut();
        let name = store.name.clone();
        let kind = store_kind(&windows, &store, &mut graph.errors);
        let spec = store.spec(&mut graph, kind, key.clone(), value.clone());
        let closes = emit == Emit::Close && matches!(kind, StoreKind::Window { .. });
        let store = graph.add_store(StoreSpec { closes, ..spec });
        let (nodes, inputs): (Vec<_>, Vec<_>) = std::iter::once((first.node, add)).chain(others).unzip();
        let needs_value = needs_value || matches!(windows, Windowing::Sliding(..));
        let spec = Aggregate { store, key, value: value.clone(), inputs, needs_value, windows, emit };
        let inputs = nodes.into_iter().enumerate().map(|(port, node)| Input { node, port }).collect();
        let node = graph.add(&name, Spec::Aggregate(spec), inputs, first.policies);
        drop(graph);
        Table::at(Place::new(&first.graph, node, Arc::from(name)), result, value)
    }
}

/// The kind of store for windows, or without; a retention that is too short is told.
fn store_kind(windows: &Windowing, store: &Materialized, errors: &mut Vec<TopologyError>) -> StoreKind {
    let (size_ms, least) = match windows {
        Windowing::None => return store.key_value_kind(),
        Windowing::Time(windows, _) => {
            if windows.size_ms <= 0 || windows.advance_ms <= 0 || windows.advance_ms > windows.size_ms {
                errors.push(TopologyError::Invalid(format!(
                    "windows of {} ms that advance by {} ms: both must be at least 1 ms, and the advance not more than \
                     the size",
                    windows.size_ms, windows.advance_ms
                )));
            }
            (windows.size_ms, windows.retention_ms())
        }
        Windowing::Sliding(windows, _) => {
            (windows.difference_ms, windows.difference_ms.saturating_mul(2).saturating_add(windows.grace_ms))
        }
        Windowing::Session(windows, ..) => (0, windows.gap_ms.saturating_add(windows.grace_ms)),
    };
    let retention_ms = store.retention.map_or(least, millis);
    if retention_ms < least {
        errors.push(TopologyError::Invalid(format!(
            "the store {} keeps windows for {retention_ms} ms, which is less than their size and grace of {least} ms",
            store.name
        )));
    }
    match windows {
        Windowing::Session(..) => StoreKind::Session { retention_ms },
        _ => StoreKind::Window { size_ms, retention_ms, duplicates: false },
    }
}
