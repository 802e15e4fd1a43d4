//! A task in its worker's hands, with what is needed to open it again.
use std::collections::BTreeSet;

use lentic_types::{Offset, Timestamp, TopicPartition};

use super::{StreamAction, StreamAssignment};
use crate::stream::{PositionsRecord, Produced, State, StreamTask};

pub(super) struct Held {
    pub(super) assignment: StreamAssignment,
    pub(super) task: StreamTask,
    /// What the last commit left.
    pub(super) committed: Option<PositionsRecord>,
    /// Inputs that are not read because enough waits in them.
    pub(super) paused: BTreeSet<TopicPartition>,
    /// It may have records that can be processed.
    pub(super) is_busy: bool,
    /// It has produced something since the last commit. The commit has its positions then, moved or not: by them the shard is
    /// fenced.
    pub(super) has_produced: bool,
    /// Failures since the last commit in which it took part.
    pub(super) failures: u32,
    /// It is left alone until then.
    pub(super) waits_until: Option<Timestamp>,
}

impl Held {
    pub(super) fn open(assignment: StreamAssignment) -> Result<Self, lentic_store::Error> {
        let committed = assignment.positions.clone();
        let task = task(&assignment, committed.as_ref())?;
        Ok(Self {
            assignment,
            task,
            committed,
            paused: BTreeSet::new(),
            is_busy: true,
            has_produced: false,
            failures: 0,
            waits_until: None,
        })
    }

    /// Takes what the task has produced, and tells what it let go; whether it has produced anything since the last commit.
    pub(super) fn take_out(&mut self, produced: &mut Produced, actions: &mut Vec<StreamAction>) -> bool {
        let skipped = self.task.take_skipped();
        if !skipped.is_empty() {
            actions.push(StreamAction::Skipped(self.assignment.task.clone(), skipped));
        }
        self.has_produced |= !self.task.produced().is_empty();
        produced.append(self.task.produced());
        self.has_produced
    }

    /// Back to the last commit: what was done since never was.
    pub(super) fn reset(&mut self) -> Result<(), lentic_store::Error> {
        self.task = task(&self.assignment, self.committed.as_ref())?;
        self.paused.clear();
        self.is_busy = true;
        self.has_produced = false;
        Ok(())
    }

    /// The next offset that it wants to be brought.
    pub(super) fn read_to(&self, partition: &TopicPartition) -> Option<Offset> {
        self.task.inputs().find(|(own, _)| *own == partition).map(|(_, offset)| offset)
    }
}

fn task(
    assignment: &StreamAssignment,
    positions: Option<&PositionsRecord>,
) -> Result<StreamTask, lentic_store::Error> {
    let StreamAssignment { task: id, plan, prefix, places, globals, settings, .. } = assignment;
    let part = plan.subtopologies().iter().find(|part| part.name == id.subtopology);
    let part = part.ok_or_else(|| {
        lentic_store::Error::Corrupt(format!("the topology {} has no part {}", plan.name(), id.subtopology))
    })?;
    let state = State::open(plan.stores(), places.clone(), id.partition)?;
    let globals = std::sync::Arc::clone(globals);
    let mut task = StreamTask::new(id.clone(), plan, part, prefix, state, globals, settings.clone());
    task.set_destinations(std::sync::Arc::clone(&assignment.destinations));
    if let Some(positions) = positions {
        task.restore(positions);
    }
    for input in &assignment.inputs {
        let known = positions.and_then(|positions| positions.of(input));
        let (offset, time) = known
            .map_or((input.begin, Timestamp::NONE), |known| (Offset(known.offset), Timestamp(known.time)));
        task.add_input(input.partition.clone(), input.topic_id, offset, time);
    }
    Ok(task)
}
