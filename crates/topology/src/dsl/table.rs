//! Tables and what can be done with their rows one by one.
use std::marker::PhantomData;
use std::sync::Arc;

use super::erase::{both, get, row};
use super::{GroupedTable, Materialized, Stream, Suppressed};
use crate::Payload;
use crate::codec::Codec;
use crate::data::Data;
use crate::spec::{Mapper, Policy, Predicate, RecordContext, Spec};
use crate::untyped;

/// A table: the latest value of each key, and its changes.
pub struct Table<K, V> {
    inner: untyped::Table,
    _types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self::at(self.inner.clone())
    }
}

impl<K, V> Table<K, V> {
    pub(super) fn at(inner: untyped::Table) -> Self {
        Self { inner, _types: PhantomData }
    }

    /// The table with its codecs.
    pub fn untyped(&self) -> &untyped::Table {
        &self.inner
    }
}

impl<K: Data, V: Data> Table<K, V> {
    /// Keeps the rows under this name: on disk, with a changelog, and served.
    #[must_use]
    pub fn materialize(&self, store: impl Into<Materialized>) -> Self {
        Self::at(self.inner.materialize(store))
    }

    /// Keeps the rows of which this is true.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> Self {
        let keep: Predicate =
            Arc::new(move |key, value| both(key, value).is_some_and(|(key, value)| keep(key, value)));
        Self::at(self.inner.filter(keep, false))
    }

    /// Drops the rows of which this is true.
    #[must_use]
    pub fn filter_not(&self, drop: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> Self {
        self.filter(move |key, value| !drop(key, value))
    }

    /// Another value for each row.
    #[must_use]
    pub fn map_values<W: Data>(&self, map: impl Fn(&V) -> W + Send + Sync + 'static) -> Table<K, W> {
        let map = move |_: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            Ok(get(value.as_ref()).and_then(|value| row(map(value))))
        };
        Table::at(self.inner.map_values(Arc::new(map), Codec::of::<W>()))
    }

    /// Another value for each row, made of key and value.
    #[must_use]
    pub fn map_values_with_key<W: Data>(
        &self,
        map: impl Fn(&K, &V) -> W + Send + Sync + 'static,
    ) -> Table<K, W> {
        let map = move |key: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            Ok(both(key, value.as_ref()).and_then(|(key, value)| row(map(key, value))))
        };
        Table::at(self.inner.map_values(Arc::new(map), Codec::of::<W>()))
    }

    /// The table's changes as a stream; a deleted row is a record with a null value, which functions see if the type has
    /// something for it.
    pub fn to_stream(&self) -> Stream<K, V> {
        let stream = Stream::at(self.inner.to_stream().into_place());
        let Some(null) = V::null().map(Payload::new) else { return stream };
        let visible = move |_: Option<&Payload>, value: Option<Payload>, _: &RecordContext<'_>| {
            Ok(Some(value.unwrap_or_else(|| null.clone())))
        };
        stream.add("nulls", Spec::MapValues(Arc::new(visible)))
    }

    /// Groups the rows by another key and value, made of each row's. A row whose key or value there stands for null is in no
    /// group.
    pub fn group_by<K2: Data, W: Data>(
        &self,
        group: impl Fn(&K, &V) -> (K2, W) + Send + Sync + 'static,
    ) -> GroupedTable<K2, W> {
        let group: Mapper = Arc::new(move |key, value, _| {
            let grouped = both(key, value.as_ref()).map(|(key, value)| group(key, value));
            Ok(grouped.map(|(key, value)| (row(key), row(value))))
        });
        GroupedTable::new(self.inner.clone(), group)
    }

    /// Holds changes back: until windows close, or for a time. The store of what is held is named `<table>-suppress`.
    #[must_use]
    pub fn suppress(&self, suppressed: Suppressed<K>) -> Self {
        let name = suppressed.name.unwrap_or_else(|| format!("{}-suppress", self.inner.place.base));
        Self::at(self.inner.suppress(&name, suppressed.until, suppressed.buffer))
    }

    /// What happens to records that a function fails on, whatever the node's `processing_errors` says: for all operators
    /// that are chained from here on, also behind repartition topics. Where two streams or tables meet, those of the one
    /// that the method is called on count.
    #[must_use]
    pub fn on_processing_error(&self, policy: Policy) -> Self {
        Self::at(self.inner.on_processing_error(policy))
    }

    /// The same for results that their topic would refuse, and the node's `production_errors`.
    #[must_use]
    pub fn on_production_error(&self, policy: Policy) -> Self {
        Self::at(self.inner.on_production_error(policy))
    }
}
