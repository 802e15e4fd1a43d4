//! Joins of streams.
use std::sync::Arc;
use std::time::Duration;

use super::erase::{both, inner, left, outer};
use super::{GlobalTable, Stream, Table};
use crate::Payload;
use crate::codec::Codec;
use crate::data::Data;
use crate::spec::{GlobalJoin, JoinKind, Joiner, Spec};
use crate::untyped::StreamJoinNames;
use crate::window::JoinWindows;

impl<K: Data, V: Data> Stream<K, V> {
    /// Joins the records of two streams that have one key and are not too far apart.
    #[must_use]
    pub fn join<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        other: &Stream<K, W>,
        windows: JoinWindows,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_streams(other, windows, JoinKind::Inner, inner(join))
    }

    /// The same; a record of this stream without a partner gives a result too, once its window is closed.
    #[must_use]
    pub fn left_join<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        other: &Stream<K, W>,
        windows: JoinWindows,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_streams(other, windows, JoinKind::Left, left(join))
    }

    /// The same; any record without a partner gives a result, once its window is closed.
    #[must_use]
    pub fn outer_join<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        other: &Stream<K, W>,
        windows: JoinWindows,
        join: impl Fn(Option<&V>, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_streams(other, windows, JoinKind::Outer, outer(join))
    }

    /// Joins each record with the row of its key.
    #[must_use]
    pub fn join_table<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &Table<K, W>,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_table(table, JoinKind::Inner, inner(join), None)
    }

    /// The same; a record without a row gives a result too.
    #[must_use]
    pub fn left_join_table<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &Table<K, W>,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_table(table, JoinKind::Left, left(join), None)
    }

    /// Joins each record with the version of its key's row at the record's time. Records wait for `grace` in stream time, so
    /// that the table, which has to be versioned, can come first.
    #[must_use]
    pub fn join_table_within<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &Table<K, W>,
        grace: Duration,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_table(table, JoinKind::Inner, inner(join), Some(grace))
    }

    /// The same; a record without a row gives a result too.
    #[must_use]
    pub fn left_join_table_within<W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &Table<K, W>,
        grace: Duration,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_table(table, JoinKind::Left, left(join), Some(grace))
    }

    /// Joins each record with the row of a global table that `lookup` names.
    #[must_use]
    pub fn join_global<K2: Data, W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &GlobalTable<K2, W>,
        lookup: impl Fn(&K, &V) -> K2 + Send + Sync + 'static,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_global(table, JoinKind::Inner, lookup, inner(join))
    }

    /// The same; a record without a row gives a result too.
    #[must_use]
    pub fn left_join_global<K2: Data, W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &GlobalTable<K2, W>,
        lookup: impl Fn(&K, &V) -> K2 + Send + Sync + 'static,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Stream<K, R> {
        self.join_with_global(table, JoinKind::Left, lookup, left(join))
    }

    fn join_streams<W: Data, R>(
        &self,
        other: &Stream<K, W>,
        windows: JoinWindows,
        kind: JoinKind,
        join: Joiner,
    ) -> Stream<K, R> {
        let named = windows.name.clone();
        let name = named.unwrap_or_else(|| format!("{}-{}-join", self.place.base, other.place.base));
        let (stream, other, names) = (self.untyped(), other.untyped(), StreamJoinNames::of(&name));
        Stream::at(stream.join_streams(&other, kind, windows, join, &names))
    }

    fn join_with_table<W: Data, R>(
        &self,
        table: &Table<K, W>,
        kind: JoinKind,
        join: Joiner,
        grace: Option<Duration>,
    ) -> Stream<K, R> {
        let name = format!("{}-{}-join", self.place.base, table.untyped().place.base);
        let (stream, table, repartition) = (self.untyped(), table.untyped(), format!("{name}-left"));
        Stream::at(stream.join_with_table(table, kind, grace, join, &name, &repartition))
    }

    fn join_with_global<K2: Data, W: Data, R: Clone + Send + Sync + 'static>(
        &self,
        table: &GlobalTable<K2, W>,
        kind: JoinKind,
        lookup: impl Fn(&K, &V) -> K2 + Send + Sync + 'static,
        join: Joiner,
    ) -> Stream<K, R> {
        let lookup = move |key: Option<&Payload>, value: Option<&Payload>| {
            both(key, value).map(|(key, value)| Payload::new(lookup(key, value)))
        };
        let value = Codec::of::<V>();
        let spec = GlobalJoin { kind, table: table.index, value, lookup: Arc::new(lookup), join };
        self.add("join_global", Spec::GlobalJoin(spec))
    }
}
