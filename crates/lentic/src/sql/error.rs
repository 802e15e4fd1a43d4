//! Why a statement of SQL is not in force.
use std::fmt;

use lentic_types::Offset;

use crate::TableError;

/// A statement was not written, or does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlError {
    /// Another statement came first: it has to be validated again, behind this position.
    Overtaken(Offset),
    /// The statement log failed, or a node of the service is too old for it.
    Log(TableError),
}

/// A statement was not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecuteError<E> {
    /// The validation refused it.
    Refused(E),
    /// It could not be written.
    Sql(SqlError),
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overtaken(_) => f.write_str("other statements came first each time; try again"),
            Self::Log(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SqlError {}

impl<E: fmt::Display> fmt::Display for ExecuteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Sql(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for ExecuteError<E> {}

impl From<TableError> for SqlError {
    fn from(error: TableError) -> Self {
        Self::Log(error)
    }
}

impl<E> From<SqlError> for ExecuteError<E> {
    fn from(error: SqlError) -> Self {
        Self::Sql(error)
    }
}
