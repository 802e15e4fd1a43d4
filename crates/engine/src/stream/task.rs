//! A task: one subtopology over one partition of its inputs.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_topology::spec::{Clock, Origin, Spec, StoreIndex, Topic};
use lentic_topology::{Plan, Policy, Record, Subtopology};
use lentic_types::{Offset, RecordBatch, Timestamp, TopicId, TopicName, TopicPartition};

use super::context::{Context, SLOTS};
use super::input::{Head, Input};
use super::operator::{self, Processor};
use super::positions::{InputPosition, PositionsRecord};
use super::produced::Produced;
use super::record_cache::RecordCache;
use super::state::{Changed, State};
use super::{AnyDestination, Destination, Destinations, Skipped, TaskError, TaskSettings, record_bytes};
use crate::TaskId;

mod dead_letter;
mod source;

pub(super) use dead_letter::{Reading, Refused};

/// A row of a global table.
pub type GlobalRow = (Vec<u8>, Timestamp);

/// The tables that every node has whole.
pub trait Globals: Send + Sync {
    /// The row of a key in a global table, by the plan's index.
    fn get(&self, table: usize, key: &[u8]) -> Result<Option<GlobalRow>, lentic_store::Error>;
}

/// A task at work.
pub struct StreamTask {
    runtime: Runtime,
    plan: Plan,
    prefix: String,
    /// Of the logged stores.
    changelogs: BTreeMap<StoreIndex, TopicName>,
    inputs: Vec<Input>,
    is_started: bool,
}

/// The operators and what they work on.
pub(super) struct Runtime {
    processors: Vec<Option<Box<dyn Processor>>>,
    pub(super) core: Core,
}

pub(super) struct NodeInfo {
    pub(super) outputs: Vec<(usize, usize)>,
    pub(super) sends_old: bool,
    /// It makes a table whose changes may be merged before they go on.
    pub(super) is_cached: bool,
    processing: Policy,
}

pub(super) struct Schedule {
    pub(super) node: usize,
    pub(super) number: u32,
    pub(super) interval_ms: i64,
    pub(super) clock: Clock,
    pub(super) next: i64,
    pub(super) order: u64,
}

/// What operators share.
pub(super) struct Core {
    pub(super) id: TaskId,
    pub(super) nodes: Vec<NodeInfo>,
    pub(super) state: State,
    pub(super) globals: Arc<dyn Globals>,
    pub(super) destinations: Arc<dyn Destinations>,
    pub(super) settings: TaskSettings,
    pub(super) produced: Produced,
    pub(super) cache: RecordCache,
    pub(super) slots: Vec<Vec<i64>>,
    pub(super) now: Timestamp,
    pub(super) stream_time: Timestamp,
    pub(super) dropped: u64,
    pub(super) commit_requested: bool,
    pub(super) schedules: Vec<Schedule>,
    pub(super) next_schedule: u32,
    /// Counts settings of schedules: of two that are due at the same time the one set earlier comes first.
    pub(super) schedule_order: u64,
    /// It starts where another left off: what its schedules were due for before was called.
    pub(super) goes_on: bool,
    /// The input record being processed.
    pub(super) current: Option<Reading>,
    /// A failure that no policy lets pass is on its way out.
    has_failed: bool,
    /// Records that error policies let go and that nobody was told of yet.
    skipped: Vec<Skipped>,
}

/// What a commit takes with it beside what was produced: changes of the stores, and where the inputs go on.
pub struct CommitPart {
    /// Which task.
    pub task: TaskId,
    /// Changelog records by store, in the order in which they are to be appended.
    pub changelogs: Vec<(StoreIndex, usize)>,
    /// The positions record, complete but for the changelogs' offsets.
    pub positions: PositionsRecord,
}

impl Core {
    pub(super) fn origin(&self) -> Option<Origin> {
        self.current.as_ref().map(Reading::origin)
    }
}

impl Runtime {
    pub(super) fn forward(&mut self, node: usize, record: Record) -> Result<(), TaskError> {
        let Some(last) = self.core.nodes[node].outputs.len().checked_sub(1) else { return Ok(()) };
        for output in 0..last {
            self.forward_to(node, output, record.clone())?;
        }
        // It has the record for itself.
        self.forward_to(node, last, record)
    }

    pub(super) fn forward_to(&mut self, node: usize, output: usize, record: Record) -> Result<(), TaskError> {
        let Some(&(to, port)) = self.core.nodes[node].outputs.get(output) else { return Ok(()) };
        let outcome = self.with(to, |processor, context| processor.process(context, port, record));
        self.judge(to, outcome)
    }

