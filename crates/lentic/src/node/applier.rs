//! The thread that owns the worker: polls the log, feeds events, executes actions.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use lentic_engine::load::Load;
use lentic_engine::log::{self, Polled, ReadFrom, Reader, ReaderOptions};
use lentic_engine::{Action, Event, Notice, TaskId, Worker};
use lentic_types::{Offset, TopicPartition};

use super::{Shared, now, pause, vital_thread};
use crate::together::WholeReader;
use crate::{NodeError, RawTable};

/// How long a poll waits for records: also how long an event from another thread may wait.
const POLL: Duration = Duration::from_millis(10);

/// How long an applier may take to give a task up.
const REVOCATION: Duration = Duration::from_secs(10);

/// How long until an assignment that the log refused is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Messages to the applier. Their number is bounded by the tasks: each has at most one examination, load and
/// revocation under way.
enum Message {
    Register(TaskId, RawTable),
    Event(Event),
    Revoke(TaskId, Sender<()>),
    /// The task's topic is gone.
    Fail(TaskId, String),
}

/// The way to the applier.
pub(crate) struct Inbox {
    sender: Sender<Message>,
    stop: Arc<AtomicBool>,
}

/// What the applier receives.
pub(crate) struct Mail {
    receiver: Receiver<Message>,
    stop: Arc<AtomicBool>,
}

pub(crate) fn inbox() -> (Inbox, Mail) {
    let (sender, receiver) = crossbeam_channel::unbounded();
    let stop = Arc::new(AtomicBool::new(false));
    (Inbox { sender, stop: Arc::clone(&stop) }, Mail { receiver, stop })
}

impl Inbox {
    pub(crate) fn register(&self, task: TaskId, table: RawTable) {
        let _ = self.sender.send(Message::Register(task, table));
    }

    pub(crate) fn event(&self, event: Event) {
        let _ = self.sender.send(Message::Event(event));
    }

    pub(crate) fn fail(&self, task: TaskId, reason: String) {
        let _ = self.sender.send(Message::Fail(task, reason));
    }

    /// Takes a task away and waits until it writes no more; false: that takes too long, it may write yet.
    pub(crate) fn revoke(&self, task: TaskId) -> bool {
        let (done, wait) = crossbeam_channel::bounded(1);
        // An applier that has ended writes nothing.
        self.sender.send(Message::Revoke(task, done)).is_err()
            || wait.recv_timeout(REVOCATION) != Err(RecvTimeoutError::Timeout)
    }

