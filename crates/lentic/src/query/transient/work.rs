//! The thread of a transient query: a worker whose commits go nowhere.
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use lentic_engine::TaskId;
use lentic_engine::log::{self, Polled, ReadFrom, Reader};
use lentic_engine::stream::{
    AnyDestination, Place, ProducedRecord, StreamAction, StreamAssignment, StreamEvent, StreamWorker,
    TaskInput, TaskSettings, WorkerSettings, changelog,
};
use lentic_store::layout::{Incarnation, PositionRecord, StoreId};
use lentic_store::{Database, FamilyId, MemoryDatabase, Store};
use lentic_topology::Plan;
use lentic_topology::spec::{StoreIndex, Topic};
use lentic_types::{
    Offset, PartitionId, Position, RecordBatch, ShardId, Timestamp, TopicId, TopicName, TopicPartition,
};

use super::loopback::Loopback;
use super::{
    State, TransientEnd, TransientEvent, TransientOptions, TransientRecord, TransientSink, TransientUntil,
};
use crate::node::{Shared, now, pause};
use crate::query::QueryError;
use crate::query::globals::GlobalTables;
use crate::sql::QueryNotice;

/// How long a poll waits for records.
const POLL: Duration = Duration::from_millis(10);

/// Rows that each task remembers beside those in its store, which are in memory themselves.
const REMEMBERED_BYTES: usize = 1 << 20;

/// Before the names of its internal topics, which nobody sees.
const PREFIX: &str = "transient";

/// A partition of a topic of the user's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input {
    pub(super) topic_id: TopicId,
    pub(super) begin: Offset,
    /// When the query began.
    pub(super) end: Offset,
}

pub(super) struct Work {
    shared: Arc<Shared>,
    query: Arc<str>,
    worker: StreamWorker,
    reader: Box<dyn Reader>,
    sink: TransientSink,
    state: Arc<State>,
    assignments: Vec<StreamAssignment>,
    loopback: Loopback,
    /// Nobody reads them.
    changelogs: BTreeSet<TopicName>,
    /// Of records that no log takes.
    next_offset: u64,
    /// Where each partition ends that has not been read to there; without an end nothing is here.
    ends: BTreeMap<TopicPartition, Offset>,
    is_bounded: bool,
    outcome: Option<TransientEnd>,
}

impl Work {
    #[expect(clippy::too_many_arguments, reason = "all that a query is made of, handed over once")]
    pub(super) fn new(
        shared: &Arc<Shared>,
        plan: Plan,
        options: &TransientOptions,
        inputs: BTreeMap<TopicPartition, Input>,
        partitions: BTreeMap<Topic, u32>,
        reader: Box<dyn Reader>,
        sink: TransientSink,
        state: Arc<State>,
    ) -> Result<Self, QueryError> {
        let rows = MemoryDatabase::default().family(FamilyId::Shard(ShardId(0)))?;
        let settings = TaskSettings {
            dead_letters: None,
            cache_bytes: REMEMBERED_BYTES,
            ..options.settings.of_tasks(&shared.config)
        };
        let mut assignments = Vec::new();
        for part in plan.subtopologies() {
            for partition in (0..plan.tasks(part, &partitions)).map(PartitionId) {
                let (query, subtopology) = (Arc::clone(plan.name()), Arc::clone(&part.name));
                let read = part.topics.iter().filter(|topic| partition.0 < partitions[*topic]);
                let read = read.map(|topic| {
                    let partition = TopicPartition::new(topic.resolve(PREFIX), partition);
                    let known = inputs.get(&partition);
                    let (topic_id, begin) =
                        known.map(|input| (input.topic_id, input.begin)).unwrap_or_default();
                    TaskInput { partition, topic_id, begin }
                });
                assignments.push(StreamAssignment {
                    task: TaskId { query, subtopology, partition },
                    plan: plan.clone(),
                    prefix: PREFIX.to_owned(),
                    places: part.stores.iter().map(|index| place(&plan, *index, &rows)).collect(),
                    inputs: read.collect(),
                    positions: None,
                    globals: Arc::new(GlobalTables(Vec::new())),
                    destinations: Arc::new(AnyDestination),
                    settings: settings.clone(),
                    shard: ShardId(0),
                    key: Vec::new(),
                    generation: 0,
                    watched: Arc::new(|_| false),
                });
            }
        }
        let own = plan.repartition_topics().into_iter();
        let own = own.map(|topic| (topic.resolve(PREFIX), partitions[&topic])).collect();
        let stores = (0..plan.stores().len()).map(StoreIndex);
        let changelogs = stores.map(|index| changelog(&plan, index, PREFIX)).collect();
        let is_bounded = options.until == TransientUntil::Ends;
        let ends = inputs.iter().map(|(partition, input)| (partition.clone(), input.end));
        let config = &shared.config;
        Ok(Self {
            shared: Arc::clone(shared),
            query: Arc::clone(plan.name()),
            worker: StreamWorker::new(WorkerSettings {
                commit_interval_ms: options.commit_interval.as_millis() as i64,
                uncommitted_bytes: config.statestore_uncommitted_max_bytes,
                input_buffer_bytes: config.input_buffer_max_bytes,
                record_cache_bytes: options.record_cache_bytes,
                ..WorkerSettings::default()
            }),
            reader,
            sink,
            state,
            assignments,
            loopback: Loopback::new(own),
            changelogs,
            next_offset: 0,
            ends: if is_bounded { ends.collect() } else { BTreeMap::new() },
            is_bounded,
            outcome: None,
        })
    }