    /// What becomes of an operator's failure. The policy of the operator that failed decides, and only once: those that it
    /// had its record from go on, or fail with it.
    fn judge(&mut self, node: usize, outcome: Result<(), TaskError>) -> Result<(), TaskError> {
        let Err(error) = outcome else { return Ok(()) };
        if self.core.has_failed || !error.is_of_processing() {
            return Err(error);
        }
        if self.core.settings.processing.continues(self.core.nodes[node].processing) {
            return self.core.leave_out(Refused::of_processing(error));
        }
        self.core.has_failed = true;
        Err(error)
    }

    /// Sends on what waits at an operator in the cache.
    pub(super) fn flush(&mut self, node: usize) -> Result<(), TaskError> {
        let current = self.core.current.take();
        let mut outcome = Ok(());
        let sends_old = self.core.nodes[node].sends_old;
        for mut update in self.core.cache.take(node) {
            self.core.current = update.reading.take();
            let Some(record) = update.into_record(sends_old) else { continue };
            outcome = self.forward(node, record);
            if outcome.is_err() {
                break;
            }
        }
        self.core.current = current;
        outcome
    }

    fn with<T>(
        &mut self,
        node: usize,
        run: impl FnOnce(&mut dyn Processor, &mut Context<'_>) -> Result<T, TaskError>,
    ) -> Result<T, TaskError> {
        let mut processor = self.processors[node].take().expect("a topology has no cycles");
        let outcome = run(&mut *processor, &mut Context { runtime: self, node, first_slot: 0 });
        self.processors[node] = Some(processor);
        outcome
    }
}

impl StreamTask {
    /// A task with its stores open. `positions`: what the last commit left, if there was one. Inputs are added by
    /// [`StreamTask::add_input`] before the first record.
    pub fn new(
        id: TaskId,
        plan: &Plan,
        part: &Subtopology,
        prefix: &str,
        state: State,
        globals: Arc<dyn Globals>,
        settings: TaskSettings,
    ) -> Self {
        let count = plan.nodes().len();
        let mut processors: Vec<Option<Box<dyn Processor>>> = (0..count).map(|_| None).collect();
        for node in &part.nodes {
            processors[node.0] = Some(operator::build(plan, *node, prefix));
        }
        let info = |id: usize| NodeInfo {
            outputs: plan
                .outputs(lentic_topology::NodeId(id))
                .into_iter()
                .map(|(node, port)| (node.0, port))
                .collect(),
            sends_old: plan.nodes()[id].sends_old,
            is_cached: plan.nodes()[id].spec.table_store().is_some_and(|store| plan.store(store).cached),
            processing: plan.nodes()[id].policies.processing,
        };
        let core = Core {
            id,
            nodes: (0..count).map(info).collect(),
            state,
            globals,
            destinations: Arc::new(AnyDestination),
            settings,
            produced: Produced::default(),
            cache: RecordCache::default(),
            slots: plan.nodes().iter().map(|node| vec![-1; SLOTS * node.inputs.len().max(1)]).collect(),
            now: Timestamp::NONE,
            stream_time: Timestamp::NONE,
            dropped: 0,
            commit_requested: false,
            schedules: Vec::new(),
            next_schedule: 0,
            schedule_order: 0,
            goes_on: false,
            current: None,
            has_failed: false,
            skipped: Vec::new(),
        };
        Self {
            runtime: Runtime { processors, core },
            plan: plan.clone(),
            prefix: prefix.to_owned(),
            changelogs: part.stores.iter().map(|index| (*index, changelog(plan, *index, prefix))).collect(),
            inputs: Vec::new(),
            is_started: false,
        }
    }

    /// What is known of the topics that are written to. Before the first record; without it nothing is known.
    pub fn set_destinations(&mut self, destinations: Arc<dyn Destinations>) {
        self.runtime.core.destinations = destinations;
    }

    /// Lets changes of one row become one before they go on, in this many bytes; 0: each goes on at once. Before the first
    /// record, or at any time another number that is not 0.
    pub fn set_record_cache(&mut self, bytes: usize) {
        self.runtime.core.cache.set_limit(bytes);
    }

    /// Sends on all changes that wait for others of their rows; what comes of them is among [`StreamTask::produced`].
    pub fn flush_cache(&mut self) -> Result<(), TaskError> {
        self.runtime.core.has_failed = false;
        while let Some(node) = self.runtime.core.cache.first() {
            self.runtime.flush(node)?;
        }
        Ok(())
    }

