//! How queries are doing, for who asks.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lentic_engine::TaskId;
use lentic_topology::Plan;
use lentic_types::Offset;

use super::{QueryFailure, TaskStatus, positions};
use crate::{Node, QueryError};

/// How a query is doing on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueryState {
    /// It processes, or is about to.
    Running,
    /// It failed here, and is tried again.
    Error,
    /// The thread of one of its tasks has not moved on for half a minute.
    Unresponsive,
    /// It was paused.
    Paused,
}

impl QueryState {
    /// ksqlDB's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Error => "ERROR",
            Self::Unresponsive => "UNRESPONSIVE",
            Self::Paused => "PAUSED",
        }
    }
}

/// A query that statements of SQL want, as it is on this node.
#[derive(Clone)]
pub struct QueryStatus {
    /// Its name.
    pub id: String,
    /// How it is doing.
    pub state: QueryState,
    /// Its last failures here, the newest last.
    pub failures: Vec<QueryFailure>,
    /// Its tasks, and where each stands from here; none before it could be started.
    pub tasks: BTreeMap<TaskId, TaskStatus>,
    /// What it does.
    pub plan: Plan,
    /// The offset of the statement that created it.
    pub created: Offset,
}

impl std::fmt::Debug for QueryStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueryStatus")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("failures", &self.failures)
            .field("tasks", &self.tasks)
            .finish_non_exhaustive()
    }
}

impl Node {
    /// The queries that statements of SQL want, by name. Asks nobody.
    pub fn query_statuses(&self) -> Vec<QueryStatus> {
        self.shared.upkeep.statuses(&self.shared.streams)
    }

    /// One of them.
    pub fn query_status(&self, id: &str) -> Option<QueryStatus> {
        self.shared.upkeep.status(id, &self.shared.streams)
    }

    /// By input partition (`topic/partition`): the next offset that a query processes, as the last commits of its tasks left it,
    /// whichever nodes they run on. Blocks: what other nodes committed is read from the log.
    ///
    /// # Errors
    /// [`QueryError::NotFound`], and what the log says.
    pub fn query_positions(&self, id: &str) -> Result<BTreeMap<String, Offset>, QueryError> {
        let query = self.query(id).ok_or_else(|| QueryError::NotFound(id.to_owned()))?;
        // A task that runs has told from where by then.
        let tasks = query.tasks();
        let mut known = query.positions();
        let elsewhere: Vec<_> = tasks
            .iter()
            .filter(|(_, status)| **status != TaskStatus::Running)
            .map(|(task, _)| task)
            .collect();
        let shards = elsewhere.iter().map(|task| self.shared.shard_of(task)).collect::<BTreeSet<_>>();
        if shards.is_empty() {
            return Ok(known);
        }
        let records = positions::read(&*self.shared.log, &self.shared.shards_topic()?, &shards)?;
        let of_task = |task: &&TaskId| records.get(&positions::key(task, query.inner.created));
        for record in elsewhere.iter().copied().filter_map(|task| of_task(&task)) {
            let inputs = record.inputs.iter();
            known.extend(inputs.map(|(partition, at)| (partition.clone(), Offset(at.offset))));
        }
        Ok(known)
    }

    /// Waits until a query that statements want runs, as far as its tasks are this node's; false if that takes longer, or if it
    /// has failed or is paused.
    pub fn wait_query(&self, id: &str, timeout: Duration) -> bool {
        self.shared.upkeep.wait(id, timeout)
    }

    /// Whether a query could go on as another plan ([`crate::QueryChange::Replace`]).
    ///
    /// # Errors
    /// [`QueryError::NotFound`], and [`QueryError::Topology`] with all that would be lost.
    pub fn check_replacement(&self, id: &str, plan: &Plan) -> Result<(), QueryError> {
        self.shared.upkeep.check_replacement(id, plan)
    }
}
