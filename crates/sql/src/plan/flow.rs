//! What comes out of a step of a query: a stream or table, and which columns its rows have.
use std::sync::Arc;

use lentic_sql_syntax::ast::{Expr, ExprNode, Name};
use lentic_topology::untyped;

use super::row::Row;
use super::source::KeyOnly;
use super::view::View;
use crate::SqlType;
use crate::catalog::SourceWindow;
use crate::expr::{Scope, ScopeColumn};
use crate::serde::{Format, RowSchema, Wrapping};

/// A stream or table while a query is being planned. Its records have a [`super::Key`], and as value a [`Row`] of all its
/// columns, those of the key included: expressions look at nothing else.
#[derive(Clone)]
pub(super) struct Flow {
    pub(super) handle: Handle,
    pub(super) columns: Vec<FlowColumn>,
    /// The columns of the key, in their order.
    pub(super) key: Vec<KeyColumn>,
    /// Why those are the key: for messages.
    pub(super) keyed_by: KeyedBy,
    /// How keys lie in topics.
    pub(super) key_format: Format,
    /// How values lie in topics of the query's own.
    pub(super) value_format: Format,
    /// The windows of its keys.
    pub(super) window: Option<SourceWindow>,
    /// Makes the row of a record whose value is null, of which only key and pseudo columns are known; `None` where no such
    /// records come.
    pub(super) key_only: Option<KeyOnly>,
    /// How the rows of a table are read from a store that has them.
    pub(super) view: Option<View>,
    /// How many partitions its topics have, where the catalog says so.
    pub(super) partitions: Option<u32>,
}

/// The handle in the topology.
#[derive(Clone)]
pub(super) enum Handle {
    Stream(untyped::Stream),
    Table(untyped::Table),
}

/// A column of a flow's rows.
#[derive(Clone, Debug)]
pub(super) struct FlowColumn {
    /// The name or alias of the source that it comes from.
    pub(super) source: Option<Name>,
    /// Its name there.
    pub(super) name: Name,
    /// The name that it has where several sources meet: `L_ID`; of one source it is the name.
    pub(super) flat: Arc<str>,
    pub(super) kind: SqlType,
    pub(super) role: Role,
}

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// One of the key's.
    Key,
    /// One of the value's, or one that was of the key before.
    Value,
    /// ROWTIME, ROWPARTITION, ROWOFFSET.
    Pseudo,
    /// WINDOWSTART, WINDOWEND.
    Bound,
}

/// A column of a flow's key.
#[derive(Clone, Debug)]
pub(super) struct KeyColumn {
    pub(super) name: Arc<str>,
    pub(super) kind: SqlType,
    /// The columns of the row that have its value: after a join of `L.A` and `R.A` both.
    pub(super) columns: Vec<usize>,
    /// As messages show it, one text for each of the columns.
    pub(super) shown: Vec<String>,
    /// Expressions, qualified, that have its value, too: the other sides of criteria of joins.
    pub(super) same_as: Vec<Expr>,
}

/// What made the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyedBy {
    Source,
    Partition,
    Group,
    Join,
    /// A join whose key is no column of any source.
    SyntheticJoin,
    /// A foreign-key join: the left table's key.
    ForeignKey,
}

impl Flow {
    /// Whether several sources meet in it.
    pub(super) fn is_joined(&self) -> bool {
        matches!(self.keyed_by, KeyedBy::Join | KeyedBy::SyntheticJoin | KeyedBy::ForeignKey) || {
            let mut sources = self.columns.iter().filter_map(|column| column.source.as_ref());
            let first = sources.next();
            sources.any(|source| Some(source) != first)
        }
    }

    /// What expressions may name.
    pub(super) fn scope(&self) -> Scope {
        let joined = self.is_joined();
        Scope::new(self.columns.iter().enumerate().map(|(index, column)| ScopeColumn {
            source: column.source.clone(),
            name: column.name.clone(),
            kind: column.kind.clone(),
            index,
            shown: joined.then(|| {
                let name = Name::new(&*column.flat);
                Expr::from(ExprNode::Column { source: None, name })
            }),
        }))
    }

    /// All columns of its rows, as a topic of the query's own has them.
    pub(super) fn row_schema(&self) -> RowSchema {
        let columns = self.columns.iter().map(|column| (Arc::clone(&column.flat), column.kind.clone()));
        internal_schema(columns, &self.value_format)
    }
}

pub(super) fn key_schema(key: &[KeyColumn], format: &Format) -> RowSchema {
    let columns = key.iter().map(|column| (Arc::clone(&column.name), column.kind.clone()));
    RowSchema::key(columns).with_wrapping(format.name.key_wrapping())
}

/// Value columns as a topic of the query's own has them: a single one wrapped, where the format can.
pub(super) fn internal_schema(
    columns: impl IntoIterator<Item = (Arc<str>, SqlType)>,
    format: &Format,
) -> RowSchema {
    let wrapping =
        if format.name.supports(Wrapping::Wrapped) { Wrapping::Wrapped } else { Wrapping::Unwrapped };
    RowSchema::value(columns).with_wrapping(wrapping)
}

/// A row of NULLs.
pub(super) fn empty_row(width: usize) -> Row {
    vec![crate::Value::Null; width]
}
