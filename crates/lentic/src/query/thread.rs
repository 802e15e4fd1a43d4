//! A thread that processes: it owns a worker, a reader, and a transaction.
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use lentic_engine::TaskId;
use lentic_engine::log::{self, Polled, ReadFrom, Reader, ReaderOptions};
use lentic_engine::stream::{Applied, Skipped, StreamAction, StreamEvent, StreamWorker, WorkerSettings};
use lentic_topology::spec::Origin;
use lentic_types::{Offset, TopicPartition};

use super::follow::led;
use super::outlet::{Outcome, Outlet};
use super::threads::{Order, Way};
use super::{FailureKind, Inner, TaskStatus};
use crate::config::Config;
use crate::node::{Shared, now, pause};
use crate::sql::QueryNotice;

/// How long a poll waits for records.
const POLL: Duration = Duration::from_millis(5);

/// How long until a partition that the log refused is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// Every how often readers are told that the stores are current, and used records are deleted from repartition topics.
const REFRESH: Duration = Duration::from_secs(1);

/// Between two looks at all tasks where nothing has come: schedules and commits come as late at most.
const TICK: Duration = Duration::from_millis(20);

/// Kafka Streams' `repartition.purge.interval.ms`.
const PURGE: Duration = Duration::from_secs(30);

pub(super) struct StreamThread {
    shared: Arc<Shared>,
    own: Way,
    worker: StreamWorker,
    reader: Option<Box<dyn Reader>>,
    outlet: Outlet,
    queries: BTreeMap<TaskId, Arc<Inner>>,
    /// Partitions that the log has not taken yet.
    unassigned: BTreeMap<TopicPartition, Offset>,
    retry_at: Instant,
    complained: BTreeSet<TopicPartition>,
    tick_at: Instant,
    /// How long the last turn of all tasks took.
    turn: Duration,
    refresh_at: Instant,
    purge_at: Instant,
    /// By repartition partition: below this nothing is needed.
    used: BTreeMap<TopicPartition, Offset>,
}

impl StreamThread {
    pub(super) fn new(shared: &Arc<Shared>, own: Way) -> Self {
        let config = &shared.config;
        let outlet = Outlet::new(
            Arc::clone(&shared.log),
            config.processing_guarantee,
            shared.shards_name(),
            Duration::from_millis(config.transaction_timeout_ms),
        );
        Self {
            shared: Arc::clone(shared),
            own,
            worker: StreamWorker::new(settings(config)),
            reader: None,
            outlet,
            queries: BTreeMap::new(),
            unassigned: BTreeMap::new(),
            retry_at: Instant::now(),
            complained: BTreeSet::new(),
            tick_at: Instant::now(),
            turn: Duration::ZERO,
            refresh_at: Instant::now() + REFRESH,
            purge_at: Instant::now() + PURGE,
            used: BTreeMap::new(),
        }
    }

