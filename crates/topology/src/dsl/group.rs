//! Groups: what is folded.
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use lentic_types::Partitioner;

use super::erase::{aggregator, counter, reducer};
use super::stream::{internal_source, repartition_topic};
use super::topology::Shared;
use super::{Cogroup, Materialized, SessionGroup, Stream, Table, WindowedGroup};
use crate::codec::{Codec, WindowedKeyOf};
use crate::data::Data;
use crate::graph::{Input, NodeId};
use crate::spec::{
    Aggregate, Aggregator, Emit, Mapper, Name, Policies, Sink, SinkKey, Spec, StoreKind, StoreSpec,
    TableAggregate, Target, Windowing,
};
use crate::window::{SessionWindows, SlidingWindows, TimeWindows};

/// A stream grouped by its keys.
pub struct Grouped<K, V> {
    pub(super) stream: Stream<K, V>,
}

impl<K, V> Clone for Grouped<K, V> {
    fn clone(&self) -> Self {
        Self { stream: self.stream.clone() }
    }
}

/// Windows that a group can be cut by.
pub trait GroupWindows {
    /// The group, cut.
    type Group<K: Data, V: Data>;

    /// Cuts a group.
    fn cut<K: Data, V: Data>(self, grouped: Grouped<K, V>) -> Self::Group<K, V>;
}

impl GroupWindows for TimeWindows {
    type Group<K: Data, V: Data> = WindowedGroup<K, V>;

    fn cut<K: Data, V: Data>(self, grouped: Grouped<K, V>) -> WindowedGroup<K, V> {
        WindowedGroup::new(grouped, Windowing::Time(self, WindowedKeyOf::time::<K>()))
    }
}

impl GroupWindows for SlidingWindows {
    type Group<K: Data, V: Data> = WindowedGroup<K, V>;

    fn cut<K: Data, V: Data>(self, grouped: Grouped<K, V>) -> WindowedGroup<K, V> {
        WindowedGroup::new(grouped, Windowing::Sliding(self, WindowedKeyOf::time::<K>()))
    }
}

impl GroupWindows for SessionWindows {
    type Group<K: Data, V: Data> = SessionGroup<K, V>;

    fn cut<K: Data, V: Data>(self, grouped: Grouped<K, V>) -> SessionGroup<K, V> {
        SessionGroup::new(grouped, self)
    }
}

impl<K: Data, V: Data> Grouped<K, V> {
    pub(super) fn new(stream: Stream<K, V>) -> Self {
        Self { stream }
    }

    /// How many records of each key there were.
    pub fn count(&self, store: impl Into<Materialized>) -> Table<K, i64> {
        self.fold(store.into(), counter(1))
    }

    /// Folds the values of each key into one of their kind, beginning with the first. Where the function gives `None`, the
    /// row is deleted.
    pub fn reduce<R: Into<Option<V>>>(
        &self,
        store: impl Into<Materialized>,
        reduce: impl Fn(V, &V) -> R + Send + Sync + 'static,
    ) -> Table<K, V> {
        self.fold(store.into(), reducer(reduce))
    }

    /// Folds the values of each key into an aggregate. Where the function gives `None`, the row is deleted.
    pub fn aggregate<A: Data, R: Into<Option<A>>>(
        &self,
        store: impl Into<Materialized>,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, &V, A) -> R + Send + Sync + 'static,
    ) -> Table<K, A> {
        self.fold(store.into(), aggregator(init, add))
    }

    /// Cuts the group by windows.
    pub fn windowed_by<W: GroupWindows>(&self, windows: W) -> W::Group<K, V> {
        windows.cut(self.clone())
    }

    /// Folds several groups into one aggregate: this is what the records of this group do to it.
    pub fn cogroup<A: Data, R: Into<Option<A>>>(
        &self,
        add: impl Fn(&K, &V, A) -> R + Send + Sync + 'static,
    ) -> Cogroup<K, A> {
        Cogroup::new(self, add)
    }

    fn fold<A: Data>(&self, store: Materialized, add: Aggregator) -> Table<K, A> {
        let (input, kind) = (self.stream.in_place(&store.name), store.key_value_kind());
        let fold = Fold {
            inputs: vec![(input.node, add)],
            windows: Windowing::None,
            emit: Emit::Update,
            needs_value: true,
            policies: input.policies,
        };
        fold.add::<K, A>(&self.stream.graph, store, kind)
    }
}

/// An aggregation to be added.
pub(super) struct Fold {
    /// What each input's records do to the aggregate.
    pub(super) inputs: Vec<(NodeId, Aggregator)>,
    pub(super) windows: Windowing,
    pub(super) emit: Emit,
    /// Whether records without a value are dropped.
    pub(super) needs_value: bool,
    pub(super) policies: Policies,
}

