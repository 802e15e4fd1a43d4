//! Tasks come and go with their shards.
use std::collections::BTreeSet;
use std::sync::Arc;

use lentic_cluster::OwnershipInput;
use lentic_engine::TaskId;
use lentic_types::{PartitionId, ShardId};

use super::{Inner, Query, TaskStatus};
use crate::node::{Catalog, Shared};
use crate::table::Owner;
use crate::{RawTable, TableError};

impl Shared {
    /// Has the tasks opened of shards that this node has come to own.
    pub(crate) fn open_owned_tasks(&self) {
        let queries: Vec<_> = self.queries().values().filter(|query| !query.is_paused()).cloned().collect();
        for query in queries {
            let waiting = query.inner.tasks_that_are(&TaskStatus::Elsewhere);
            let mut opened: Vec<_> =
                waiting.into_iter().filter(|task| self.cluster.runs(self.shard_of(task)).is_some()).collect();
            let mut tasks = query.inner.tasks();
            opened.retain(|task| {
                let is_waiting = tasks.get(task) == Some(&TaskStatus::Elsewhere);
                if is_waiting {
                    tasks.insert(task.clone(), TaskStatus::Opening);
                }
                is_waiting
            });
            drop(tasks);
            if !opened.is_empty() {
                self.opener.open(&query.inner, opened);
            }
        }
    }

    /// The shards of this node in which a task does not run yet.
    pub(crate) fn shards_with_tasks_to_open(&self) -> BTreeSet<ShardId> {
        let mut shards = BTreeSet::new();
        for query in self.queries().values().filter(|query| !query.is_paused()) {
            for (task, status) in query.inner.tasks().iter() {
                let shard = self.shard_of(task);
                if matches!(status, TaskStatus::Elsewhere | TaskStatus::Opening) && self.cluster.owns(shard) {
                    shards.insert(shard);
                }
            }
        }
        shards
    }

    /// Whether a task here is the only one that writes a table's partition.
    pub(crate) fn is_led(&self, table: &RawTable, partition: PartitionId) -> bool {
        let Owner::Part { query, subtopology } = table.owner() else { return false };
        let task = TaskId { query: Arc::clone(query), subtopology: Arc::clone(subtopology), partition };
        let queries = self.queries();
        queries
            .get(&task.query)
            .is_some_and(|query| query.inner.tasks().get(&task) == Some(&TaskStatus::Running))
    }

    /// Ends the tasks of shards that the group takes back, after a commit. None of them is opened meanwhile: their ownerships
    /// say so already.
    pub(crate) fn give_up_tasks(&self, taken: &BTreeSet<ShardId>) {
        let running = self.running_in(taken);
        let tasks: Vec<_> = running.iter().map(|(_, task)| task.clone()).collect();
        if !tasks.is_empty() {
            self.streams.revoke(&tasks);
        }
        self.leave(running);
    }

    /// The same for shards that may be another's already: what is under way is taken back.
    pub(crate) fn lose_tasks(&self, taken: &BTreeSet<ShardId>) {
        let running = self.running_in(taken);
        let tasks: Vec<_> = running.iter().map(|(_, task)| task.clone()).collect();
        if !tasks.is_empty() {
            self.streams.lose(&tasks);
        }
        self.leave(running);
    }

    fn leave(&self, tasks: Vec<(Query, TaskId)>) {
        for (query, task) in tasks {
            self.follow(&query.inner, &task);
            query.inner.set_status(&task, TaskStatus::Elsewhere);
        }
    }

    /// The tasks of these shards that run here. One that failed may go better elsewhere.
    fn running_in(&self, shards: &BTreeSet<ShardId>) -> Vec<(Query, TaskId)> {
        let mut running = Vec::new();
        for query in self.queries().values() {
            for (task, status) in
                query.inner.tasks().iter_mut().filter(|(task, _)| shards.contains(&self.shard_of(task)))
            {
                match status {
                    TaskStatus::Running => running.push((query.clone(), task.clone())),
                    TaskStatus::Failed(_) => *status = TaskStatus::Elsewhere,
                    TaskStatus::Elsewhere | TaskStatus::Opening | TaskStatus::Stopped => {}
                }
            }
        }
        running
    }

    /// What became of a task's commit is not known: it is opened anew, once everything that may have been written is read.
    pub(super) fn reopen(&self, query: &Inner, task: &TaskId) {
        self.follow(query, task);
        if let Some(ownership) = self.cluster.ownerships().get_mut(&self.shard_of(task)) {
            ownership.handle(OwnershipInput::Unsure);
        }
        query.set_status(task, TaskStatus::Elsewhere);
        if self.cluster.is_alone() {
            self.open_owned_tasks();
        } else {
            self.cluster.nudge();
        }
    }

    /// Another node has dropped a query: it ends here, too, and its rows go.
    pub(crate) fn end_dropped_query(&self, catalog: &Catalog, name: &str) -> Result<(), TableError> {
        let found = self.queries().get(name).filter(|query| query.inner.is_of_program).cloned();
        let Some(query) = found else { return Ok(()) };
        self.stop(&query);
        for table in query.inner.tables.values().chain(&query.inner.globals.0) {
            self.remove_store(catalog, table)?;
        }
        Ok(())
    }

    /// Ends the tasks of a query after a commit; its tables go on to answer.
    pub(super) fn stop(&self, query: &Query) {
        self.queries().remove(query.inner.plan.name());
        self.end_tasks(query, &TaskStatus::Stopped);
    }

    /// Ends the tasks of a query that are at work here, after a commit.
    pub(super) fn end_tasks(&self, query: &Query, as_what: &TaskStatus) {
        let mut running = Vec::new();
        for (task, status) in query.inner.tasks().iter_mut() {
            if *status == TaskStatus::Running {
                running.push(task.clone());
            }
            *status = as_what.clone();
        }
        if !running.is_empty() {
            self.streams.revoke(&running);
        }
        for task in running {
            self.follow(&query.inner, &task);
        }
        query.inner.changed.notify_all();
    }

    pub(super) fn shard_of(&self, task: &TaskId) -> ShardId {
        task.shard(self.config.shards)
    }
}