    pub(super) fn run(&mut self, orders: &Receiver<Order>, stop: &AtomicBool) {
        let mut polled = Vec::new();
        while !stop.load(Ordering::Acquire) && self.shared.failure().is_none() {
            while let Ok(order) = orders.try_recv() {
                self.order(order);
            }
            self.poll(&mut polled);
            self.poll_more(&mut polled);
            let has_news = !polled.is_empty() || self.worker.is_busy();
            for found in polled.drain(..) {
                self.polled(found);
            }
            let time = Instant::now();
            if has_news || time >= self.tick_at {
                self.tick_at = time + TICK;
                self.handle(StreamEvent::Tick);
                self.turn = time.elapsed();
            }
            self.look_around();
            self.own.alive_at.store(now().0, Ordering::Relaxed);
            self.own.tasks.store(self.queries.len(), Ordering::Relaxed);
        }
        if self.shared.failure().is_none() {
            self.handle(StreamEvent::CommitNow);
        }
        self.outlet.abort();
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Assign(assignment, query) => {
                self.queries.insert(assignment.task.clone(), query);
                self.handle(StreamEvent::Assigned(assignment));
            }
            Order::Revoke(tasks, done) => {
                if tasks.iter().any(|task| self.queries.contains_key(task)) {
                    self.handle(StreamEvent::CommitNow);
                }
                self.give_up(tasks);
                let _ = done.send(());
            }
            Order::Lose(tasks, done) => {
                if tasks.iter().any(|task| self.queries.contains_key(task)) {
                    let aborted = self.abort("the group has dropped this node".to_owned());
                    self.handle(aborted);
                }
                self.give_up(tasks);
                let _ = done.send(());
            }
        }
    }

    fn give_up(&mut self, tasks: Vec<TaskId>) {
        for task in tasks {
            if self.queries.remove(&task).is_some() {
                self.handle(StreamEvent::Revoked(task));
            }
        }
    }

    fn poll(&mut self, polled: &mut Vec<Polled>) {
        if self.reader.is_none() {
            let options = ReaderOptions { headers: true, bulk: true, ..ReaderOptions::default() };
            match self.shared.log.reader(options) {
                Ok(reader) => self.reader = Some(reader),
                Err(error) => {
                    tracing::warn!("can't read the log: {error}");
                    return pause(RETRY);
                }
            }
        }
        self.assign_pending();
        let timeout = if self.worker.is_busy() { Duration::ZERO } else { POLL };
        if let Some(reader) = &mut self.reader
            && let Err(error) = reader.poll(timeout, polled)
        {
            tracing::warn!("polling the log failed: {error}");
            pause(POLL);
        }
    }

    /// Where tasks are many a turn of them all takes its time, and what comes meanwhile is little for each: as long as a turn takes
    /// is spent on reading what is there at once.
    fn poll_more(&mut self, polled: &mut Vec<Polled>) {
        let until = Instant::now() + self.turn.min(POLL);
        let mut count = 0;
        while polled.len() > std::mem::replace(&mut count, polled.len()) && Instant::now() < until {
            let Some(reader) = &mut self.reader else { return };
            if reader.poll(Duration::ZERO, polled).is_err() {
                return;
            }
        }
    }

    fn polled(&mut self, found: Polled) {
        match found {
            Polled::Records { partition, batch, .. } => {
                self.complained.remove(&partition);
                self.handle(StreamEvent::Records(partition, batch));
            }
            Polled::End { partition, offset } => self.handle(StreamEvent::End(partition, offset)),
            Polled::OutOfRange { partition } => {
                tracing::warn!(
                    %partition,
                    "the position is not in the log any more: reading goes on at the first record that is there"
                );
                self.assign(&partition, ReadFrom::Start);
            }
            Polled::Failed { partition: Some(partition), error } => {
                if self.complained.insert(partition.clone()) {
                    tracing::warn!(%partition, "reading failed: {error}");
                }
                if let log::Error::NoSuchTopic(_) = error {
                    self.topic_is_gone(&partition);
                }
            }
            Polled::Failed { partition: None, error } => tracing::debug!("reading failed: {error}"),
        }
    }

    /// Tasks that read a topic which is there no more are opened anew, where somebody deals with what that comes to.
    fn topic_is_gone(&mut self, partition: &TopicPartition) {
        let reads = |(task, query): &(&TaskId, &Arc<Inner>)| {
            let is_same = task.partition == partition.partition;
            !query.is_of_program && is_same && query.reads(task, &partition.topic)
        };
        let readers = self.queries.iter().filter(reads);
        let readers: Vec<_> = readers.map(|(task, query)| (task.clone(), Arc::clone(query))).collect();
        if readers.is_empty() {
            return;
        }
        self.handle(StreamEvent::CommitNow);
        for (task, query) in readers {
            self.give_up(vec![task.clone()]);
            self.shared.follow(&query, &task);
            query.set_status(&task, TaskStatus::Elsewhere);
        }
        self.shared.open_owned_tasks();
    }

    /// One event and everything that follows from it.
    fn handle(&mut self, event: StreamEvent) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let mut actions = Vec::new();
            self.worker.handle(event, now(), &mut actions);
            let outlet = &mut self.outlet;
            self.worker.take_produced(&mut |record| outlet.send(&record));
            for action in actions {
                self.execute(action, &mut events);
            }
        }
    }

    fn execute(&mut self, action: StreamAction, events: &mut VecDeque<StreamEvent>) {
        match action {
            StreamAction::Read(partition, from) => self.assign(&partition, ReadFrom::Offset(from)),
            StreamAction::StopReading(partition) => {
                self.unassigned.remove(&partition);
                if let Some(reader) = &mut self.reader
                    && let Err(error) = reader.unassign(&partition)
                {
                    tracing::warn!(%partition, "can't stop reading: {error}");
                }
            }
            StreamAction::Flush { offsets } => events.push_back(match self.outlet.flush(offsets) {
                Ok(offsets) => StreamEvent::Flushed(offsets),
                Err(reason) => self.abort(reason),
            }),
            StreamAction::Seal(sealed) => events.push_back(match self.outlet.seal(&sealed) {
                Outcome::Committed => StreamEvent::Committed,
                Outcome::Aborted(reason) => self.abort(reason),
                Outcome::Lost(reason) => {
                    tracing::warn!("what became of a commit is unknown, its tasks are opened anew: {reason}");
                    StreamEvent::Lost(reason)
                }
            }),
            StreamAction::Abort(reason) => events.push_back(self.abort(reason)),
            StreamAction::Applied(applied) => self.applied(&applied),
            StreamAction::Failed(task, error) => {
                tracing::error!(%task, "the task is stopped: {error}");
                if let Some(query) = self.queries.remove(&task) {
                    query.set_status(&task, TaskStatus::Failed(error.to_string()));
                    self.shared.follow(&query, &task);
                    if !query.is_of_program {
                        let kind = FailureKind::of_task(&error);
                        self.shared.query_failed(query.plan.name(), kind, format!("{task}: {error}"));
                    }
                }
            }
            StreamAction::Reopen(task) => {
                if let Some(query) = self.queries.remove(&task) {
                    self.shared.reopen(&query, &task);
                }
            }
            StreamAction::Skipped(task, skipped) => {
                if let Some(query) = self.queries.get(&task) {
                    query.skipped.fetch_add(skipped.len() as u64, Ordering::Relaxed);
                }
                let interpreter = self.shared.interpreter.as_ref();
                for Skipped { origin, value, error } in skipped {
                    if let Some(interpreter) = interpreter {
                        let error = &error.to_string();
                        let (origin, value) = (origin.as_ref(), value.as_deref());
                        interpreter.noticed(&task.query, &QueryNotice::Skipped { origin, value, error });
                    }
                    match origin {
                        Some(Origin { topic, partition, offset }) => {
                            tracing::warn!(%task, %topic, partition, offset, "a record is skipped: {error}");
                        }
                        None => tracing::warn!(%task, "what a schedule made is skipped: {error}"),
                    }
                }
            }
            StreamAction::Stop(error) => self.shared.fail(error.to_string()),
        }
    }

    fn abort(&mut self, reason: String) -> StreamEvent {
        tracing::warn!("a commit was taken back, its records are processed again: {reason}");
        self.outlet.abort();
        for query in self.queries.values() {
            query.destinations.doubt();
        }
        // Whatever it was has a moment to pass.
        pause(POLL);
        StreamEvent::Aborted(reason)
    }

    /// Shows readers what a commit changed.
    fn applied(&mut self, applied: &Applied) {
        let Some(query) = self.queries.get(&applied.task) else { return };
        query.committed(&applied.positions);
        for store in &applied.stores {
            let Some(table) = query.tables.get(&store.index) else { continue };
            let Some(partition) = table.partition(applied.task.partition) else { continue };
            let mut view = led(partition.view(), store.position);
            view.oldest = store.oldest.or(view.oldest);
            let first = store.records.iter().next().map(|record| record.offset);
            let records = first.map(|first| (Arc::clone(&store.records), first));
            table.publish_commit(&partition, view, records);
        }
        for topic in query.plan.repartition_topics() {
            let partition = TopicPartition::new(topic.resolve(&query.prefix), applied.task.partition);
            if let Some(position) = applied.positions.inputs.get(&partition.to_string()) {
                self.used.insert(partition, Offset(position.offset));
            }
        }
    }

    fn assign(&mut self, partition: &TopicPartition, from: ReadFrom) {
        let Some(reader) = &mut self.reader else {
            self.unassigned.insert(partition.clone(), from.offset().unwrap_or_default());
            return;
        };
        if let Err(error) = reader.assign(partition, from) {
            if !matches!(error, log::Error::Closed) {
                tracing::warn!(%partition, "can't begin to read: {error}");
            }
            self.unassigned.insert(partition.clone(), from.offset().unwrap_or_default());
            self.retry_at = Instant::now() + RETRY;
        }
    }

    fn assign_pending(&mut self) {
        if self.unassigned.is_empty() || Instant::now() < self.retry_at {
            return;
        }
        for (partition, offset) in std::mem::take(&mut self.unassigned) {
            self.assign(&partition, ReadFrom::Offset(offset));
        }
    }

    fn look_around(&mut self) {
        let time = Instant::now();
        if time >= self.refresh_at {
            self.refresh_at = time + REFRESH;
            for (task, query) in &self.queries {
                for table in query.tables.values() {
                    if let Some(partition) = table.partition(task.partition)
                        && query.has_store(task, table)
                    {
                        let view = led(partition.view(), Offset(0));
                        table.publish(&partition, view, None, &[], None);
                    }
                }
            }
        }
        if time >= self.purge_at {
            self.purge_at = time + PURGE;
            let used: Vec<_> = std::mem::take(&mut self.used).into_iter().collect();
            if !used.is_empty()
                && let Err(error) = self.shared.log.delete_records(&used)
            {
                tracing::debug!("used records stay in repartition topics for now: {error}");
            }
        }
    }
}

impl Inner {
    /// Whether a task reads a topic.
    fn reads(&self, task: &TaskId, topic: &lentic_types::TopicName) -> bool {
        let part = self.plan.subtopologies().iter().find(|part| part.name == task.subtopology);
        part.is_some_and(|part| part.topics.iter().any(|own| own.resolve(&self.prefix) == *topic))
    }

    /// Whether a table is of a store of this task.
    fn has_store(&self, task: &TaskId, table: &crate::RawTable) -> bool {
        let part = self.plan.subtopologies().iter().find(|part| part.name == task.subtopology);
        part.is_some_and(|part| {
            part.stores
                .iter()
                .filter_map(|index| self.tables.get(index))
                .any(|own| Arc::ptr_eq(&own.inner, &table.inner))
        })
    }
}

fn settings(config: &Config) -> WorkerSettings {
    WorkerSettings {
        commit_interval_ms: config.commit_interval_ms as i64,
        uncommitted_bytes: config.statestore_uncommitted_max_bytes,
        input_buffer_bytes: config.input_buffer_max_bytes,
        record_cache_bytes: config.statestore_cache_max_bytes / config.num_stream_threads.max(1),
        ..WorkerSettings::default()
    }
}
