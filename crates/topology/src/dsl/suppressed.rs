//! How a table's changes are held back.
use std::marker::PhantomData;
use std::time::Duration;

use crate::codec::WindowedKeyOf;
use crate::data::{Session, Windowed};
use crate::error::TopologyError;
use crate::graph::{Graph, NodeId};
use crate::spec::{Buffer, BufferFull, Spec, SuppressUntil, Windowing};
use crate::window::millis;

/// Until when, and how much, is held back; for tables with the key `K`.
pub struct Suppressed<K> {
    pub(super) name: Option<String>,
    pub(super) buffer: Buffer,
    limit: Option<Duration>,
    key: Option<WindowedKeyOf>,
    _type: PhantomData<fn() -> K>,
}

impl<K: Clone + Send + Sync + 'static> Suppressed<Windowed<K>> {
    /// One result for each window, when it is closed. What is held is not limited unless that is asked for.
    pub fn until_window_closes() -> Self {
        Self::new(None, Some(WindowedKeyOf::time::<K>()))
    }
}

impl<K: Clone + Send + Sync + 'static> Suppressed<Session<K>> {
    /// One result for each session, when it is closed. What is held is not limited unless that is asked for.
    pub fn until_session_closes() -> Self {
        Self::new(None, Some(WindowedKeyOf::session::<K>()))
    }
}

impl<K> Suppressed<K> {
    /// At most one result for each key in this much stream time.
    pub fn until_time_limit(limit: Duration) -> Self {
        Self::new(Some(limit), None)
    }

    /// At most this many records are held back.
    #[must_use]
    pub fn max_records(mut self, records: usize) -> Self {
        self.buffer.max_records = Some(records);
        self
    }

    /// At most this many bytes are held back.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.buffer.max_bytes = Some(bytes);
        self
    }

    /// Where more would be held back the oldest go on early; not with windows, of which only one result is promised.
    #[must_use]
    pub fn emit_early_when_full(mut self) -> Self {
        self.buffer.when_full = BufferFull::EmitEarly;
        self
    }

    /// Where more would be held back the task stops.
    #[must_use]
    pub fn shut_down_when_full(mut self) -> Self {
        self.buffer.when_full = BufferFull::ShutDown;
        self
    }

    /// Names the store of what is held back.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    fn new(limit: Option<Duration>, key: Option<WindowedKeyOf>) -> Self {
        let when_full = if limit.is_some() { BufferFull::EmitEarly } else { BufferFull::ShutDown };
        let buffer = Buffer { max_records: None, max_bytes: None, when_full };
        Self { name: None, buffer, limit, key, _type: PhantomData }
    }

    pub(super) fn until(&self, graph: &mut Graph, table: NodeId) -> SuppressUntil {
        let Some(key) = self.key else {
            return SuppressUntil::TimeLimit(millis(self.limit.unwrap_or_default()));
        };
        if self.buffer.when_full == BufferFull::EmitEarly {
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
