//! Joins of tables.
use std::sync::Arc;

use super::Table;
use super::erase::{both, inner, left, outer, row, rows};
use crate::codec::Codec;
use crate::data::Data;
use crate::spec::{JoinKind, Joiner, KeyMapper};
use crate::untyped::{self, ForeignKeyNames};

impl<K: Data, V: Data> Table<K, V> {
    /// Joins the rows of two tables that have one key.
    #[must_use]
    pub fn join<W: Data, R: Data>(
        &self,
        other: &Table<K, W>,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Table<K, R> {
        self.join_tables(other, JoinKind::Inner, inner(join))
    }

    /// The same; a row of this table without a partner gives a result too.
    #[must_use]
    pub fn left_join<W: Data, R: Data>(
        &self,
        other: &Table<K, W>,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Table<K, R> {
        self.join_tables(other, JoinKind::Left, left(join))
    }

    /// The same; any row without a partner gives a result.
    #[must_use]
    pub fn outer_join<W: Data, R: Data>(
        &self,
        other: &Table<K, W>,
        join: impl Fn(Option<&V>, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Table<K, R> {
        self.join_tables(other, JoinKind::Outer, outer(join))
    }

    /// Joins each row with the row of another table whose key it holds; `foreign_key` finds that key.
    #[must_use]
    pub fn join_on<F: Data, W: Data, R: Data>(
        &self,
        other: &Table<F, W>,
        foreign_key: impl Fn(&K, &V) -> Option<F> + Send + Sync + 'static,
        join: impl Fn(&V, &W) -> R + Send + Sync + 'static,
    ) -> Table<K, R> {
        self.join_foreign(other, JoinKind::Inner, foreign_key, inner(join))
    }

    /// The same; a row without a partner gives a result too.
    #[must_use]
    pub fn left_join_on<F: Data, W: Data, R: Data>(
        &self,
        other: &Table<F, W>,
        foreign_key: impl Fn(&K, &V) -> Option<F> + Send + Sync + 'static,
        join: impl Fn(&V, Option<&W>) -> R + Send + Sync + 'static,
    ) -> Table<K, R> {
        self.join_foreign(other, JoinKind::Left, foreign_key, left(join))
    }

    fn join_tables<W: Data, R: Data>(
        &self,
        other: &Table<K, W>,
        kind: JoinKind,
        join: Joiner,
    ) -> Table<K, R> {
        let (left, right) = (self.untyped(), other.untyped());
        let name = join_name(left, right);
        Table::at(left.join(right, kind, rows::<R>(join), Codec::of::<R>(), &name))
    }

    fn join_foreign<F: Data, W: Data, R: Data>(
        &self,
        other: &Table<F, W>,
        kind: JoinKind,
        foreign_key: impl Fn(&K, &V) -> Option<F> + Send + Sync + 'static,
        join: Joiner,
    ) -> Table<K, R> {
        let (left, right) = (self.untyped(), other.untyped());
        let foreign_key: KeyMapper = Arc::new(move |key, value| {
            both(key, value).and_then(|(key, value)| foreign_key(key, value)).and_then(row)
        });
        let names = ForeignKeyNames::of(&join_name(left, right));
        let (join, value) = (rows::<R>(join), Codec::of::<R>());
        Table::at(left.join_foreign(right, kind, foreign_key, join, value, &names))
    }
}

fn join_name(left: &untyped::Table, right: &untyped::Table) -> String {
    format!("{}-{}-join", left.place.base, right.place.base)
}
