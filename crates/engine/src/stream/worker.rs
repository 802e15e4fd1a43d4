//! The loop of a thread's stream tasks as a state machine: one event in, actions out.
//!
//! All tasks of a worker share one transaction. A commit goes in steps, because the positions record has to say where the
//! changelogs ended: [`StreamAction::Flush`], then [`StreamAction::Seal`], then the stores.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lentic_topology::Plan;
use lentic_topology::spec::StoreIndex;
use lentic_types::{Offset, PartitionId, RecordBatch, ShardId, Timestamp, TopicId, TopicPartition};

use super::{
    Destinations, Globals, Place, PositionsRecord, Produced, ProducedRecord, Skipped, TaskError, TaskSettings,
};
use crate::TaskId;

mod commit;
mod held;

use commit::Phase;
use held::Held;

/// A task for a worker to run.
#[derive(Clone)]
pub struct StreamAssignment {
    /// Which.
    pub task: TaskId,
    /// Of which topology.
    pub plan: Plan,
    /// Before the names of its own topics: `<service>-<query>`.
    pub prefix: String,
    /// Where its rows are; rolled forward to the end of their changelogs.
    pub places: Vec<Place>,
    /// Its input partitions.
    pub inputs: Vec<TaskInput>,
    /// What the last commit left; `None`: there was none.
    pub positions: Option<PositionsRecord>,
    /// The tables that every node has whole.
    pub globals: Arc<dyn Globals>,
    /// What is known of the topics that results are written to.
    pub destinations: Arc<dyn Destinations>,
    /// What it goes by.
    pub settings: TaskSettings,
    /// Its shard, whose partition of the shards' topic has its positions records.
    pub shard: ShardId,
    /// The key of its positions records.
    pub key: Vec<u8>,
    /// The generation of the group's assignment.
    pub generation: i64,
    /// Whether anybody wants to be told of the changes of a store one by one.
    pub watched: Arc<dyn Fn(StoreIndex) -> bool + Send + Sync>,
}

/// An input partition, and where to begin without a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskInput {
    /// Which.
    pub partition: TopicPartition,
    /// Which creation of its topic.
    pub topic_id: TopicId,
    /// Where to begin if the positions record doesn't say, or speaks of another creation of the topic.
    pub begin: Offset,
}

/// Settings of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSettings {
    /// `commit.interval.ms`.
    pub commit_interval_ms: i64,
    /// A commit comes earlier when this many bytes are changed (Kafka Streams: `statestore.uncommitted.max.bytes`).
    pub uncommitted_bytes: usize,
    /// An input is not read on while more than this waits in it (Kafka Streams: `input.buffer.max.bytes`).
    pub input_buffer_bytes: usize,
    /// Changes of rows that wait for later ones of the same rows, of all tasks together (Kafka Streams:
    /// `statestore.cache.max.bytes`); each task has an equal share. 0: none waits.
    pub record_cache_bytes: usize,
    /// Records that one task processes before the next has its turn.
    pub turn_records: usize,
    /// How long a task that failed waits before it tries again.
    pub retry_ms: i64,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            commit_interval_ms: 100,
            uncommitted_bytes: 32 << 20,
            input_buffer_bytes: 4 << 20,
            record_cache_bytes: 0,
            turn_records: 1_000,
            retry_ms: 500,
        }
    }
}

/// What happens to a worker.
pub enum StreamEvent {
    /// A task is this worker's from now on.
    Assigned(Box<StreamAssignment>),
    /// A task is no longer this worker's. What it did since the last commit is in the transaction: commit before, or
    /// abort.
    Revoked(TaskId),
    /// Records of a partition that is being read.
    Records(TopicPartition, Arc<RecordBatch>),
    /// The reader has passed everything below the offset.
    End(TopicPartition, Offset),
    /// Process what waits, call what is due, commit if it is time.
    Tick,
    /// Commit now.
    CommitNow,
    /// Everything sent is acknowledged: the offsets of the last records sent, as many as [`StreamAction::Flush`] named, in
    /// the order sent.
    Flushed(Vec<Offset>),
    /// The transaction is committed.
    Committed,
    /// The transaction is known to be aborted: its tasks go back to the last commit. The text says why.
    Aborted(String),
    /// Nobody knows what became of the transaction, or another process has taken over: its tasks have to be opened anew.
    Lost(String),
}

