//! Holding a table's changes back.
use std::time::Duration;

use super::Table;
use crate::codec::WindowedKeyOf;
use crate::dsl::Materialized;
use crate::error::TopologyError;
use crate::graph::{Graph, NodeId};
use crate::spec::{Buffer, BufferFull, Spec, StoreKind, StoreSpec, Suppress, SuppressUntil, Windowing};
use crate::window::millis;

/// Until when changes are held back.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// Until the window in the key is closed: one result for each. The table has to come from a windowed aggregation, which
    /// says how long windows take late records.
    WindowCloses(WindowedKeyOf),
    /// Until this long after the first change of a key that is held, in stream time.
    TimeLimit(Duration),
}

impl Table {
    /// Holds changes back, in a store of this name that is not served.
    #[must_use]
    pub fn suppress(&self, name: &str, until: Until, buffer: Buffer) -> Self {
        let mut graph = self.place.graph.borrow_mut();
        let until = until.resolve(&mut graph, self.place.node, &buffer);
        let (key, value) = (self.key.clone(), self.value.clone());
        let store = Materialized::named(name).internal();
        let spec = store.spec(&mut graph, StoreKind::KeyValue, key.clone(), value.clone());
        let store = graph.add_store(StoreSpec { timed: true, ..spec });
        drop(graph);
        let spec = Suppress { until, buffer, store, key, value };
        let place = self.place.add_named(name, Spec::Suppress(spec));
        Self { place, ..self.clone() }
    }
}

impl Until {
    fn resolve(self, graph: &mut Graph, table: NodeId, buffer: &Buffer) -> SuppressUntil {
        let key = match self {
            Self::WindowCloses(key) => key,
            Self::TimeLimit(limit) => return SuppressUntil::TimeLimit(millis(limit)),
        };
        if buffer.when_full == BufferFull::EmitEarly {
            let text =
                "suppressing until windows close promises one result for each window: it can't emit early";
            graph.errors.push(TopologyError::Invalid(text.to_owned()));
        }
        let Some(grace_ms) = grace(graph, table) else {
            let text = "suppressing until windows close needs a windowed aggregation before it";
            graph.errors.push(TopologyError::Invalid(text.to_owned()));
            return SuppressUntil::TimeLimit(0);
        };
        SuppressUntil::WindowCloses { grace_ms, key }
    }
}

/// The grace of the windows that a table comes from; of sessions with the gap.
fn grace(graph: &Graph, node: NodeId) -> Option<i64> {
    let node = &graph.nodes[node.0];
    if let Spec::Aggregate(aggregate) = &node.spec {
        match &aggregate.windows {
            Windowing::None => {}
            Windowing::Time(windows, _) => return Some(windows.grace_ms),
            Windowing::Sliding(windows, _) => return Some(windows.grace_ms),
            Windowing::Session(windows, ..) => return Some(windows.gap_ms + windows.grace_ms),
        }
    }
    node.inputs.iter().filter_map(|input| grace(graph, input.node)).max()
}