impl Fold {
    /// Adds it, and returns its table.
    pub(super) fn add<K: Data, A: Data>(
        self,
        graph: &Shared,
        store: Materialized,
        kind: StoreKind,
    ) -> Table<K, A> {
        let Self { inputs, windows, emit, needs_value, policies } = self;
        let (name, key, value) = (store.name.clone(), Codec::of::<K>(), Codec::of::<A>());
        let mut held = graph.borrow_mut();
        let spec = store.spec(&mut held, kind, key, value);
        let closes = emit == Emit::Close && matches!(kind, StoreKind::Window { .. });
        let index = held.add_store(StoreSpec { closes, ..spec });
        let (nodes, adders): (Vec<_>, Vec<_>) = inputs.into_iter().unzip();
        let spec = Aggregate { store: index, key, value, inputs: adders, needs_value, windows, emit };
        let inputs = nodes.into_iter().enumerate().map(|(port, node)| Input { node, port }).collect();
        let node = held.add(&name, Spec::Aggregate(spec), inputs, policies);
        drop(held);
        Table::new(graph, node, Arc::from(name), key, value)
    }
}

/// A table grouped by something of its rows.
pub struct GroupedTable<K, V> {
    pub(super) graph: Shared,
    pub(super) parent: NodeId,
    pub(super) base: Name,
    pub(super) group: Mapper,
    pub(super) policies: Policies,
    pub(super) _types: PhantomData<fn() -> (K, V)>,
}

impl<K: Data, V: Data> GroupedTable<K, V> {
    /// How many rows each group has.
    pub fn count(&self, store: impl Into<Materialized>) -> Table<K, i64> {
        self.fold(store.into(), counter(1), counter(-1))
    }

    /// Folds the values of each group into one of their kind; `subtract` takes out what has left it.
    pub fn reduce<R: Into<Option<V>>, S: Into<Option<V>>>(
        &self,
        store: impl Into<Materialized>,
        add: impl Fn(V, &V) -> R + Send + Sync + 'static,
        subtract: impl Fn(V, &V) -> S + Send + Sync + 'static,
    ) -> Table<K, V> {
        self.fold(store.into(), reducer(add), reducer(subtract))
    }

    /// Folds the rows of each group into an aggregate; `subtract` takes out what has left it.
    pub fn aggregate<A: Data, R: Into<Option<A>>, S: Into<Option<A>>>(
        &self,
        store: impl Into<Materialized>,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, &V, A) -> R + Send + Sync + 'static,
        subtract: impl Fn(&K, &V, A) -> S + Send + Sync + 'static,
    ) -> Table<K, A> {
        let init = Arc::new(init);
        let again = Arc::clone(&init);
        self.fold(store.into(), aggregator(move || init(), add), aggregator(move || again(), subtract))
    }

    fn fold<A: Data>(&self, store: Materialized, add: Aggregator, subtract: Aggregator) -> Table<K, A> {
        let (name, key, value) = (store.name.clone(), Codec::of::<K>(), Codec::of::<A>());
        let mut graph = self.graph.borrow_mut();
        let group = format!("{name}.group");
        let group = graph.add(
            &group,
            Spec::TableGroup { group: Arc::clone(&self.group), key },
            vec![Input { node: self.parent, port: 0 }],
            self.policies,
        );
        let topic = repartition_topic(&mut graph, &name, None);
        let sink = Sink {
            target: Target::Topic(topic.clone()),
            key,
            value: Codec::of::<V>(),
            is_change: true,
            partition: SinkKey::Hash(Partitioner::Murmur2),
            needs_key: true,
        };
        graph.add(
            &format!("{name}.group.to({name})"),
            Spec::Sink(sink),
            vec![Input { node: group, port: 0 }],
            self.policies,
        );
        let source = internal_source(topic, key, Codec::of::<V>(), true);
        let source = graph.add(&format!("{name}-repartition"), source, Vec::new(), self.policies);
        let kind = store.key_value_kind();
        let spec = store.spec(&mut graph, kind, key, value);
        let index = graph.add_store(spec);
        let spec = TableAggregate { store: index, key, value, add, subtract };
        let inputs = vec![Input { node: source, port: 0 }];
        let node = graph.add(&name, Spec::TableAggregate(spec), inputs, self.policies);
        drop(graph);
        let _ = &self.base;
        Table::new(&self.graph, node, Arc::from(name), key, value)
    }
}

impl<K, V> Clone for GroupedTable<K, V> {
    fn clone(&self) -> Self {
        Self {
            graph: Rc::clone(&self.graph),
            parent: self.parent,
            base: Arc::clone(&self.base),
            group: Arc::clone(&self.group),
            policies: self.policies,
            _types: PhantomData,
        }
    }
}
