//! Several groups folded into one aggregate.
use std::sync::Arc;

use super::erase::{both, row};
use super::group::Fold;
use super::windowed::{window_kind, windowed};
use super::{Grouped, Materialized, Stream, Table};
use crate::Payload;
use crate::codec::WindowedKeyOf;
use crate::data::{Data, Session, Windowed};
use crate::graph::NodeId;
use crate::spec::{Aggregator, Emit, Merger, StoreKind, Windowing};
use crate::window::{SessionWindows, SlidingWindows, TimeWindows};

type Init<A> = Arc<dyn Fn() -> A + Send + Sync>;
type Add<A> = Arc<
    dyn Fn(Option<&Payload>, Option<&Payload>, Option<Payload>, &Init<A>) -> Option<Payload> + Send + Sync,
>;
/// Makes sure that a stream's records are in the partitions of their keys, given the store's name.
type InPlace = Box<dyn Fn(&str) -> NodeId>;

/// Groups of streams that share one aggregate.
pub struct Cogroup<K, A> {
    first: Stream<K, ()>,
    inputs: Vec<(InPlace, Add<A>)>,
}

impl<K: Data, A: Data> Cogroup<K, A> {
    pub(super) fn new<V: Data, R: Into<Option<A>>>(
        grouped: &Grouped<K, V>,
        add: impl Fn(&K, &V, A) -> R + Send + Sync + 'static,
    ) -> Self {
        let stream = &grouped.stream;
        let mut first = Stream::new(&stream.graph, stream.node, Arc::clone(&stream.base));
        (first.is_moved, first.policies) = (stream.is_moved, stream.policies);
        Self { first, inputs: Vec::new() }.and(grouped, add)
    }

    /// Another group, and what its records do to the aggregate.
    #[must_use]
    pub fn and<V: Data, R: Into<Option<A>>>(
        mut self,
        grouped: &Grouped<K, V>,
        add: impl Fn(&K, &V, A) -> R + Send + Sync + 'static,
    ) -> Self {
        let erased: Add<A> = Arc::new(move |key, value, so_far, init| {
            let Some((key, value)) = both::<K, V>(key, value) else { return so_far };
            let so_far = so_far.map_or_else(|| init(), Payload::take);
            add(key, value, so_far).into().and_then(row)
        });
        let (stream, number) = (grouped.stream.clone(), self.inputs.len() + 1);
        let in_place = move |store: &str| stream.in_place(&format!("{store}-{number}")).node;
        self.inputs.push((Box::new(in_place), erased));
        self
    }

    /// Folds all groups.
    pub fn aggregate(
        self,
        store: impl Into<Materialized>,
        init: impl Fn() -> A + Send + Sync + 'static,
    ) -> Table<K, A> {
        let store = store.into();
        let kind = store.key_value_kind();
        self.fold(store, Arc::new(init), kind, Windowing::None, Emit::Update)
    }

    /// Cuts all groups by tumbling, hopping or unlimited windows.
    pub fn windowed_by(self, windows: TimeWindows) -> WindowedCogroup<K, A> {
        let windows = Windowing::Time(windows, WindowedKeyOf::time::<K>());
        WindowedCogroup { cogroup: self, windows, emit: Emit::Update }
    }

    /// Cuts all groups by sliding windows.
    pub fn windowed_by_sliding(self, windows: SlidingWindows) -> WindowedCogroup<K, A> {
        let windows = Windowing::Sliding(windows, WindowedKeyOf::time::<K>());
        WindowedCogroup { cogroup: self, windows, emit: Emit::Update }
    }

    /// Folds all groups by sessions; `merge` makes one aggregate of two when sessions meet.
    pub fn aggregate_sessions(
        self,
        windows: SessionWindows,
        store: impl Into<Materialized>,
        init: impl Fn() -> A + Send + Sync + 'static,
        merge: impl Fn(&K, A, A) -> A + Send + Sync + 'static,
    ) -> Table<Session<K>, A> {
        let (store, init): (Materialized, Init<A>) = (store.into(), Arc::new(init));
        let again = Arc::clone(&init);
        let merge: Merger = Arc::new(move |key, one, other| {
            let one = one.map_or_else(|| again(), Payload::take);
            key.map(|key| Payload::new(merge(key.get(), one, other.take())))
        });
        let windows = Windowing::Session(windows, merge, WindowedKeyOf::session::<K>());
        let kind = window_kind(&windows, &store, &mut self.first.graph.borrow_mut().errors);
        windowed(self.fold(store, init, kind, windows, Emit::Update))
    }

    fn fold(
        self,
        store: Materialized,
        init: Init<A>,
        kind: StoreKind,
        windows: Windowing,
        emit: Emit,
    ) -> Table<K, A> {
        let input = |(in_place, add): (InPlace, Add<A>)| {
            let init = Arc::clone(&init);
            let add: Aggregator = Arc::new(move |key, value, so_far| add(key, value, so_far, &init));
            (in_place(&store.name), add)
        };
        let inputs = self.inputs.into_iter().map(input).collect();
        let fold = Fold { inputs, windows, emit, needs_value: true, policies: self.first.policies };
        fold.add::<K, A>(&self.first.graph, store, kind)
    }
}

/// Groups that share one aggregate for each window.
pub struct WindowedCogroup<K, A> {
    cogroup: Cogroup<K, A>,
    windows: Windowing,
    emit: Emit,
}

impl<K: Data, A: Data> WindowedCogroup<K, A> {
    /// One result for each window, when it is closed.
    #[must_use]
    pub fn emit_on_close(self) -> Self {
        Self { emit: Emit::Close, ..self }
    }

    /// Folds all groups.
    pub fn aggregate(
        self,
        store: impl Into<Materialized>,
        init: impl Fn() -> A + Send + Sync + 'static,
    ) -> Table<Windowed<K>, A> {
        let store = store.into();
        let kind = window_kind(&self.windows, &store, &mut self.cogroup.first.graph.borrow_mut().errors);
        windowed(self.cogroup.fold(store, Arc::new(init), kind, self.windows, self.emit))
    }
}
