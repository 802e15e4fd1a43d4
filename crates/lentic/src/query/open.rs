//! Opening tasks: their stores are rolled forward to the ends of their changelogs, their positions read, and they are
//! handed to a stream thread. One thread does it for all queries, many tasks at a time.
mod begin;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use lentic_engine::log;
use lentic_engine::stream::PositionsRecord;
use lentic_engine::{TaskId, TaskState};
use lentic_types::{Offset, ShardId, TopicPartition};

use super::{Inner, QueryError, TaskStatus, positions};
use crate::node::{Shared, vital_thread};
use crate::{NodeError, RawTable};

/// Between two looks whether the stores have got there.
const POLL: Duration = Duration::from_millis(5);

/// Between two looks whether the node stops.
const IDLE: Duration = Duration::from_millis(100);

/// After which a failed attempt is repeated.
const RETRY: Duration = Duration::from_millis(500);

/// How long a broker may not have heard of a topic that another one told of.
const HEARD: Duration = Duration::from_secs(10);

/// Has tasks opened.
pub(crate) struct Opener {
    requests: Sender<Request>,
    queue: Receiver<Request>,
}

/// Tasks to be opened.
struct Request {
    query: Arc<Inner>,
    tasks: Vec<TaskId>,
    /// Not before: it was tried already.
    at: Instant,
    /// When it was tried first.
    since: Instant,
    complained: bool,
}

/// A task on its way.
struct Waiting {
    query: Arc<Inner>,
    task: TaskId,
    /// Of the group's assignment under which its positions were read.
    generation: i64,
    /// Of its changelogs, as `read_uncommitted` sees them.
    ends: Arc<BTreeMap<TopicPartition, Offset>>,
    records: Arc<BTreeMap<Vec<u8>, PositionsRecord>>,
    /// When it was tried first.
    since: Instant,
}

impl Default for Opener {
    fn default() -> Self {
        let (requests, queue) = crossbeam_channel::unbounded();
        Self { requests, queue }
    }
}

impl Opener {
    /// Opens tasks in the background.
    pub(super) fn open(&self, query: &Arc<Inner>, tasks: Vec<TaskId>) {
        let _ = self.requests.send(Request::new(Arc::clone(query), tasks));
    }

    /// The thread that does it.
    pub(super) fn spawn(shared: &Arc<Shared>) -> Result<std::thread::JoinHandle<()>, NodeError> {
        vital_thread(shared, "opener", |shared| {
            let (mut requests, mut waiting) = (Vec::new(), Vec::new());
            while !shared.is_stopping() {
                shared.opener.receive(&mut requests, waiting.is_empty());
                let time = Instant::now();
                let due: Vec<_> = requests.extract_if(.., |request| request.at <= time).collect();
                if !due.is_empty() {
                    prepare(shared, due, &mut waiting, &mut requests);
                }
                let ready = waiting.extract_if(.., |waiting| waiting.is_settled(shared)).collect();
                begin::begin(shared, ready, &mut requests);
            }
        })
    }

    fn receive(&self, requests: &mut Vec<Request>, is_idle: bool) {
        let next = requests.iter().map(|request| request.at.saturating_duration_since(Instant::now())).min();
        let timeout = next.unwrap_or(IDLE).min(if is_idle { IDLE } else { POLL });
        requests.extend(self.queue.recv_timeout(timeout));
        requests.extend(self.queue.try_iter());
    }
}

impl Request {
    fn new(query: Arc<Inner>, tasks: Vec<TaskId>) -> Self {
        let at = Instant::now();
        Self { query, tasks, at, since: at, complained: false }
    }

    /// It did not work: what the log has no topic for is the query's failure, where its statements deal with failures; all else
    /// is tried again.
    fn again(mut self, shared: &Shared, error: &QueryError) -> Option<Self> {
        let name = self.query.plan.name();
        if let QueryError::Log(error @ log::Error::NoSuchTopic(_)) = error
            && !self.query.is_of_program
            && (shared.cluster.is_alone() || self.since.elapsed() > HEARD)
        {
            for task in &self.tasks {
                self.query.give_up(task, &error.to_string());
            }
            shared.query_failed_by_log(name, error);
            return None;
        }
        if !std::mem::replace(&mut self.complained, true) {
            tracing::warn!(query = %name, "can't begin yet, it is tried again: {error}");
        }
        self.at = Instant::now() + RETRY;
        Some(self)
    }
}

impl Inner {
    /// A task that was to be opened can't be.
    fn give_up(&self, task: &TaskId, why: &str) {
        if let Some(status) = self.tasks().get_mut(task).filter(|status| **status == TaskStatus::Opening) {
            *status = TaskStatus::Failed(why.to_owned());
        }
        self.changed.notify_all();
    }
}

