//! Groups cut by windows.
use std::sync::Arc;

use super::erase::{aggregator, counter, reducer, row};
use super::{Grouped, Materialized, Table};
use crate::codec::{Codec, WindowedKeyOf};
use crate::data::{Data, Session, Windowed};
use crate::spec::{Aggregator, Emit, Merger, Windowing};
use crate::untyped::Fold;
use crate::window::SessionWindows;

/// A group cut by tumbling, hopping, sliding or unlimited windows.
pub struct WindowedGroup<K, V> {
    grouped: Grouped<K, V>,
    windows: Windowing,
    emit: Emit,
}

impl<K: Data, V: Data> WindowedGroup<K, V> {
    pub(super) fn new(grouped: Grouped<K, V>, windows: Windowing) -> Self {
        Self { grouped, windows, emit: Emit::Update }
    }

    /// One result for each window, when it is closed, instead of one at each update.
    #[must_use]
    pub fn emit_on_close(self) -> Self {
        Self { emit: Emit::Close, ..self }
    }

    /// How many records of each key each window has.
    pub fn count(&self, store: impl Into<Materialized>) -> Table<Windowed<K>, i64> {
        self.fold(store.into(), counter(1), false)
    }

    /// Folds the values of each key and window into one of their kind.
    pub fn reduce<R: Into<Option<V>>>(
        &self,
        store: impl Into<Materialized>,
        reduce: impl Fn(V, &V) -> R + Send + Sync + 'static,
    ) -> Table<Windowed<K>, V> {
        self.fold(store.into(), reducer(reduce), true)
    }

    /// Folds the values of each key and window into an aggregate.
    pub fn aggregate<A: Data, R: Into<Option<A>>>(
        &self,
        store: impl Into<Materialized>,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, &V, A) -> R + Send + Sync + 'static,
    ) -> Table<Windowed<K>, A> {
        self.fold(store.into(), aggregator(init, add), true)
    }

    fn fold<A: Data>(
        &self,
        store: Materialized,
        add: Aggregator,
        needs_value: bool,
    ) -> Table<Windowed<K>, A> {
        let fold = Fold {
            add,
            key: Codec::of::<Windowed<K>>(),
            value: Codec::of::<A>(),
            windows: self.windows.clone(),
            emit: self.emit,
            needs_value,
        };
        let repartition = store.name.clone();
        Table::at(self.grouped.stream.untyped().aggregate(&repartition, fold, store))
    }
}

/// A group cut by sessions.
pub struct SessionGroup<K, V> {
    grouped: Grouped<K, V>,
    windows: SessionWindows,
    emit: Emit,
}

impl<K: Data, V: Data> SessionGroup<K, V> {
    pub(super) fn new(grouped: Grouped<K, V>, windows: SessionWindows) -> Self {
        Self { grouped, windows, emit: Emit::Update }
    }

    /// One result for each session, when it is closed, instead of one at each update.
    #[must_use]
    pub fn emit_on_close(self) -> Self {
        Self { emit: Emit::Close, ..self }
    }

    /// How many records each session has.
    pub fn count(&self, store: impl Into<Materialized>) -> Table<Session<K>, i64> {
        let merge: Merger = Arc::new(|_, one, other| {
            let one = one.map_or(0, |count| *count.get::<i64>());
            Ok(Some(crate::Payload::new(one + *other.get::<i64>())))
        });
        self.fold(store.into(), counter(1), merge, false)
    }

    /// Folds the values of each session into one of their kind.
    pub fn reduce<R: Into<Option<V>> + 'static>(
        &self,
        store: impl Into<Materialized>,
        reduce: impl Fn(V, &V) -> R + Send + Sync + 'static,
    ) -> Table<Session<K>, V> {
        let reduce = Arc::new(reduce);
        let again = Arc::clone(&reduce);
        let merge: Merger = Arc::new(move |_, one, other| {
            Ok(match one {
                Some(one) => again(one.take(), other.get()).into().and_then(row),
                None => Some(other),
            })
        });
        self.fold(store.into(), reducer(move |one, other| reduce(one, other)), merge, true)
    }

    /// Folds the values of each session into an aggregate; `merge` makes one aggregate of two when sessions meet.
    pub fn aggregate<A: Data, R: Into<Option<A>>>(
        &self,
        store: impl Into<Materialized>,
        init: impl Fn() -> A + Send + Sync + 'static,
        add: impl Fn(&K, &V, A) -> R + Send + Sync + 'static,
        merge: impl Fn(&K, A, A) -> A + Send + Sync + 'static,
    ) -> Table<Session<K>, A> {
        let init = Arc::new(init);
        let again = Arc::clone(&init);
        let merge: Merger = Arc::new(move |key, one, other| {
            let one = one.map_or_else(|| again(), crate::Payload::take);
            Ok(key.map(|key| crate::Payload::new(merge(key.get(), one, other.take()))))
        });
        self.fold(store.into(), aggregator(move || init(), add), merge, true)
    }

    fn fold<A: Data>(
        &self,
        store: Materialized,
        add: Aggregator,
        merge: Merger,
        needs_value: bool,
    ) -> Table<Session<K>, A> {
        let fold = Fold {
            add,
            key: Codec::of::<Session<K>>(),
            value: Codec::of::<A>(),
            windows: Windowing::Session(self.windows, merge, WindowedKeyOf::session::<K>()),
            emit: self.emit,
            needs_value,
        };
        let repartition = store.name.clone();
        Table::at(self.grouped.stream.untyped().aggregate(&repartition, fold, store))
    }
}
