//! Statements of SQL: in the log of the service, understood by an interpreter that the embedding program brings.
mod error;

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lentic_topology::Plan;
use lentic_topology::spec::Origin;
use lentic_types::Offset;

pub use error::{ExecuteError, SqlError};

use crate::query::{FailureKind, QueryFailure, QuerySettings};

/// A statement as it stands in the log: all that is needed to come to the same on every node and at every start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqlStatement {
    /// The statement's text.
    pub text: String,
    /// What was set where it was given (`SET 'name' = 'value'`, the request's properties).
    pub settings: BTreeMap<String, String>,
    /// Names chosen at creation, so that a later release derives no others: the interpreter's to define.
    pub names: BTreeMap<String, String>,
}

/// Understands statements of SQL. The embedding program owns it and what it remembers; it answers with the queries that are to run.
pub trait Interpreter: Send + Sync {
    /// Applies the statement that stands in the log at `offset`. Called on every node in the order of the log and never twice at
    /// the same time: at the start with all that there are, within [`crate::Node::open_with`], and then as they come.
    ///
    /// Every node has to come to the same: no clock, no chance, nothing that other nodes don't know. It must not call the node,
    /// whose catalog is locked meanwhile. What can't be applied changes nothing; the interpreter remembers why.
    fn apply(&self, statement: &SqlStatement, offset: Offset) -> Vec<QueryChange>;

    /// Whose fault a failure is, if the interpreter knows better than the node, which thinks that it is of this kind. Called by the
    /// threads that process: it must not block.
    fn classified(&self, query: &str, kind: FailureKind, message: &str) -> FailureKind {
        let _ = (query, message);
        kind
    }

    /// Something happened to a query that its log is to tell. Called by the threads that process: it must not block.
    fn noticed(&self, query: &str, notice: &QueryNotice<'_>) {
        let _ = (query, notice);
    }
}

/// What a statement changes in the queries that run.
pub enum QueryChange {
    /// A query is to run; one of this name that runs is ended first.
    Start(QueryStart),
    /// A query goes on as another plan, with its positions and with the stores that have the same names.
    Replace(QueryStart),
    /// A query ends, and its stores and its own topics go.
    Stop(String),
    /// A query processes no more, for now. Its rows are answered.
    Pause(String),
    /// A query processes again, from where it was.
    Resume(String),
}

/// A query to run.
#[derive(Clone)]
pub struct QueryStart {
    /// What it does; its name is the query's.
    pub plan: Plan,
    /// Before `-<store>-changelog` and `-<name>-repartition` in the names of its own topics; `None`: `<service>-<query>`.
    pub prefix: Option<String>,
    /// What it goes by.
    pub settings: QuerySettings,
}

/// What happened to a query.
#[derive(Debug)]
#[non_exhaustive]
pub enum QueryNotice<'a> {
    /// An error policy left a record out.
    Skipped {
        /// Where the record was read; `None`: a schedule made it.
        origin: Option<&'a Origin>,
        /// Its value as it was read, where it is at hand and has one.
        value: Option<&'a [u8]>,
        /// Why.
        error: &'a str,
    },
    /// It failed, and is tried again.
    Failed(&'a QueryFailure),
}

/// A statement in the log.
#[derive(Clone, Debug)]
pub(crate) struct SqlEntry {
    pub(crate) offset: Offset,
    pub(crate) statement: SqlStatement,
    /// It counts only if no other came between this and it.
    pub(crate) after: Offset,
}

/// How far statements of SQL are in force here, for who waits.
#[derive(Default)]
pub(crate) struct Reached {
    position: Mutex<Offset>,
    changed: Condvar,
}

impl Reached {
    fn position(&self) -> MutexGuard<'_, Offset> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self) -> Offset {
        *self.position()
    }

    pub(crate) fn set(&self, position: Offset) {
        *self.position() = position;
        self.changed.notify_all();
    }

    /// Whether it gets behind this offset in time.
    pub(crate) fn wait(&self, through: Offset, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut position = self.position();
        while *position <= through {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            position = self.changed.wait_timeout(position, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}
