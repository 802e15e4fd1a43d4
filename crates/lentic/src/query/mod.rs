//! Queries: topologies at work in a node.
mod destinations;
mod error;
mod failure;
mod follow;
mod globals;
mod open;
mod outlet;
mod owned;
mod pause;
mod positions;
mod record;
mod settings;
mod start;
mod status;
mod stores;
mod thread;
mod threads;
mod topics;
mod transient;
mod upkeep;
mod wanted;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lentic_engine::TaskId;
use lentic_engine::stream::{PositionsRecord, TaskInput};
use lentic_topology::Plan;
use lentic_topology::spec::StoreIndex;
use lentic_types::{Offset, TopicName};

pub use error::QueryError;
pub use failure::{FailureKind, QueryFailure};
pub(crate) use open::Opener;
pub(crate) use record::QueryRecord;
pub use settings::QuerySettings;
pub use status::{QueryState, QueryStatus};
pub(crate) use threads::StreamThreads;
pub(crate) use transient::Transients;
pub use transient::{
    Transient, TransientEnd, TransientEvent, TransientFrom, TransientOptions, TransientRecord, TransientSink,
    TransientUntil,
};
pub(crate) use upkeep::{Upkeep, spawn as spawn_upkeep};

use crate::RawTable;
use crate::cluster::Cluster;
use crate::config::Config;
use destinations::LogDestinations;
use globals::GlobalTables;
use topics::Topics;

/// A handle to a topology that a node runs; cheap to clone. Dropping it stops nothing.
#[derive(Clone)]
pub struct Query {
    pub(crate) inner: Arc<Inner>,
}

/// Where a task stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TaskStatus {
    /// Another node runs it, or this one has yet to be given its shard.
    #[default]
    Elsewhere,
    /// Its stores are being rolled forward.
    Opening,
    /// It processes.
    Running,
    /// It was stopped because it kept failing, and why. The others go on.
    Failed(String),
    /// It was stopped.
    Stopped,
}

pub(crate) struct Inner {
    pub(crate) plan: Plan,
    cluster: Arc<Cluster>,
    /// How many there are.
    shards: u32,
    /// Before the names of its own topics.
    prefix: String,
    /// The offset of its creation's statement.
    created: Offset,
    topics: Topics,
    /// Of its logged stores: what serves them, and rolls them forward.
    tables: BTreeMap<StoreIndex, RawTable>,
    globals: Arc<GlobalTables>,
    destinations: Arc<LogDestinations>,
    settings: QuerySettings,
    /// A program started it, and deals with what stops it; else statements of SQL want it.
    is_of_program: bool,
    is_paused: AtomicBool,
    /// By part: the names under which its tasks left positions.
    former: BTreeMap<String, Vec<String>>,
    tasks: Mutex<BTreeMap<TaskId, TaskStatus>>,
    /// By input partition: the next offset to process, as committed.
    positions: Mutex<BTreeMap<String, Offset>>,
    changed: Condvar,
    /// Records that error policies left out.
    skipped: AtomicU64,
}

/// The topic of dead letters.
fn dead_letters(config: &Config) -> Option<TopicName> {
    config.dead_letter_topic.as_deref().and_then(|topic| TopicName::new(topic).ok())
}

impl Query {
    /// Its name.
    pub fn name(&self) -> &str {
        self.inner.plan.name()
    }

    /// What it runs.
    pub fn plan(&self) -> &Plan {
        &self.inner.plan
    }

    /// Its tasks and where each stands.
    pub fn tasks(&self) -> BTreeMap<TaskId, TaskStatus> {
        self.inner.tasks().clone()
    }

    /// Waits until every task of this node runs; false if that takes longer, or a task has failed.
    pub fn wait_running(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut tasks = self.inner.tasks();
        loop {
            if tasks.iter().all(|(task, status)| self.inner.is_settled(task, status)) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || tasks.values().any(|status| matches!(status, TaskStatus::Failed(_))) {
                return false;
            }
            // What the group says comes without a word.
            let left = left.min(Duration::from_millis(50));
            tasks = self.inner.changed.wait_timeout(tasks, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// By input partition (`topic/partition`): the next offset to process, as the last commit left it: of this process, or the one
    /// that a task went on from here.
    pub fn positions(&self) -> BTreeMap<String, Offset> {
        self.inner.positions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many records error policies have left out in this process, those of commits that were taken back included.
    pub fn skipped(&self) -> u64 {
        self.inner.skipped.load(Ordering::Relaxed)
    }

    /// The names of its own topics: changelogs and repartition topics.
    pub fn own_topics(&self) -> Vec<TopicName> {
        self.inner.topics.own().map(|topic| topic.name.clone()).collect()
    }

    /// Whether it was paused: it processes nothing, its tables are served.
    pub fn is_paused(&self) -> bool {
        self.inner.is_paused.load(Ordering::Acquire)
    }

    /// Whether every task of this node runs.
    fn runs(&self) -> bool {
        self.inner.tasks().iter().all(|(task, status)| self.inner.is_settled(task, status))
    }
}

impl Inner {
    fn tasks(&self) -> MutexGuard<'_, BTreeMap<TaskId, TaskStatus>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tasks_that_are(&self, wanted: &TaskStatus) -> Vec<TaskId> {
        self.tasks().iter().filter(|(_, status)| *status == wanted).map(|(task, _)| task.clone()).collect()
    }

    /// Before the task begins: what it commits comes later. An input without a position has none, whatever was known of it.
    fn resumed(&self, inputs: &[TaskInput], positions: Option<&PositionsRecord>) {
        let mut known = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        for input in inputs {
            let partition = input.partition.to_string();
            match positions.and_then(|positions| positions.of(input)) {
                Some(position) => known.insert(partition, Offset(position.offset)),
                None => known.remove(&partition),
            };
        }
    }

    fn committed(&self, positions: &PositionsRecord) {
        let mut known = self.positions.lock().unwrap_or_else(PoisonError::into_inner);
        for (partition, position) in &positions.inputs {
            known.insert(partition.clone(), Offset(position.offset));
        }
    }

    /// Whether a task runs, or is known to be another node's.
    fn is_settled(&self, task: &TaskId, status: &TaskStatus) -> bool {
        match status {
            TaskStatus::Running => true,
            TaskStatus::Elsewhere => {
                let cluster = &self.cluster;
                cluster.is_settled() && !cluster.owns(task.shard(self.shards))
            }
            TaskStatus::Opening | TaskStatus::Failed(_) | TaskStatus::Stopped => false,
        }
    }

    fn set_status(&self, task: &TaskId, status: TaskStatus) {
        self.tasks().insert(task.clone(), status);
        self.changed.notify_all();
    }
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Query").field("name", &self.name()).finish_non_exhaustive()
    }
}
