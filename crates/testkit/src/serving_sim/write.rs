//! A process writes, and has the active one confirm that the write is applied.
use std::sync::Arc;

use lentic_cluster::{Role, Wanted, prefers_here};
use lentic_types::{Offset, PartitionId, Timestamp};

use super::ServingRule;
use super::job::{Ask, Decided, Demand, Job, Said, Stage};
use super::network::Answer;
use super::process::Process;
use super::read::refusal;
use super::world::{World, source};
use crate::sim::log::Outgoing;

/// How long a write waits for an owner that confirms it.
const PROOF_MS: i64 = 2_000;

impl Process {
    pub(super) fn step_write(
        &mut self,
        world: &mut World,
        job: &mut Job,
        value: Option<u64>,
    ) -> Option<Said> {
        if !matches!(job.stage, Stage::Begin) {
            return self.confirm(world, job);
        }
        if self.is_cut(world) {
            return Some(Said::NotWritten);
        }
        let outgoing = row(&job.key, value, world.now);
        if !world.keeps(ServingRule::AcknowledgedByTheLog) {
            // Somebody else may take the offset, and a crash the record.
            let (offset, applied) =
                (world.broker.end_of(&source(job.partition), crate::sim::log::Isolation::Uncommitted), false);
            self.unsent.push((job.partition, outgoing));
            return Some(Said::Written { offset, applied });
        }
        let offset = world.broker.append(&source(job.partition), outgoing);
        if !world.is_calm && world.random.percent(3) {
            // The acknowledgement was lost.
            return Some(Said::Unknown);
        }
        job.stage = Stage::Confirming(Decided::Written(offset), Timestamp(world.now.0 + PROOF_MS));
        None
    }

    /// What was acknowledged too early comes into the log.
    pub(super) fn write_unsent(&mut self, world: &mut World) {
        if let Some((partition, record)) = self.unsent.pop().filter(|_| !self.is_cut(world)) {
            world.broker.append(&source(partition), record);
        }
    }

    /// Whether plain reads see what the log has decided: those of the active one.
    pub(super) fn confirm(&mut self, world: &mut World, job: &mut Job) -> Option<Said> {
        let said = |decided: Decided, applied| Some(decided.said(applied));
        match std::mem::replace(&mut job.stage, Stage::Begin) {
            Stage::Confirming(decided, _) if !world.keeps(ServingRule::AppliedInTheRows) => {
                said(decided, true)
            }
            Stage::Confirming(decided, until) => {
                let Some(offset) = decided.last() else { return said(decided, true) };
                let wanted = Wanted { active: true, may_be_old: false };
                let (here, others) = (self.here(world, job.partition), self.others(world, job.partition));
                let is_first = prefers_here(here, wanted, others.first().map(|(_, role)| *role));
                job.stage = Stage::Confirming(decided, until);
                if is_first {
                    if self.has_applied(world, job.partition, offset) {
                        return said(decided, true);
                    }
                } else {
                    let Some((node, _)) = others.first() else { return said(decided, false) };
                    let node = Arc::clone(node);
                    if let Some(asked) = self.send(world, &node, job, Ask::Applied(offset)) {
                        job.stage = Stage::AskingApplied(decided, until, asked);
                        return None;
                    }
                }
                if world.now >= until { said(decided, false) } else { None }
            }
            Stage::AskingApplied(decided, until, asked) => {
                match self.answer_of(world, &asked) {
                    Answer::Yet(Said::Applied) => return said(decided, true),
                    Answer::Not if world.now < until => {
                        job.stage = Stage::AskingApplied(decided, until, asked);
                        return None;
                    }
                    Answer::Yet(said) if said.is_passing() => {}
                    Answer::Broken => {}
                    Answer::Yet(_) | Answer::Not => return said(decided, false),
                }
                if world.now >= until {
                    return said(decided, false);
                }
                job.stage = Stage::Confirming(decided, until);
                None
            }
            stage => {
                job.stage = stage;
                None
            }
        }
    }

    /// What another process asks: answered from what is here.
    pub(super) fn step_applied(&mut self, world: &mut World, job: &mut Job, offset: Offset) -> Option<Said> {
        let demand = Demand { at_least: Some(offset), ..Demand::default() };
        let Some(view) = self.tables.view(job.partition) else { return Some(Said::NotKept) };
        if let Some(refusal) = refusal(world, &view, &demand) {
            return job.is_late(world.now).then_some(refusal);
        }
        let is_active = self.role(world, world.shard_of(job.partition)) == Role::Active;
        let is_confirmed = is_active || !world.keeps(ServingRule::AppliedByTheActive);
        Some(if is_confirmed { Said::Applied } else { Said::NoActive })
    }

    fn has_applied(&self, world: &World, partition: PartitionId, offset: Offset) -> bool {
        let is_reached = self.tables.view(partition).is_some_and(|view| view.has_reached(offset.next()));
        let is_active = self.role(world, world.shard_of(partition)) == Role::Active;
        is_reached && (is_active || !world.keeps(ServingRule::AppliedByTheActive))
    }
}

/// A row on its way into the log.
pub(super) fn row(key: &str, value: Option<u64>, timestamp: Timestamp) -> Outgoing {
    Outgoing {
        key: Some(key.as_bytes().to_vec()),
        value: value.map(|value| value.to_string().into_bytes()),
        timestamp,
        headers: Vec::new(),
    }
}