    pub(super) fn run(mut self) {
        for assignment in std::mem::take(&mut self.assignments) {
            self.handle(StreamEvent::Assigned(Box::new(assignment)));
        }
        // There is nothing in them yet.
        for partition in self.loopback.partitions().collect::<Vec<_>>() {
            self.handle(StreamEvent::End(partition, Offset(0)));
        }
        let mut polled = Vec::new();
        let end = loop {
            if let Some(end) = self.outcome.take() {
                break end;
            }
            if self.state.stop.load(Ordering::Acquire) || self.shared.is_stopping() {
                break TransientEnd::Stopped;
            }
            self.round(&mut polled);
            if self.is_bounded && self.is_done() {
                break self.outcome.take().unwrap_or(TransientEnd::Done);
            }
        };
        let _ = (self.sink)(TransientEvent::Ended(&end));
    }

    fn round(&mut self, polled: &mut Vec<Polled>) {
        let looped = self.loopback.take();
        let timeout = if looped.is_empty() && !self.worker.is_busy() { POLL } else { Duration::ZERO };
        for (partition, batch, end) in looped {
            self.handle(StreamEvent::Records(partition.clone(), batch));
            if let Some(end) = end {
                self.handle(StreamEvent::End(partition, end));
            }
        }
        // Where all is read there is nothing to wait for.
        if !self.is_bounded || !self.ends.is_empty() {
            if let Err(error) = self.reader.poll(timeout, polled) {
                tracing::debug!(query = %self.query, "polling the log failed: {error}");
                pause(POLL);
            }
            for found in polled.drain(..) {
                self.polled(found);
            }
        }
        self.handle(StreamEvent::Tick);
    }

    fn polled(&mut self, found: Polled) {
        match found {
            Polled::Records { partition, batch, .. } => self.records(partition, batch),
            Polled::End { partition, offset } => {
                self.handle(StreamEvent::End(partition.clone(), offset));
                self.reached(&partition, offset);
            }
            Polled::OutOfRange { partition } => {
                if let Err(error) = self.reader.assign(&partition, ReadFrom::Start) {
                    self.fail(error.to_string());
                }
            }
            Polled::Failed { partition: Some(_), error: error @ log::Error::NoSuchTopic(_) } => {
                self.fail(error.to_string());
            }
            Polled::Failed { error, .. } => tracing::debug!(query = %self.query, "reading failed: {error}"),
        }
    }

    /// What was written after a bounded query began is none of its records.
    fn records(&mut self, partition: TopicPartition, batch: Arc<RecordBatch>) {
        if !self.is_bounded {
            return self.handle(StreamEvent::Records(partition, batch));
        }
        let Some(end) = self.ends.get(&partition).copied() else { return };
        let next = batch.last_offset().map_or(Offset(0), Offset::next);
        let batch = if next <= end { batch } else { Arc::new(before(&batch, end)) };
        if !batch.is_empty() {
            self.handle(StreamEvent::Records(partition.clone(), batch));
        }
        if next >= end {
            self.handle(StreamEvent::End(partition.clone(), end));
        }
        self.reached(&partition, next);
    }

    fn reached(&mut self, partition: &TopicPartition, position: Offset) {
        if self.ends.get(partition).is_some_and(|end| position >= *end) {
            self.ends.remove(partition);
            if let Err(error) = self.reader.unassign(partition) {
                tracing::debug!(%partition, "can't stop reading: {error}");
            }
        }
    }

    /// Whether everything is read, processed, and told.
    fn is_done(&mut self) -> bool {
        let is_quiet = |work: &Self| work.loopback.is_drained() && !work.worker.is_busy();
        if !self.ends.is_empty() || !is_quiet(self) {
            return false;
        }
        // What waits in caches goes on now, and may become records that are looped back.
        self.handle(StreamEvent::CommitNow);
        is_quiet(self)
    }

