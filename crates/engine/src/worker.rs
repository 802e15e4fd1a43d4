//! The loop of live tasks as a state machine: one event in, actions out.
use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_store::layout::StoreId;
use lentic_store::{Error, Store};
use lentic_types::{FormatName, Offset, RecordBatch, Timestamp, TopicPartition};

use crate::load::{Load, Loaded};
use crate::log::Bounds;
use crate::source::Sources;
use crate::table::{Next, TableTask};
use crate::{TaskId, TaskView};

pub use crate::purge::Purged;
pub use crate::recovery::Facts;

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
    /// Format of the keys: their order.
    pub key: FormatName,
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
    /// The reader's position is not in the log.
    OutOfRange(TopicPartition),
    /// A load is whole.
    Loaded(Box<Load>, Loaded),
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
    },
    /// Something that the operator should know.
    Notice(TaskId, Notice),
    /// The store failed: the node has to stop.
    Stop(Error),
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
}

impl Worker {
    /// Handles one event; what is to be done is appended to `actions`.
    pub fn handle(&mut self, event: Event, now: Timestamp, actions: &mut Vec<Action>) {
        let outcome = match event {
            Event::Assigned(assignment) => self.assigned(*assignment, now, actions),
            Event::Revoked(task) => {
                self.revoked(&task, actions);
                Ok(())
            }
            Event::Examined(task, facts) => self.examine(&task, &facts, now, actions),
            Event::Records { partition, batch, epoch } => self.records(&partition, &batch, epoch, actions),
            Event::End { partition, offset } => {
                self.end(&partition, offset, actions);
                Ok(())
            }
            Event::OutOfRange(partition) => {
                self.sources.lost(&partition);
                self.look_again(&partition, actions);
                Ok(())
            }
            Event::TopicChanged(partition) => {
                self.look_again(&partition, actions);
                Ok(())
            }
            Event::Loaded(load, loaded) => self.loaded(&load, &loaded, now, actions),
            Event::LoadFailed(load, _) => {
                actions.push(Action::Examine(load.task));
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
        let task = TableTask::new(assignment)?;
        self.sources.add(task.source(), &id);
        self.tasks.insert(id.clone(), task);
        if let Some(facts) = facts {
            return self.examine(&id, &facts, now, actions);
        }
        actions.push(Action::Examine(id));
        Ok(())
    }

    fn revoked(&mut self, id: &TaskId, actions: &mut Vec<Action>) {
        if let Some(task) = self.tasks.remove(id) {
            self.sources.remove(task.source(), id, actions);
        }
    }

    fn examine(
        &mut self,
        id: &TaskId,
        facts: &Facts,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) -> Result<(), Error> {
        let Some(task) = self.tasks.get_mut(id) else { return Ok(()) };
        let (next, reason) = task.examine(facts, now)?;
        if let Some(reason) = reason {
            actions.push(Action::Notice(id.clone(), Notice::Rebuilding(reason)));
        }
        match next {
            Next::Read(from) => self.sources.read(task.source(), from, actions),
            Next::Load(load) => actions.push(Action::Load(Box::new(load))),
        }
        publish(task, actions);
        Ok(())
    }

    fn loaded(
        &mut self,
        load: &Load,
        loaded: &Loaded,
        now: Timestamp,
        actions: &mut Vec<Action>,
    ) -> Result<(), Error> {
        let Some(task) = self.tasks.get_mut(&load.task) else { return Ok(()) };
        if !task.expects(load) {
            return Ok(());
        }
        task.loaded(loaded, load, now)?;
        if task.horizon_warning() {
            actions.push(Action::Notice(load.task.clone(), Notice::HorizonTooShort));
        }
        self.sources.read(task.source(), task.position(), actions);
        publish(task, actions);
        Ok(())
    }

    fn records(
        &mut self,
        partition: &TopicPartition,
        batch: &Arc<RecordBatch>,
        epoch: i32,
        actions: &mut Vec<Action>,
    ) -> Result<(), Error> {
        if let Some(last) = batch.last_offset() {
            self.sources.advance(partition, last.next());
        }
        for id in self.sources.tasks(partition) {
            let Some(task) = self.tasks.get_mut(id).filter(|task| task.is_live()) else { continue };
            if let Some(from) = task.apply(batch, epoch)? {
                actions.push(Action::Publish {
                    task: id.clone(),
                    view: task.view(),
                    applied: Some((Arc::clone(batch), from)),
                    purged: Vec::new(),
                });
            }
        }
        Ok(())
    }

    fn end(&mut self, partition: &TopicPartition, offset: Offset, actions: &mut Vec<Action>) {
        self.sources.advance(partition, offset);
        for id in self.sources.tasks(partition) {
            if let Some(task) = self.tasks.get_mut(id).filter(|task| task.is_live()) {
                task.end(offset);
                publish(task, actions);
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
        for (partition, bounds) in bounds {
            for id in self.sources.tasks(partition) {
                let Some(task) = self.tasks.get_mut(id).filter(|task| task.is_live()) else { continue };
                match task.bounds(*bounds, asked_at, now)? {
                    Ok(purged) => actions.push(Action::Publish {
                        task: id.clone(),
                        view: task.view(),
                        applied: None,
                        purged,
                    }),
                    Err(_) => actions.push(Action::Examine(id.clone())),
                }
            }
        }
        Ok(())
    }

    fn look_again(&self, partition: &TopicPartition, actions: &mut Vec<Action>) {
        actions.extend(self.sources.tasks(partition).iter().cloned().map(Action::Examine));
    }

    /// A task's topic is gone: it fails, its rows stay.
    pub fn fail(&mut self, id: &TaskId, actions: &mut Vec<Action>) {
        if let Some(task) = self.tasks.get_mut(id) {
            task.fail();
            publish(task, actions);
        }
    }
}

fn publish(task: &TableTask, actions: &mut Vec<Action>) {
    actions.push(Action::Publish {
        task: task.id().clone(),
        view: task.view(),
        applied: None,
        purged: Vec::new(),
    });
}
