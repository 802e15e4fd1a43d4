//! Groups: what is folded.
use std::marker::PhantomData;
use std::sync::Arc;

use super::erase::{aggregator, counter, reducer};
use super::{Cogroup, Materialized, SessionGroup, Stream, Table, WindowedGroup};
use crate::codec::{Codec, WindowedKeyOf};
use crate::data::Data;
use crate::spec::{Aggregator, Emit, Mapper, Windowing};
use crate::untyped::{self, Fold, TableFold};
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
        let fold = Fold {
            add,
            key: Codec::of::<K>(),
            value: Codec::of::<A>(),
            windows: Windowing::None,
            emit: Emit::Update,
            needs_value: true,
        };
        let repartition = store.name.clone();
        Table::at(self.stream.untyped().aggregate(&repartition, fold, store))
    }
}

/// A table grouped by something of its rows.
pub struct GroupedTable<K, V> {
    table: untyped::Table,
    group: Mapper,
    _types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> GroupedTable<K, V> {
    pub(super) fn new(table: untyped::Table, group: Mapper) -> Self {
        Self { table, group, _types: PhantomData }
    }
}

impl<K, V> Clone for GroupedTable<K, V> {
    fn clone(&self) -> Self {
        Self::new(self.table.clone(), Arc::clone(&self.group))
    }
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
        let (group, repartition) = (Arc::clone(&self.group), store.name.clone());
        let fold = TableFold { add, subtract, value: Codec::of::<A>() };
        let (key, value) = (Codec::of::<K>(), Codec::of::<V>());
        Table::at(self.table.aggregate_by(group, key, value, &repartition, fold, store))
    }
}