/// What a worker wants done, beside sending what it produced ([`StreamWorker::take_produced`], always first).
pub enum StreamAction {
    /// Read a partition from here on (again).
    Read(TopicPartition, Offset),
    /// Read it no longer, or not for now.
    StopReading(TopicPartition),
    /// Wait until everything sent is acknowledged, and report the offsets of the last so many records.
    Flush {
        /// How many offsets are wanted.
        offsets: usize,
    },
    /// Send these positions records, fence their shards, commit, and report the outcome.
    Seal(Vec<Sealed>),
    /// Abort what was sent, and report [`StreamEvent::Aborted`].
    Abort(String),
    /// A commit has reached the stores of a task: readers can see it.
    Applied(Box<Applied>),
    /// A task can't go on: it stops alone. Its rows stay.
    Failed(TaskId, TaskError),
    /// A task has to be opened anew: from its positions record, with its stores rolled forward.
    Reopen(TaskId),
    /// Records that error policies let go.
    Skipped(TaskId, Vec<Skipped>),
    /// The store failed: the node has to stop.
    Stop(lentic_store::Error),
}

/// A positions record to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Into which partition of the shards' topic.
    pub shard: ShardId,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// What a commit changed in a task's stores.
pub struct Applied {
    /// Which task.
    pub task: TaskId,
    /// Each store with its position in the changelog, and the committed records.
    pub stores: Vec<AppliedStore>,
    /// What a positions record says now of each input: below it, a repartition topic is no longer needed.
    pub positions: PositionsRecord,
}

/// What a commit changed in one store.
pub struct AppliedStore {
    /// Which.
    pub index: StoreIndex,
    /// The next offset of its changelog.
    pub position: Offset,
    /// The changelog's records.
    pub records: Arc<RecordBatch>,
    /// The first time beside keys that reads see, where windows are hidden by their age.
    pub oldest: Option<Timestamp>,
}

/// Runs stream tasks.
pub struct StreamWorker {
    settings: WorkerSettings,
    tasks: BTreeMap<TaskId, Held>,
    /// By input partition: the tasks that read it.
    readers: BTreeMap<TopicPartition, BTreeSet<TaskId>>,
    produced: Produced,
    phase: Phase,
    last_commit: Timestamp,
    /// Something was sent since the last commit.
    is_open: bool,
    commit_now: bool,
}

impl StreamWorker {
    /// Without tasks.
    pub fn new(settings: WorkerSettings) -> Self {
        Self {
            settings,
            tasks: BTreeMap::new(),
            readers: BTreeMap::new(),
            produced: Produced::default(),
            phase: Phase::Running,
            last_commit: Timestamp::NONE,
            is_open: false,
            commit_now: false,
        }
    }

    /// Handles one event; what is to be done is appended to `actions`.
    pub fn handle(&mut self, event: StreamEvent, now: Timestamp, actions: &mut Vec<StreamAction>) {
        let outcome = match event {
            StreamEvent::Assigned(assignment) => self.assigned(*assignment, actions),
            StreamEvent::Revoked(id) => {
                self.revoked(&id, actions);
                Ok(())
            }
            StreamEvent::Records(partition, batch) => {
                self.records(&partition, &batch, actions);
                Ok(())
            }
            StreamEvent::End(partition, offset) => {
                for id in self.readers.get(&partition).into_iter().flatten() {
                    if let Some(held) = self.tasks.get_mut(id) {
                        held.task.end(&partition, offset);
                    }
                }
                Ok(())
            }
            StreamEvent::Tick => {
                self.tick(now, actions);
                Ok(())
            }
            StreamEvent::CommitNow => {
                self.commit_now = true;
                self.tick(now, actions);
                Ok(())
            }
            StreamEvent::Flushed(offsets) => {
                self.flushed(&offsets, actions);
                Ok(())
            }
            StreamEvent::Committed => self.committed(now, actions),
            StreamEvent::Aborted(reason) => self.aborted(&reason, now, actions),
            StreamEvent::Lost(_) => {
                self.lost(actions);
                Ok(())
            }
        };
        if let Err(error) = outcome {
            actions.push(StreamAction::Stop(error));
        }
    }