    /// One event and everything that follows from it.
    fn handle(&mut self, event: StreamEvent) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            if self.outcome.is_some() {
                return;
            }
            let mut actions = Vec::new();
            self.worker.handle(event, now(), &mut actions);
            let Self { worker, loopback, changelogs, sink, outcome, .. } = self;
            worker.take_produced(&mut |record| {
                if loopback.has(record.topic) {
                    loopback.append(&record);
                } else if outcome.is_none() && !changelogs.contains(record.topic) {
                    *outcome = tell(sink, &record);
                }
            });
            for action in actions {
                self.execute(action, &mut events);
            }
        }
    }

    fn execute(&mut self, action: StreamAction, events: &mut VecDeque<StreamEvent>) {
        match action {
            StreamAction::Read(partition, from) => self.read(partition, from, events),
            StreamAction::StopReading(partition) if self.loopback.has(&partition.topic) => {
                self.loopback.stop(&partition);
            }
            StreamAction::StopReading(partition) => {
                if let Err(error) = self.reader.unassign(&partition) {
                    tracing::debug!(%partition, "can't stop reading: {error}");
                }
            }
            StreamAction::Flush { offsets } => {
                let first = self.next_offset;
                self.next_offset += offsets as u64;
                events.push_back(StreamEvent::Flushed((first..self.next_offset).map(Offset).collect()));
            }
            StreamAction::Seal(_) => events.push_back(StreamEvent::Committed),
            StreamAction::Applied(applied) => {
                let known = &self.state.positions;
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                for (name, position) in &applied.positions.inputs {
                    let Some((topic, _)) = name.rsplit_once('/') else { continue };
                    let Ok(topic) = TopicName::new(topic) else { continue };
                    let partition = TopicPartition::new(topic, applied.task.partition);
                    if self.loopback.has(&partition.topic) {
                        self.loopback.purge(&partition, Offset(position.offset));
                    } else {
                        known.insert(partition, Offset(position.offset));
                    }
                }
            }
            StreamAction::Skipped(_, skipped) => {
                let Some(interpreter) = &self.shared.interpreter else { return };
                for skipped in skipped {
                    let (origin, error) = (skipped.origin.as_ref(), &skipped.error.to_string());
                    let value = skipped.value.as_deref();
                    interpreter.noticed(&self.query, &QueryNotice::Skipped { origin, value, error });
                }
            }
            // Nothing is tried again: what was told can't be taken back.
            StreamAction::Abort(reason) => self.fail(reason),
            StreamAction::Failed(_, error) => self.fail(error.to_string()),
            StreamAction::Reopen(task) => self.fail(format!("{task} can't go on")),
            StreamAction::Stop(error) => self.fail(error.to_string()),
        }
    }

    fn read(&mut self, partition: TopicPartition, from: Offset, events: &mut VecDeque<StreamEvent>) {
        if self.loopback.has(&partition.topic) {
            return self.loopback.read(&partition, from);
        }
        if self.is_bounded && self.ends.get(&partition).is_none_or(|end| from >= *end) {
            self.reached(&partition, from);
            events.push_back(StreamEvent::End(partition, from));
        } else if let Err(error) = self.reader.assign(&partition, ReadFrom::Offset(from)) {
            self.fail(format!("{partition} can't be read: {error}"));
        }
    }

    fn fail(&mut self, text: String) {
        self.outcome.get_or_insert(TransientEnd::Failed(text));
    }
}

fn tell(sink: &mut TransientSink, record: &ProducedRecord<'_>) -> Option<TransientEnd> {
    let ProducedRecord { topic, key, value, timestamp, .. } = *record;
    let headers = record.headers.as_deref().unwrap_or_default();
    let record = TransientRecord { topic, key, value, timestamp, headers };
    match sink(TransientEvent::Record(record)) {
        ControlFlow::Continue(()) => None,
        ControlFlow::Break(()) => Some(TransientEnd::Stopped),
    }
}

/// The records below an offset.
fn before(batch: &RecordBatch, end: Offset) -> RecordBatch {
    let mut kept = RecordBatch::default();
    for (index, record) in batch.iter().enumerate().take_while(|(_, record)| record.offset < end) {
        kept.push_with_headers(record, batch.headers(index).to_vec());
    }
    kept
}

/// Where a store is: nobody else looks there.
fn place(plan: &Plan, index: StoreIndex, rows: &Arc<dyn Store>) -> Place {
    let incarnation = Incarnation(0);
    let record = PositionRecord {
        position: Position { topic: TopicId::default(), offset: Offset(0), epoch: -1 },
        read_to: Offset(0),
        incarnation,
        current_at: now(),
        log_start: Offset(0),
        partitioners: u8::MAX,
        null_keys: 0,
        observed: Timestamp::NONE,
    };
    let record = plan.store(index).logged.then_some(record);
    Place { index, store: Arc::clone(rows), id: StoreId(index.0 as u32 + 1), incarnation, record }
}
