//! The columns of one side of a record.
use std::fmt;
use std::sync::Arc;

use crate::SqlType;
use crate::types::Field;

/// Which part of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The key.
    Key,
    /// The value.
    Value,
}

/// Whether a single column is a field of a record or the record itself. Of several columns it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wrapping {
    /// A field, with its name where the format has names.
    Wrapped,
    /// The whole, anonymous.
    Unwrapped,
}

/// The columns of one side of a record, in the order in which they lie in a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowSchema {
    /// Which side.
    pub side: Side,
    /// The columns.
    pub columns: Arc<[Field]>,
    /// How a single one lies in the record; of formats without a choice ignored.
    pub wrapping: Wrapping,
}

impl RowSchema {
    /// Key columns, a single one unwrapped.
    pub fn key<N: Into<Arc<str>>>(columns: impl IntoIterator<Item = (N, SqlType)>) -> Self {
        Self { side: Side::Key, columns: fields(columns), wrapping: Wrapping::Unwrapped }
    }

    /// Value columns, a single one wrapped.
    pub fn value<N: Into<Arc<str>>>(columns: impl IntoIterator<Item = (N, SqlType)>) -> Self {
        Self { side: Side::Value, columns: fields(columns), wrapping: Wrapping::Wrapped }
    }

    /// With a single column so.
    #[must_use]
    pub fn with_wrapping(self, wrapping: Wrapping) -> Self {
        Self { wrapping, ..self }
    }

    /// The one column that is the whole record.
    pub(super) fn unwrapped(&self) -> Option<&Field> {
        match (self.wrapping, &*self.columns) {
            (Wrapping::Unwrapped, [column]) => Some(column),
            _ => None,
        }
    }
}

fn fields<N: Into<Arc<str>>>(columns: impl IntoIterator<Item = (N, SqlType)>) -> Arc<[Field]> {
    columns.into_iter().map(|(name, kind)| Field { name: name.into(), kind }).collect()
}

/// As ksqlDB's messages list columns: ``[`K` INTEGER KEY, `L` STRING KEY]``.
impl fmt::Display for RowSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, Field { name, kind }) in self.columns.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let key = if self.side == Side::Key { " KEY" } else { "" };
            write!(f, "{comma}`{}` {kind}{key}", name.replace('`', "``"))?;
        }
        f.write_str("]")
    }
}
