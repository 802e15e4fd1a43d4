//! Several groups folded into one aggregate.
use std::marker::PhantomData;
use std::sync::Arc;

use super::erase::{both, row};
use super::{Grouped, Materialized, Table};
use crate::Payload;
use crate::codec::{Codec, WindowedKeyOf};
use crate::data::{Data, Session, Windowed};
use crate::spec::{Aggregator, Emit, Merger, Windowing};
use crate::untyped::{self, Fold};
use crate::window::{SessionWindows, SlidingWindows, TimeWindows};

type Init<A> = Arc<dyn Fn() -> A + Send + Sync>;
type Add<A> = Arc<
    dyn Fn(Option<&Payload>, Option<&Payload>, Option<Payload>, &Init<A>) -> Option<Payload> + Send + Sync,
>;

/// Groups of streams that share one aggregate.
pub struct Cogroup<K, A> {
    /// At least one.
    inputs: Vec<(untyped::Stream, Add<A>)>,
    _type: PhantomData<fn() -> K>,
}

impl<K: Data, A: Data> Cogroup<K, A> {
    pub(super) fn new<V: Data, R: Into<Option<A>>>(
        grouped: &Grouped<K, V>,
        add: impl Fn(&K, &V, A) -> R + Send + Sync + 'static,
    ) -> Self {
        Self { inputs: Vec::new(), _type: PhantomData }.and(grouped, add)
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
        self.inputs.push((grouped.stream.untyped(), erased));
        self
    }

    /// Folds all groups.
    pub fn aggregate(
        self,
        store: impl Into<Materialized>,
        init: impl Fn() -> A + Send + Sync + 'static,
    ) -> Table<K, A> {
        self.fold(store.into(), Arc::new(init), Windowing::None, Emit::Update)
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
        let init: Init<A> = Arc::new(init);
        let again = Arc::clone(&init);
        let merge: Merger = Arc::new(move |key, one, other| {
            let one = one.map_or_else(|| again(), Payload::take);
            Ok(key.map(|key| Payload::new(merge(key.get(), one, other.take()))))
        });
        let windows = Windowing::Session(windows, merge, WindowedKeyOf::session::<K>());
        self.fold(store.into(), init, windows, Emit::Update)
    }

    fn fold<W: Data>(
        self,
        store: Materialized,
        init: Init<A>,
        windows: Windowing,
        emit: Emit,
    ) -> Table<W, A> {
        let inputs = self.inputs.into_iter().enumerate().map(|(number, (stream, add))| {
            let init = Arc::clone(&init);
            let add: Aggregator = Arc::new(move |key, value, so_far| Ok(add(key, value, so_far, &init)));
            (stream.in_place(&format!("{}-{}", store.name, number + 1)).into_place(), add)
        });
        let mut inputs: Vec<_> = inputs.collect();
        let (first, add) = inputs.remove(0);
        let others = inputs.into_iter().map(|(place, add)| (place.node, add)).collect();
        let (key, value) = (Codec::of::<W>(), Codec::of::<A>());
        let fold = Fold { add, key, value, windows, emit, needs_value: true };
        Table::at(fold.over(&first, others, Codec::of::<K>(), store))
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
        self.cogroup.fold(store.into(), Arc::new(init), self.windows, self.emit)
    }
}
