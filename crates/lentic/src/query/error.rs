//! Why a query can't be run.
use std::fmt;

use lentic_engine::log;
use lentic_topology::TopologyError;

use crate::{NodeError, TableError};

/// A topology can't be run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryError {
    /// It can't be built, or not be continued: all that is wrong.
    Topology(Vec<TopologyError>),
    /// A query of this name runs already.
    Running(String),
    /// So many transient queries run already, as `max_transient_queries` says.
    TooMany(usize),
    /// No query has this name.
    NotFound(String),
    /// What it left behind can't be read.
    Invalid(String),
    /// One of its tables can't be opened.
    Table(TableError),
    /// The log failed.
    Log(log::Error),
    /// The store failed.
    Store(lentic_store::Error),
    /// The node is stopping, or can't start a thread.
    Node(NodeError),
    /// The node is stopping.
    Closed,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topology(errors) => {
                for (i, error) in errors.iter().enumerate() {
                    let line = if i == 0 { "" } else { "\n" };
                    write!(f, "{line}{error}")?;
                }
                Ok(())
            }
            Self::Running(name) => write!(f, "the query {name} runs already: stop it first"),
            Self::TooMany(most) => write!(
                f,
                "{most} transient queries run already: end one of them, or raise max_transient_queries"
            ),
            Self::NotFound(name) => write!(f, "there is no query {name}"),
            Self::Invalid(text) => f.write_str(text),
            Self::Table(error) => error.fmt(f),
            Self::Log(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::Node(error) => error.fmt(f),
            Self::Closed => f.write_str("the node is stopping"),
        }
    }
}

impl std::error::Error for QueryError {}

impl From<log::Error> for QueryError {
    fn from(error: log::Error) -> Self {
        Self::Log(error)
    }
}

impl From<lentic_store::Error> for QueryError {
    fn from(error: lentic_store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<TableError> for QueryError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl From<NodeError> for QueryError {
    fn from(error: NodeError) -> Self {
        Self::Node(error)
    }
}