    /// The same of many at once.
    pub(crate) fn revoke_all(&self, tasks: Vec<TaskId>) -> bool {
        let (done, wait) = crossbeam_channel::bounded(tasks.len());
        let count = tasks.len();
        for task in tasks {
            if self.sender.send(Message::Revoke(task, done.clone())).is_err() {
                return true;
            }
        }
        drop(done);
        let deadline = Instant::now() + REVOCATION;
        // An applier that ends writes nothing.
        (0..count).all(|_| wait.recv_deadline(deadline) != Err(RecvTimeoutError::Timeout))
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

struct Applier {
    shared: Arc<Shared>,
    worker: Worker,
    reader: Option<Box<dyn Reader>>,
    tables: BTreeMap<TaskId, RawTable>,
    /// Assignments that the log has not taken yet.
    unassigned: BTreeMap<TopicPartition, (Offset, i32)>,
    retry_at: Instant,
    /// Partitions whose trouble was logged already.
    complained: BTreeSet<TopicPartition>,
    loads: Sender<Box<Load>>,
    examinations: Sender<TaskId>,
    actions: Vec<Action>,
}

pub(crate) fn spawn(
    shared: &Arc<Shared>,
    mail: Mail,
    loads: Sender<Box<Load>>,
    examinations: Sender<TaskId>,
) -> Result<JoinHandle<()>, NodeError> {
    vital_thread(shared, "applier", move |shared| {
        let mut applier = Applier {
            shared: Arc::clone(shared),
            worker: Worker::default(),
            reader: None,
            tables: BTreeMap::new(),
            unassigned: BTreeMap::new(),
            retry_at: Instant::now(),
            complained: BTreeSet::new(),
            loads,
            examinations,
            actions: Vec::new(),
        };
        applier.run(&mail);
    })
}

impl Applier {
    fn run(&mut self, mail: &Mail) {
        let mut polled = Vec::new();
        while !mail.stop.load(Ordering::Acquire) {
            while let Ok(message) = mail.receiver.try_recv() {
                self.receive(message);
            }
            if self.reader.is_none() {
                match self.shared.log.reader(ReaderOptions::default()) {
                    Ok(reader) => {
                        let together = Arc::clone(&self.shared.around.together);
                        self.reader = Some(Box::new(WholeReader::new(reader, together)));
                    }
                    Err(error) => {
                        tracing::warn!("can't read the log: {error}");
                        pause(RETRY);
                        continue;
                    }
                }
            }
            self.assign_pending();
            if let Some(reader) = &mut self.reader
                && let Err(error) = reader.poll(POLL, &mut polled)
            {
                tracing::warn!("polling the log failed: {error}");
                pause(POLL);
            }
            for found in polled.drain(..) {
                self.polled(found);
            }
        }
    }

    fn receive(&mut self, message: Message) {
        match message {
            Message::Register(task, table) => drop(self.tables.insert(task, table)),
            Message::Event(event) => self.handle(event),
            Message::Revoke(task, done) => {
                self.handle(Event::Revoked(task.clone()));
                self.tables.remove(&task);
                let _ = done.try_send(());
            }
            Message::Fail(task, reason) => {
                if let Some(table) = self.tables.get(&task)
                    && let Some(partition) = table.partition(task.partition)
                {
                    partition.set_reason(Some(reason));
                }
                let mut actions = std::mem::take(&mut self.actions);
                self.worker.fail(&task, &mut actions);
                self.execute(actions);
            }
        }
    }

    fn polled(&mut self, found: Polled) {
        match found {
            Polled::Records { partition, batch, epoch } => {
                self.complained.remove(&partition);
                self.handle(Event::Records { partition, batch, epoch });
            }
            Polled::End { partition, offset } => self.handle(Event::End { partition, offset }),
            Polled::OutOfRange { partition } => self.handle(Event::OutOfRange(partition)),
            Polled::Failed { partition: Some(partition), error } => {
                if self.complained.insert(partition.clone()) {
                    tracing::warn!(%partition, "reading failed: {error}");
                }
                if matches!(error, log::Error::NoSuchTopic(_)) {
                    self.handle(Event::TopicChanged(partition));
                }
            }
            Polled::Failed { partition: None, error } => tracing::debug!("reading failed: {error}"),
        }
    }

    fn handle(&mut self, event: Event) {
        if self.shared.failure.reason().is_some() {
            return;
        }
        let mut actions = std::mem::take(&mut self.actions);
        self.worker.handle(event, now(), &mut actions);
        self.execute(actions);
    }

    fn execute(&mut self, mut actions: Vec<Action>) {
        for action in actions.drain(..) {
            match action {
                Action::Read { partition, from, epoch } => {
                    self.unassigned.insert(partition, (from, epoch));
                    self.retry_at = Instant::now();
                }
                Action::StopReading(partition) => {
                    self.unassigned.remove(&partition);
                    if let Some(reader) = &mut self.reader
                        && let Err(error) = reader.unassign(&partition)
                    {
                        tracing::warn!(%partition, "can't stop reading: {error}");
                    }
                }
                Action::Load(load) => drop(self.loads.send(load)),
                Action::Examine(task) => drop(self.examinations.send(task)),
                Action::Publish { task, view, applied, purged, leap } => {
                    if let Some(table) = self.tables.get(&task)
                        && let Some(partition) = table.partition(task.partition)
                    {
                        if view.state == lentic_engine::TaskState::Live {
                            partition.set_reason(None);
                        }
                        table.publish(&partition, view, applied, &purged, leap);
                    }
                }
                Action::Notice(task, notice) => self.notice(&task, &notice),
                Action::Stop(error) => self.shared.fail(error.to_string()),
            }
        }
        self.actions = actions;
    }

    fn notice(&self, task: &TaskId, notice: &Notice) {
        let Some(table) = self.tables.get(task) else { return };
        match notice {
            Notice::Rebuilding(reason) => {
                tracing::warn!(%task, "rebuilding: {reason}");
                if let Some(partition) = table.partition(task.partition) {
                    partition.set_reason(Some(reason.to_string()));
                }
            }
            Notice::HorizonTooShort => {
                tracing::warn!(%task, "reading the topic took longer than delete.retention.ms");
                table.notice(
                    "tombstone_horizon",
                    "reading the whole topic took longer than its delete.retention.ms: deletes may have been missed; \
                     raise delete.retention.ms on the topic and declare the table anew"
                        .to_owned(),
                );
            }
        }
    }

    fn assign_pending(&mut self) {
        if self.unassigned.is_empty() || Instant::now() < self.retry_at {
            return;
        }
        let Some(reader) = &mut self.reader else { return };
        let mut refused = None;
        self.unassigned.retain(|partition, &mut (offset, epoch)| {
            match reader.assign(partition, ReadFrom::Position { offset, epoch }) {
                Ok(()) => false,
                Err(error) => {
                    refused = Some(error);
                    true
                }
            }
        });
        if let Some(error) = refused {
            tracing::warn!("can't begin to read: {error}");
            self.retry_at = Instant::now() + RETRY;
        }
    }
}