/// Those of the tasks whose shards are this node's, and go on to be, wait for their stores; the others are done with.
fn prepare(shared: &Arc<Shared>, due: Vec<Request>, waiting: &mut Vec<Waiting>, requests: &mut Vec<Request>) {
    let mut wanted = Vec::new();
    for request in due {
        let query = &request.query;
        let mut tasks = query.tasks();
        let mut own = Vec::new();
        for task in &request.tasks {
            let Some(status) = tasks.get_mut(task).filter(|status| **status == TaskStatus::Opening) else {
                continue;
            };
            match shared.cluster.runs(shared.shard_of(task)) {
                Some(generation) => own.push((task.clone(), generation)),
                None => *status = TaskStatus::Elsewhere,
            }
        }
        drop(tasks);
        if !own.is_empty() {
            wanted.push((request, own));
        }
    }
    // After this node is known to own the shards: what a predecessor wrote later is fenced.
    let ends = match ends(shared, &wanted) {
        Ok(ends) => ends,
        Err(error) => {
            return requests.extend(wanted.into_iter().filter_map(|(r, _)| r.again(shared, &error)));
        }
    };
    let own = wanted.iter().flat_map(|(_, own)| own);
    let shards: BTreeSet<ShardId> = own.map(|(task, _)| shared.shard_of(task)).collect();
    let topic = shared.shards_topic().map_err(QueryError::from);
    let records = match topic.and_then(|topic| positions::read(&*shared.log, &topic, &shards)) {
        Ok(records) => Arc::new(records),
        Err(error) => {
            return requests.extend(wanted.into_iter().filter_map(|(r, _)| r.again(shared, &error)));
        }
    };
    for ((request, own), ends) in wanted.into_iter().zip(ends) {
        match ends {
            Ok(ends) => {
                let ends = Arc::new(ends);
                waiting.extend(own.into_iter().map(|(task, generation)| Waiting {
                    query: Arc::clone(&request.query),
                    task,
                    generation,
                    ends: Arc::clone(&ends),
                    records: Arc::clone(&records),
                    since: request.since,
                }));
            }
            Err(error) => requests.extend(request.again(shared, &error.into())),
        }
    }
}

type Ends = BTreeMap<TopicPartition, Offset>;

/// The ends of the changelogs of each request's tasks, as `read_uncommitted` sees them; all asked for at once.
fn ends(
    shared: &Shared,
    wanted: &[(Request, Vec<(TaskId, i64)>)],
) -> Result<Vec<log::Result<Ends>>, QueryError> {
    let mut partitions = Vec::new();
    for (request, own) in wanted {
        let of_task = |(task, _): &(TaskId, i64)| {
            tables(&request.query, task).map(|table| changelog(table, task)).collect::<Vec<_>>()
        };
        partitions.push(own.iter().flat_map(of_task).collect::<Vec<_>>());
    }
    let all: Vec<_> = partitions.iter().flatten().cloned().collect();
    let mut found = shared.log.bounds(&all)?.into_iter();
    let of_request = |partitions: Vec<TopicPartition>| {
        let found: Vec<_> = found.by_ref().take(partitions.len()).collect();
        let ends = partitions.into_iter().zip(found);
        ends.map(|(partition, bounds)| Ok((partition, bounds?.end))).collect()
    };
    Ok(partitions.into_iter().map(of_request).collect())
}

impl Waiting {
    /// Whether it waits no more: its stores are there, or it is not this node's to open.
    fn is_settled(&self, shared: &Shared) -> bool {
        !self.is_owned(shared) || !self.is_opening() || (self.is_rolled_forward() && self.has_globals())
    }

    fn is_owned(&self, shared: &Shared) -> bool {
        shared.cluster.runs(shared.shard_of(&self.task)) == Some(self.generation)
    }

    /// False: it was stopped meanwhile.
    fn is_opening(&self) -> bool {
        self.query.tasks().get(&self.task) == Some(&TaskStatus::Opening)
    }

    fn is_rolled_forward(&self) -> bool {
        tables(&self.query, &self.task).all(|table| {
            let end = self.ends.get(&changelog(table, &self.task)).copied().unwrap_or_default();
            table.partition(self.task.partition).is_some_and(|partition| {
                let view = partition.view();
                view.state == TaskState::Live && view.progress.position >= end
            })
        })
    }

    fn has_globals(&self) -> bool {
        self.query.globals.0.iter().all(RawTable::is_ready)
    }
}

fn tables<'a>(query: &'a Inner, task: &'a TaskId) -> impl Iterator<Item = &'a RawTable> {
    let part = query.plan.subtopologies().iter().find(|part| part.name == task.subtopology);
    let stores = part.map_or(&[][..], |part| &part.stores);
    stores.iter().filter_map(|index| query.tables.get(index))
}

fn changelog(table: &RawTable, task: &TaskId) -> TopicPartition {
    TopicPartition::new(table.inner.topic.load().name.clone(), task.partition)
}