    /// Takes over what the last commit left: times of the task, its operators and stores. Before the first record.
    pub fn restore(&mut self, positions: &PositionsRecord) {
        let core = &mut self.runtime.core;
        core.stream_time = Timestamp(positions.stream_time);
        core.goes_on = true;
        for (number, node) in self.plan.nodes().iter().enumerate() {
            if let Some(times) = positions.operators.get(&*node.name) {
                for (slot, time) in core.slots[number].iter_mut().zip(times) {
                    *slot = *time;
                }
            }
        }
        let indexes: Vec<_> = core.state.indexes().collect();
        for index in indexes {
            if let Some(observed) = positions.observed.get(self.plan.store(index).log_name().as_str()) {
                core.state.observe(index, *observed);
            }
            if let Some(sequence) = positions.sequences.get(self.plan.store(index).log_name().as_str()) {
                core.state.set_sequence(index, *sequence);
            }
        }
    }

    /// An input partition, and where it goes on.
    pub fn add_input(
        &mut self,
        partition: TopicPartition,
        topic_id: TopicId,
        position: Offset,
        time: Timestamp,
    ) {
        let mut input = Input::new(partition, topic_id, position, time);
        let named = Topic::Named(input.partition.topic.clone());
        for (number, node) in self.plan.nodes().iter().enumerate() {
            if let Spec::Source(source) = &node.spec
                && self.runtime.processors[number].is_some()
                && source
                    .topics
                    .iter()
                    .any(|topic| *topic == named || topic.resolve(&self.prefix) == input.partition.topic)
            {
                input.sources.push(number);
            }
        }
        self.inputs.push(input);
    }

    /// Its name.
    pub fn id(&self) -> &TaskId {
        &self.runtime.core.id
    }

    /// The inputs and the next offset that each wants to be brought.
    pub fn inputs(&self) -> impl Iterator<Item = (&TopicPartition, Offset)> {
        self.inputs.iter().map(|input| (&input.partition, input.read_to))
    }

    /// Records of an input. What was processed already is skipped.
    pub fn push(&mut self, partition: &TopicPartition, batch: Arc<RecordBatch>) {
        if let Some(input) = self.input(partition) {
            input.push(batch);
        }
    }

    /// The reader has nothing more of this input at the moment, up to `offset`.
    pub fn end(&mut self, partition: &TopicPartition, offset: Offset) {
        if let Some(input) = self.input(partition) {
            input.at_end = true;
            if input.records == 0 {
                // Only markers and aborted records lie between.
                input.position = input.position.max(offset);
                input.read_to = input.read_to.max(offset);
            }
        }
    }

    fn input(&mut self, partition: &TopicPartition) -> Option<&mut Input> {
        self.inputs.iter_mut().find(|input| input.partition == *partition)
    }

    /// Records and bytes that wait.
    pub fn buffered(&self) -> (usize, usize) {
        self.inputs
            .iter()
            .fold((0, 0), |(records, bytes), input| (records + input.records, bytes + input.bytes))
    }

    /// Records and bytes that wait of one input.
    pub fn buffered_of(&self, partition: &TopicPartition) -> (usize, usize) {
        let input = self.inputs.iter().find(|input| input.partition == *partition);
        input.map_or((0, 0), |input| (input.records, input.bytes))
    }

    /// Bytes that were changed and produced since the last commit.
    pub fn uncommitted_bytes(&self) -> usize {
        self.runtime.core.state.dirty_bytes()
    }

    /// Whether an operator asked for a commit.
    pub fn wants_commit(&self) -> bool {
        self.runtime.core.commit_requested
    }

    /// Records dropped by the rules so far (null keys, too late).
    pub fn dropped(&self) -> u64 {
        self.runtime.core.dropped
    }

    /// The task's stream time, -1 before the first record.
    pub fn stream_time(&self) -> Timestamp {
        self.runtime.core.stream_time
    }

    /// What was produced and not taken yet.
    pub fn produced(&mut self) -> &mut Produced {
        &mut self.runtime.core.produced
    }

    /// Records that error policies let go since this was asked last.
    pub fn take_skipped(&mut self) -> Vec<Skipped> {
        std::mem::take(&mut self.runtime.core.skipped)
    }

    /// The task's stores.
    pub fn state(&mut self) -> &mut State {
        &mut self.runtime.core.state
    }

