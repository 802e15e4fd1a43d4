//! The loop of live tasks as a state machine: one event in, actions out.
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use lentic_format::KeyLayout;
use lentic_store::layout::{PositionRecord, StoreId};
use lentic_store::{Error, Store};
use lentic_types::{Offset, RecordBatch, Timestamp, TopicPartition};

use crate::load::{Load, Loaded};
use crate::log::Bounds;
use crate::source::Sources;
use crate::table::{Next, TableTask};
use crate::{TaskId, TaskView};

pub use crate::purge::Purged;
pub use crate::recovery::{Facts, Rebuild};

/// A table's partition for this worker to keep.
#[derive(Clone)]
pub struct Assignment {
    /// Which.
    pub task: TaskId,
    /// Where its rows go.
    pub store: Arc<dyn Store>,
    /// The table's number there.
    pub store_id: StoreId,
    /// The partition it is the fold of.
    pub source: TopicPartition,
    /// Partitions of that topic.
    pub partitions: u32,
    /// How its keys lie in the log and in the store.
    pub key: KeyLayout,
    /// How long windows are shown, by their own times.
    pub retention_ms: Option<u64>,
    /// What the log says of the partition; `None`: it can't be asked now, the worker will ask.
    pub facts: Option<Facts>,
}

/// What happens to a worker.
pub enum Event {
    /// A task is this worker's from now on.
    Assigned(Box<Assignment>),
    /// A task is no longer this worker's.
    Revoked(TaskId),
    /// The facts that [`Action::Examine`] asked for.
    Examined(TaskId, Facts),
    /// Records of a partition that is being read.
    Records {
        /// Whose.
        partition: TopicPartition,
        /// In offset order.
        batch: Arc<RecordBatch>,
        /// Leader epoch of the last.
        epoch: i32,
    },
    /// The reader has passed everything below `offset`.
    End {
        /// Whose.
        partition: TopicPartition,
        /// The position.
        offset: Offset,
    },
    /// The reader's position is not in the log; it has given the partition up.
    OutOfRange(TopicPartition),
    /// A load is whole.
    Loaded(Box<Load>, Loaded),
    /// Instead of a load that is seedable another node's rows are there, whose position this is.
    Seeded(Box<Load>, PositionRecord),
    /// A load was given up; the text says why. It can be tried again.
    LoadFailed(Box<Load>, String),
    /// The topic is gone, or another creation of it is there, or its settings changed: look again.
    TopicChanged(TopicPartition),
    /// The ends of the partitions, asked for at this time.
    Bounds(Timestamp, Vec<(TopicPartition, Bounds)>),
}

/// What a worker wants done.
pub enum Action {
    /// Read a partition from here on (again).
    Read {
        /// Which.
        partition: TopicPartition,
        /// The first offset wanted.
        from: Offset,
        /// Leader epoch of the last record below it, -1 unknown.
        epoch: i32,
    },
    /// Nobody needs the partition any more.
    StopReading(TopicPartition),
    /// Load in bulk and report [`Event::Loaded`].
    Load(Box<Load>),
    /// Ask the log for facts and report [`Event::Examined`], or fail the task if the topic is gone.
    Examine(TaskId),
    /// Show readers this; `batch` and from where on it is new go to watchers.
    Publish {
        /// Of which task.
        task: TaskId,
        /// What readers may know.
        view: TaskView,
        /// What was applied: the records at or above the offset.
        applied: Option<(Arc<RecordBatch>, Offset)>,
        /// Rows that were purged because the log no longer holds their records.
        purged: Vec<Purged>,
        /// The rows changed otherwise than by `applied` and `purged`: who watches has to begin anew, and why.
        leap: Option<Leap>,
    },
    /// Something that the operator should know.
    Notice(TaskId, Notice),
    /// The store failed: the node has to stop.
    Stop(Error),
}

/// Why the changes of a task's rows can't be told one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leap {
    /// Another build of the rows replaced the one before.
    Rebuilt,
    /// The store was so far behind that it caught up in bulk.
    CaughtUpInBulk,
    /// The watch began while a commit was under way whose changes nobody watched.
    Untold,
}

impl fmt::Display for Leap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rebuilt => "the table was rebuilt from its topic",
            Self::CaughtUpInBulk => "the table was far behind its topic and caught up in bulk",
            Self::Untold => "changes were committed while the watch began",
        })
    }
}

/// A remark on a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It is being rebuilt, and why.
    Rebuilding(crate::recovery::Rebuild),
    /// Reading the whole topic takes longer than its tombstones stay: deletes may be missed.
    HorizonTooShort,
}

/// Keeps tasks at the end of their logs.
#[derive(Default)]
pub struct Worker {
    tasks: BTreeMap<TaskId, TableTask>,
    sources: Sources,
    seeds_from: Option<u64>,
}

