//! Which topic partitions are read, and for whom: each is read once for all its tasks.
use std::collections::BTreeMap;

use lentic_types::{Offset, TopicPartition};

use crate::{Action, TaskId};

#[derive(Default)]
pub(crate) struct Sources {
    sources: BTreeMap<TopicPartition, Source>,
}

#[derive(Default)]
struct Source {
    tasks: Vec<TaskId>,
    /// Where the reader stands, as far as that means something in the log as it is now.
    position: Option<Offset>,
    /// The reader was told to read it.
    assigned: bool,
}

impl Sources {
    pub(crate) fn add(&mut self, partition: &TopicPartition, task: &TaskId) {
        let tasks = &mut self.sources.entry(partition.clone()).or_default().tasks;
        if !tasks.contains(task) {
            tasks.push(task.clone());
        }
    }

    /// A task no longer needs the partition.
    pub(crate) fn remove(&mut self, partition: &TopicPartition, task: &TaskId, actions: &mut Vec<Action>) {
        let Some(source) = self.sources.get_mut(partition) else { return };
        source.tasks.retain(|other| other != task);
        if source.tasks.is_empty() {
            if source.assigned {
                actions.push(Action::StopReading(partition.clone()));
            }
            self.sources.remove(partition);
        }
    }

    /// The partition is to be read from `from` on; `epoch` is that of the last record below. A reader that is ahead is
    /// moved back; the tasks that are ahead skip what they have.
    pub(crate) fn read(
        &mut self,
        partition: &TopicPartition,
        from: Offset,
        epoch: i32,
        actions: &mut Vec<Action>,
    ) {
        let Some(source) = self.sources.get_mut(partition) else { return };
        if source.position.is_none_or(|position| from < position) {
            source.position = Some(from);
            source.assigned = true;
            actions.push(Action::Read { partition: partition.clone(), from, epoch });
        }
    }

    /// The reader has come this far.
    pub(crate) fn advance(&mut self, partition: &TopicPartition, position: Offset) {
        if let Some(at) = self.sources.get_mut(partition).and_then(|source| source.position.as_mut()) {
            *at = position;
        }
    }

    /// The reader lost the partition, or what it reads there is no longer what its position speaks of.
    pub(crate) fn lost(&mut self, partition: &TopicPartition) {
        if let Some(source) = self.sources.get_mut(partition) {
            source.position = None;
        }
    }

    pub(crate) fn tasks(&self, partition: &TopicPartition) -> &[TaskId] {
        self.sources.get(partition).map_or(&[], |source| &source.tasks)
    }
}