    /// Processes up to `limit` records; returns how many were. Fewer than `limit`: the rest has to wait for records of
    /// other inputs.
    pub fn process(&mut self, now: Timestamp, limit: usize) -> Result<usize, TaskError> {
        self.runtime.core.now = now;
        self.start()?;
        let mut count = 0;
        while count < limit && !self.runtime.core.commit_requested {
            let Some(next) = self.next(now)? else { break };
            self.run(next)?;
            count += 1;
            // After each record, not after as many as had a turn: what is processed again comes to the same.
            self.punctuate_stream_time()?;
        }
        Ok(count)
    }

    /// Sets schedules, once.
    fn start(&mut self) -> Result<(), TaskError> {
        if self.is_started {
            return Ok(());
        }
        self.is_started = true;
        for node in 0..self.runtime.processors.len() {
            if self.runtime.processors[node].is_some() {
                self.runtime.with(node, |processor, context| processor.init(context))?;
            }
        }
        self.runtime.core.goes_on = false;
        Ok(())
    }

    /// The input whose next record has the lowest timestamp; `None` while it can't be known.
    fn next(&mut self, now: Timestamp) -> Result<Option<usize>, TaskError> {
        for number in 0..self.inputs.len() {
            self.fill_head(number)?;
        }
        let idle_ms = self.runtime.core.settings.max_task_idle_ms;
        let mut lowest: Option<usize> = None;
        for (number, input) in self.inputs.iter().enumerate() {
            if let Some(head) = &input.head
                && lowest.is_none_or(|lowest| {
                    self.inputs[lowest].head.as_ref().is_some_and(|other| head.timestamp < other.timestamp)
                })
            {
                lowest = Some(number);
            }
        }
        if lowest.is_none() || idle_ms < 0 {
            return Ok(lowest);
        }
        let mut is_ready = true;
        for input in &mut self.inputs {
            if !input.is_empty() {
                input.idle_since = None;
            } else if !input.at_end {
                is_ready = false;
            } else {
                let since = *input.idle_since.get_or_insert(now);
                is_ready &= now.millis_since(since) >= idle_ms as u64;
            }
        }
        Ok(lowest.filter(|_| is_ready))
    }

    fn run(&mut self, number: usize) -> Result<(), TaskError> {
        let Some(Head { timestamp, offset, first, rest }) = self.inputs[number].head.take() else {
            return Ok(());
        };
        let reading = Reading::of(&mut self.inputs[number], offset);
        let core = &mut self.runtime.core;
        core.stream_time = core.stream_time.max(timestamp);
        (core.current, core.has_failed) = (Some(reading), false);
        for (source, record) in std::iter::once(first).chain(rest) {
            self.runtime.forward(source, record)?;
        }
        self.inputs[number].advance();
        self.runtime.core.current = None;
        Ok(())
    }

    /// Calls the schedules of the wall clock that are due, and those of the stream time.
    pub fn punctuate(&mut self, now: Timestamp) -> Result<(), TaskError> {
        self.runtime.core.now = now;
        self.start()?;
        self.punctuate_stream_time()?;
        self.fire(Clock::WallClock, now)
    }

    fn punctuate_stream_time(&mut self) -> Result<(), TaskError> {
        let time = self.runtime.core.stream_time;
        if time == Timestamp::NONE { Ok(()) } else { self.fire(Clock::StreamTime, time) }
    }

    fn fire(&mut self, clock: Clock, at: Timestamp) -> Result<(), TaskError> {
        loop {
            let core = &mut self.runtime.core;
            let is_due = |schedule: &&mut Schedule| schedule.clock == clock && schedule.next <= at.0;
            let due = core
                .schedules
                .iter_mut()
                .filter(is_due)
                .min_by_key(|schedule| (schedule.next, schedule.order));
            let Some(due) = due else { return Ok(()) };
            // What was missed is not made up for.
            let missed = (at.0 - due.next) / due.interval_ms;
            due.next += (missed + 1) * due.interval_ms;
            core.schedule_order += 1;
            due.order = core.schedule_order;
            let (node, number) = (due.node, due.number);
            core.has_failed = false;
            let outcome =
                self.runtime.with(node, |processor, context| processor.punctuate(context, number, at));
            self.runtime.judge(node, outcome)?;
        }
    }