    /// What was produced since this was asked last, in order: to be sent before the actions are executed.
    pub fn take_produced(&mut self, each: &mut dyn FnMut(ProducedRecord<'_>)) {
        for record in self.produced.iter() {
            each(record);
        }
        self.produced.clear();
    }

    /// Whether there is work that doesn't wait for an event.
    pub fn is_busy(&self) -> bool {
        self.tasks.values().any(|held| held.is_busy)
    }

    /// The tasks it runs.
    pub fn tasks(&self) -> impl Iterator<Item = &TaskId> {
        self.tasks.keys()
    }

    /// Whether anything is uncommitted.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Records dropped by the rules so far, of a task that it runs.
    pub fn dropped(&self, id: &TaskId) -> u64 {
        self.tasks.get(id).map_or(0, |held| held.task.dropped())
    }

    fn assigned(
        &mut self,
        assignment: StreamAssignment,
        actions: &mut Vec<StreamAction>,
    ) -> Result<(), lentic_store::Error> {
        let id = assignment.task.clone();
        let held = Held::open(assignment)?;
        let inputs: Vec<_> =
            held.task.inputs().map(|(partition, offset)| (partition.clone(), offset)).collect();
        for (partition, _) in &inputs {
            self.readers.entry(partition.clone()).or_default().insert(id.clone());
        }
        self.tasks.insert(id, held);
        self.share_cache();
        for (partition, _) in inputs {
            self.read(&partition, actions);
        }
        Ok(())
    }

    fn revoked(&mut self, id: &TaskId, actions: &mut Vec<StreamAction>) {
        let Some(held) = self.tasks.remove(id) else { return };
        self.share_cache();
        let partitions: Vec<_> = held.task.inputs().map(|(partition, _)| partition.clone()).collect();
        for partition in partitions {
            if let Some(readers) = self.readers.get_mut(&partition) {
                readers.remove(id);
                if !readers.is_empty() {
                    continue;
                }
                self.readers.remove(&partition);
            }
            actions.push(StreamAction::StopReading(partition));
        }
    }

    pub(super) fn share_cache(&mut self) {
        let (all, count) = (self.settings.record_cache_bytes, self.tasks.len().max(1));
        if all == 0 {
            return;
        }
        for held in self.tasks.values_mut() {
            held.task.set_record_cache((all / count).max(usize::from(all > 0)));
        }
    }

    /// Reads a partition from where the furthest behind of its tasks is; the others skip what they have.
    fn read(&self, partition: &TopicPartition, actions: &mut Vec<StreamAction>) {
        let wanted = self.readers(partition).filter_map(|held| held.read_to(partition));
        if let Some(from) = wanted.min() {
            actions.push(StreamAction::Read(partition.clone(), from));
        }
    }

    /// The tasks that read a partition.
    fn readers(&self, partition: &TopicPartition) -> impl Iterator<Item = &Held> {
        self.readers.get(partition).into_iter().flatten().filter_map(|id| self.tasks.get(id))
    }

    fn records(
        &mut self,
        partition: &TopicPartition,
        batch: &Arc<RecordBatch>,
        actions: &mut Vec<StreamAction>,
    ) {
        let mut is_full = false;
        let Self { tasks, readers, .. } = self;
        let ids = || readers.get(partition).into_iter().flatten();
        for id in ids() {
            let Some(held) = tasks.get_mut(id) else { continue };
            held.task.push(partition, Arc::clone(batch));
            held.is_busy = true;
            is_full |= held.task.buffered_of(partition).1 > self.settings.input_buffer_bytes;
        }
        if is_full {
            for id in ids() {
                if let Some(held) = tasks.get_mut(id) {
                    held.paused.insert(partition.clone());
                }
            }
            actions.push(StreamAction::StopReading(partition.clone()));
        }
    }

    fn tick(&mut self, now: Timestamp, actions: &mut Vec<StreamAction>) {
        if self.last_commit == Timestamp::NONE {
            self.last_commit = now;
        }
        if !matches!(self.phase, Phase::Running) {
            return;
        }
        let failed = self.process(now, actions);
        if let Some((id, error)) = failed {
            return self.failed(&id, error, now, actions);
        }
        self.resume(actions);
        let bytes: usize = self.tasks.values().map(|held| held.task.uncommitted_bytes()).sum();
        let is_due = now.millis_since(self.last_commit) >= self.settings.commit_interval_ms.max(0) as u64;
        let wants = self.commit_now || self.tasks.values().any(|held| held.task.wants_commit());
        if is_due || wants || bytes >= self.settings.uncommitted_bytes {
            self.begin_commit(now, actions);
        }
    }

    /// A turn for each task. Returns the one that failed, if one did.
    fn process(&mut self, now: Timestamp, actions: &mut Vec<StreamAction>) -> Option<(TaskId, TaskError)> {
        let turn = self.settings.turn_records;
        for (id, held) in &mut self.tasks {
            if held.waits_until.is_some_and(|until| now < until) {
                continue;
            }
            held.waits_until = None;
            let outcome = held.task.process(now, turn).and_then(|count| {
                held.is_busy = count >= turn;
                held.task.punctuate(now)
            });
            self.is_open |= held.take_out(&mut self.produced, actions);
            if let Err(error) = outcome {
                return Some((id.clone(), error));
            }
        }
        None
    }

    /// Partitions whose buffers have emptied are read on.
    fn resume(&mut self, actions: &mut Vec<StreamAction>) {
        let low = self.settings.input_buffer_bytes / 4;
        let mut resumed = BTreeSet::new();
        for held in self.tasks.values() {
            resumed.extend(
                held.paused.iter().filter(|partition| held.task.buffered_of(partition).1 <= low).cloned(),
            );
        }
        resumed.retain(|partition| {
            self.readers(partition).all(|held| held.task.buffered_of(partition).1 <= low)
        });
        for partition in resumed {
            for held in self.tasks.values_mut() {
                held.paused.remove(&partition);
            }
            self.read(&partition, actions);
        }
    }

    /// The partition that a task's changelog records go to.
    fn partition(id: &TaskId) -> PartitionId {
        id.partition
    }
}