impl Worker {
    /// With fewer records in a log than this no other node is asked for the rows; by default 10,000, which are read as quickly.
    #[must_use]
    pub fn seeds_from(self, records: u64) -> Self {
        Self { seeds_from: Some(records), ..self }
    }

    /// Handles one event; what is to be done is appended to `actions`.
    pub fn handle(&mut self, event: Event, now: Timestamp, actions: &mut Vec<Action>) {
        let outcome = match event {
            Event::Assigned(assignment) => self.assigned(*assignment, now, actions),
            Event::Revoked(task) => {
                self.revoked(&task, actions);
                Ok(())
            }
            Event::Examined(task, facts) => self.examined(&task, &facts, now, actions),
            Event::Records { partition, batch, epoch } => {
                self.records(&partition, &batch, epoch, now, actions)
            }
            Event::End { partition, offset } => {
                self.end(&partition, offset, now, actions);
                Ok(())
            }
            Event::OutOfRange(partition) => {
                self.out_of_range(&partition, actions);
                Ok(())
            }
            Event::TopicChanged(partition) => {
                self.topic_changed(&partition, actions);
                Ok(())
            }
            Event::Loaded(load, loaded) => self.loaded(&load, &loaded, now, actions),
            Event::Seeded(load, told) => self.seeded(&load, &told, actions),
            Event::LoadFailed(load, _) => {
                if let Some(task) = self.tasks.get_mut(&load.task).filter(|task| task.expects(&load)) {
                    task.load_failed(&load);
                    examine(task, actions);
                }
                Ok(())
            }
            Event::Bounds(asked_at, bounds) => self.bounds(asked_at, &bounds, now, actions),
        };
        if let Err(error) = outcome {
            actions.push(Action::Stop(error));
        }
    }

    fn assigned(
        &mut self,
        assignment: Assignment,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) -> Result<(), Error> {
        let (id, facts) = (assignment.task.clone(), assignment.facts);
        let mut task = TableTask::new(assignment)?;
        self.sources.add(task.source(), &id);
        match facts {
            Some(_) => task.await_facts(),
            None => examine(&mut task, actions),
        }
        self.tasks.insert(id.clone(), task);
        match facts {
            Some(facts) => self.examined(&id, &facts, now, actions),
            None => Ok(()),
        }
    }

    fn revoked(&mut self, id: &TaskId, actions: &mut Vec<Action>) {
        if let Some(task) = self.tasks.remove(id) {
            self.sources.remove(task.source(), id, actions);
        }
    }

    fn examined(
        &mut self,
        id: &TaskId,
        facts: &Facts,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) -> Result<(), Error> {
        let Some(task) = self.tasks.get_mut(id).filter(|task| task.awaits_facts()) else { return Ok(()) };
        if task.facts_are_stale() {
            examine(task, actions);
            return Ok(());
        }
        let (next, reason) = task.examine(facts, now, self.seeds_from.unwrap_or(SEED_RECORDS))?;
        if let Some(reason) = reason {
            actions.push(Action::Notice(id.clone(), Notice::Rebuilding(reason)));
        }
        publish(task, actions);
        let source = task.source().clone();
        if reason.is_some() {
            // Where the reader stands may mean nothing in the log as it is now.
            self.sources.lost(&source);
        }
        match next {
            Next::Read => self.read(&source, actions),
            Next::Load(load) => actions.push(Action::Load(Box::new(load))),
        }
        Ok(())
    }

    /// Reads a partition from where the furthest behind of its live tasks stands; the others skip what they have.
    fn read(&mut self, source: &TopicPartition, actions: &mut Vec<Action>) {
        let live = self
            .sources
            .tasks(source)
            .iter()
            .filter_map(|id| self.tasks.get(id))
            .filter(|task| task.is_live());
        if let Some((from, epoch)) = live.map(TableTask::read_from).min() {
            self.sources.read(source, from, epoch, actions);
        }
    }

    fn loaded(
        &mut self,
        load: &Load,
        loaded: &Loaded,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) -> Result<(), Error> {
        let Some(task) = self.tasks.get_mut(&load.task).filter(|task| task.expects(load)) else {
            return Ok(());
        };
        let leap = task.loaded(loaded, load, now)?;
        warn(task, actions);
        actions.push(Action::Publish {
            task: load.task.clone(),
            view: task.view(),
            applied: None,
            purged: Vec::new(),
            leap,
        });
        if task.facts_are_stale() || task.is_distrusted() {
            examine(task, actions);
            return Ok(());
        }
        let source = task.source().clone();
        self.read(&source, actions);
        Ok(())
    }