    /// Begins a commit: the changes of logged stores go to `each` as their changelogs take them, store by store. Until
    /// [`StreamTask::committed`] or the task's end nothing may be processed. What was not flushed before is flushed here.
    pub fn prepare(
        &mut self,
        each: &mut dyn FnMut(StoreIndex, Changed<'_>),
    ) -> Result<CommitPart, TaskError> {
        self.flush_cache()?;
        let core = &mut self.runtime.core;
        let stream_time = core.stream_time;
        core.state.outlived(stream_time, EXPIRED_ROWS)?;
        let mut changelogs: Vec<(StoreIndex, usize)> = Vec::new();
        let (names, destinations) = (&self.changelogs, &core.destinations);
        let (mut limits, mut refused) = (None, None);
        core.state.changes(&mut |index, changed| {
            match changelogs.last_mut() {
                Some((last, count)) if *last == index => *count += 1,
                _ => {
                    changelogs.push((index, 1));
                    limits = names.get(&index).and_then(|name| match destinations.find(name) {
                        Destination::Found(limits) => Some((name, limits)),
                        Destination::Missing | Destination::Unknown => None,
                    });
                }
            }
            if let Some((name, limits)) = limits.filter(|_| refused.is_none()) {
                let bytes = record_bytes(Some(changed.key), changed.value, &[]);
                refused = limits.admit(Some(changed.key), bytes).err().map(|error| (name.to_string(), error));
            }
            each(index, changed);
        })?;
        if let Some((topic, error)) = refused {
            return Err(TaskError::Production { topic, error });
        }
        Ok(CommitPart { task: core.id.clone(), changelogs, positions: self.positions() })
    }

    /// Whether a commit would say anything new.
    pub fn is_dirty(&self, committed: Option<&PositionsRecord>) -> bool {
        let moved = |committed: &PositionsRecord| {
            self.inputs.iter().any(|input| {
                let known = committed.inputs.get(&input.partition.to_string());
                known.is_none_or(|known| known.offset != input.position.0)
            })
        };
        self.runtime.core.state.is_dirty() || committed.is_none_or(moved)
    }

    fn positions(&self) -> PositionsRecord {
        let core = &self.runtime.core;
        let input = |input: &Input| {
            let position = InputPosition {
                topic_id: input.topic_id.to_string(),
                offset: input.position.0,
                time: input.time.0,
            };
            (input.partition.to_string(), position)
        };
        let nodes = self.plan.nodes().iter().zip(&core.slots);
        let operators = nodes
            .filter(|(_, slots)| slots.iter().any(|slot| *slot != -1))
            .map(|(node, slots)| (node.name.to_string(), slots.clone()))
            .collect();
        let store = |index: StoreIndex| (self.plan.store(index).log_name().to_string(), index);
        let stores: Vec<_> = core.state.indexes().map(store).collect();
        let observed = stores
            .iter()
            .map(|(name, index)| (name.clone(), core.state.observed(*index)))
            .filter(|(_, observed)| *observed != -1)
            .collect();
        let sequences = stores
            .iter()
            .map(|(name, index)| (name.clone(), core.state.sequence(*index)))
            .filter(|(_, sequence)| *sequence != 0)
            .collect();
        let changelogs = stores
            .iter()
            .filter_map(|(name, index)| {
                let position = core.state.place(*index)?.position()?;
                Some((name.clone(), position.0))
            })
            .collect::<BTreeMap<_, _>>();
        PositionsRecord {
            version: PositionsRecord::VERSION,
            generation: 0,
            inputs: self.inputs.iter().map(input).collect(),
            changelogs,
            stream_time: core.stream_time.0,
            operators,
            observed,
            sequences,
        }
    }

    /// The commit is done and written to the stores.
    pub fn committed(&mut self) -> Result<(), TaskError> {
        let core = &mut self.runtime.core;
        core.commit_requested = false;
        let limit = core.settings.cache_bytes;
        core.state.committed(limit);
        Ok(core.state.expire(EXPIRED_ROWS)?)
    }

    /// The changelog's name of a store.
    pub fn changelog(&self, index: StoreIndex) -> TopicName {
        self.changelogs.get(&index).cloned().unwrap_or_else(|| changelog(&self.plan, index, &self.prefix))
    }

    /// The names of its stores' changelogs.
    pub fn changelogs(&self) -> &BTreeMap<StoreIndex, TopicName> {
        &self.changelogs
    }

    /// What it is a part of.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// Rows that one commit removes at most because of their age.
const EXPIRED_ROWS: usize = 10_000;

/// The changelog's name of a store: `<prefix>-<store>-changelog`.
///
/// # Panics
/// Never: the names were checked when the topology was built.
pub fn changelog(plan: &Plan, index: StoreIndex, prefix: &str) -> TopicName {
    let name = format!("{prefix}-{}-changelog", plan.store(index).log_name());
    TopicName::new(name).expect("store names are checked")
}
