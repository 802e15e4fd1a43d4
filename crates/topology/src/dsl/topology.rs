//! A topology: where streams and tables begin.
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use lentic_types::Timestamp;

use super::erase::get;
use super::{Materialized, Stream, Table};
use crate::codec::Codec;
use crate::data::Data;
use crate::error::TopologyError;
use crate::graph::Shared;
use crate::plan::Plan;
use crate::spec::{ExtractedTime, GlobalIndex, GlobalSource, OffsetReset, Policy, TimestampExtractor};
use crate::untyped;

/// A program over topics: sources, operators, sinks.
///
/// Built by [`Topology::build`], which tells everything that is wrong with it. Handles ([`Stream`], [`Table`]) are only
/// for writing; nothing runs before the plan is given to a node or a test driver.
pub struct Topology {
    name: String,
    graph: Shared,
}

/// How a source reads its topics.
#[derive(Clone, Default)]
pub struct Consumed {
    pub(crate) timestamp: TimestampExtractor,
    pub(crate) reset: OffsetReset,
    pub(crate) errors: Policy,
}

impl Consumed {
    /// The defaults: records' own timestamps, from the first record on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decides on the time of each record.
    #[must_use]
    pub fn timestamps(self, extractor: TimestampExtractor) -> Self {
        Self { timestamp: extractor, ..self }
    }

    /// Takes the time (milliseconds) from the value; without one the record is as if it had a negative timestamp.
    #[must_use]
    pub fn timestamp_of<V: 'static>(self, time: impl Fn(&V) -> i64 + Send + Sync + 'static) -> Self {
        let by = move |seen: &crate::spec::Extract<'_>| {
            ExtractedTime::At(get::<V>(seen.value).map_or(seen.timestamp, |value| Timestamp(time(value))))
        };
        Self { timestamp: TimestampExtractor::By(Arc::new(by)), ..self }
    }

    /// Begins at the end of the topic where there is no position yet.
    #[must_use]
    pub fn from_latest(self) -> Self {
        Self { reset: OffsetReset::Latest, ..self }
    }

    /// What happens to records that don't decode, whatever the node's `deserialization_errors` says.
    #[must_use]
    pub fn on_deserialization_error(self, errors: Policy) -> Self {
        Self { errors, ..self }
    }
}

/// A table that every node has whole, for joins by any key.
pub struct GlobalTable<K, V> {
    pub(super) index: GlobalIndex,
    pub(super) _types: PhantomData<fn() -> (K, V)>,
}

impl Topology {
    /// An empty topology. The name is that of the query: of its tasks, and of its internal topics.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), graph: Rc::default() }
    }

    /// The records of a topic.
    pub fn stream<K: Data, V: Data>(&self, topic: &str) -> Stream<K, V> {
        self.stream_with(&[topic], Consumed::new())
    }

    /// The records of several topics, read in the way described.
    pub fn stream_with<K: Data, V: Data>(&self, topics: &[&str], consumed: Consumed) -> Stream<K, V> {
        Stream::at(self.untyped().stream(topics, Codec::of::<K>(), Codec::of::<V>(), consumed).into_place())
    }

    /// A topic as a table: the latest value of each key. Its rows are kept only where that is needed, or asked for
    /// ([`Table::materialize`]).
    pub fn table<K: Data, V: Data>(&self, topic: &str) -> Table<K, V> {
        self.table_with(topic, Consumed::new())
    }

    /// The same, read in the way described.
    pub fn table_with<K: Data, V: Data>(&self, topic: &str, consumed: Consumed) -> Table<K, V> {
        Table::at(self.untyped().table(topic, Codec::of::<K>(), Codec::of::<V>(), consumed))
    }

    /// A topic as a table whose rows are kept under this name.
    pub fn materialized_table<K: Data, V: Data>(
        &self,
        topic: &str,
        store: impl Into<Materialized>,
    ) -> Table<K, V> {
        self.table(topic).materialize(store)
    }

    /// A topic as a table that every node has whole.
    pub fn global_table<K: Data, V: Data>(&self, topic: &str) -> GlobalTable<K, V> {
        let mut graph = self.graph.borrow_mut();
        let name = untyped::topic(&mut graph, topic);
        let index = GlobalIndex(graph.globals.len());
        graph.globals.push(GlobalSource {
            name: Arc::from(topic),
            topic: name,
            key: Codec::of::<K>(),
            value: Codec::of::<V>(),
            store: None,
        });
        GlobalTable { index, _types: PhantomData }
    }

    /// The topology, checked. All that is wrong is told at once.
    pub fn build(&self) -> Result<Plan, Vec<TopologyError>> {
        Plan::new(&self.name, &self.graph.borrow())
    }

    pub(crate) fn graph(&self) -> &Shared {
        &self.graph
    }
}