    /// Whether what came may be continued is decided by the same facts as for what a start finds.
    fn seeded(&mut self, load: &Load, told: &PositionRecord, actions: &mut Vec<Action>) -> Result<(), Error> {
        let Some(task) = self.tasks.get_mut(&load.task).filter(|task| task.expects(load)) else {
            return Ok(());
        };
        let leap = task.seeded(told, load)?;
        let (id, view) = (load.task.clone(), task.view());
        actions.push(Action::Publish { task: id, view, applied: None, purged: Vec::new(), leap });
        examine(task, actions);
        Ok(())
    }

    fn records(
        &mut self,
        partition: &TopicPartition,
        batch: &Arc<RecordBatch>,
        epoch: i32,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) -> Result<(), Error> {
        if let Some(last) = batch.last_offset() {
            self.sources.advance(partition, last.next());
        }
        for id in self.sources.tasks(partition) {
            let Some(task) = self.tasks.get_mut(id).filter(|task| task.is_live()) else { continue };
            if let Some(from) = task.apply(batch, epoch, now)? {
                actions.push(Action::Publish {
                    task: id.clone(),
                    view: task.view(),
                    applied: Some((Arc::clone(batch), from)),
                    purged: Vec::new(),
                    leap: None,
                });
            }
            look_again(task, actions);
        }
        Ok(())
    }

    fn end(&mut self, partition: &TopicPartition, offset: Offset, now: Timestamp, actions: &mut Vec<Action>) {
        self.sources.advance(partition, offset);
        for id in self.sources.tasks(partition) {
            if let Some(task) = self.tasks.get_mut(id).filter(|task| task.is_live()) {
                task.end(offset, now);
                publish(task, actions);
                look_again(task, actions);
            }
        }
    }

    fn bounds(
        &mut self,
        asked_at: Timestamp,
        bounds: &[(TopicPartition, Bounds)],
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) -> Result<(), Error> {
        let mut purge_rows = PURGE_ROWS;
        for (partition, bounds) in bounds {
            for id in self.sources.tasks(partition) {
                let Some(task) = self.tasks.get_mut(id).filter(|task| task.is_live()) else { continue };
                if let Err(reason) = task.bounds(*bounds, asked_at, now)? {
                    task.distrust(reason);
                }
                look_again(task, actions);
                if !task.is_idle() {
                    continue;
                }
                let purged = task.purge(&mut purge_rows)?;
                let (task, view) = (id.clone(), task.view());
                actions.push(Action::Publish { task, view, applied: None, purged, leap: None });
            }
        }
        Ok(())
    }

    fn out_of_range(&mut self, partition: &TopicPartition, actions: &mut Vec<Action>) {
        self.sources.lost(partition);
        for id in self.sources.tasks(partition) {
            if let Some(task) = self.tasks.get_mut(id).filter(|task| task.is_live()) {
                // If the log looks whole to the examination, it was cut off and has grown again.
                task.distrust(Rebuild::Diverged);
                examine(task, actions);
            }
        }
    }

    fn topic_changed(&mut self, partition: &TopicPartition, actions: &mut Vec<Action>) {
        // A reader that met no such topic has given the partition up, also if the topic turns out to be there.
        self.sources.lost(partition);
        for id in self.sources.tasks(partition) {
            let Some(task) = self.tasks.get_mut(id) else { continue };
            if task.is_idle() {
                examine(task, actions);
            } else {
                task.facts_turn_stale();
            }
        }
    }

    /// A task's topic is gone: it fails, its rows stay.
    pub fn fail(&mut self, id: &TaskId, actions: &mut Vec<Action>) {
        if let Some(task) = self.tasks.get_mut(id) {
            task.fail();
            publish(task, actions);
        }
    }
}

/// See [`Worker::seeds_from`].
const SEED_RECORDS: u64 = 10_000;

/// Rows that one look at the ends may purge, of all tasks together: it must never hold the worker up.
const PURGE_ROWS: usize = 20_000;

/// Asks for facts; until they come the task stands still, so that they speak of what it holds.
fn examine(task: &mut TableTask, actions: &mut Vec<Action>) {
    task.await_facts();
    actions.push(Action::Examine(task.id().clone()));
}

/// What came may show that the store can't be continued.
fn look_again(task: &mut TableTask, actions: &mut Vec<Action>) {
    warn(task, actions);
    if task.is_distrusted() {
        examine(task, actions);
    }
}

fn warn(task: &mut TableTask, actions: &mut Vec<Action>) {
    if task.take_horizon_warning() {
        actions.push(Action::Notice(task.id().clone(), Notice::HorizonTooShort));
    }
}

fn publish(task: &TableTask, actions: &mut Vec<Action>) {
    actions.push(Action::Publish {
        task: task.id().clone(),
        view: task.view(),
        applied: None,
        purged: Vec::new(),
        leap: None,
    });
}
