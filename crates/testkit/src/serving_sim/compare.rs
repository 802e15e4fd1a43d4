//! A process decides a conditional write by the log, or has the owner decide it.
use std::sync::Arc;

use lentic_cluster::{CompareAndSet, Input, Outcome, Role, Step, WriteRoute, WriteStep};
use lentic_types::Timestamp;

use super::ServingRule;
use super::job::{Ask, Condition, Decided, Demand, Job, Said, Stage};
use super::network::Answer;
use super::process::Process;
use super::producer::Ended;
use super::read::refusal;
use super::world::{World, source};
use super::write::row;
use crate::sim::broker::Refusal;

/// How long the transaction is held open, and how long the active one is waited for afterwards.
const HOLD_MS: i64 = 2_000;

impl Process {
    pub(super) fn step_write_if(
        &mut self,
        world: &mut World,
        job: &mut Job,
        value: u64,
        condition: Condition,
    ) -> Option<Said> {
        match std::mem::replace(&mut job.stage, Stage::Begin) {
            Stage::Begin if job.is_hop => job.stage = Stage::Waiting,
            Stage::Begin => {
                let others = self.others(world, job.partition);
                let roles = others.iter().map(|(_, role)| *role);
                let route = WriteRoute::new(self.here(world, job.partition), roles);
                return self.follow_write(world, job, route, others);
            }
            Stage::AskingWrite(mut route, others, asked) => match self.answer_of(world, &asked) {
                Answer::Yet(said) => return Some(said),
                Answer::Not if !job.is_late(world.now) => {
                    job.stage = Stage::AskingWrite(route, others, asked);
                }
                Answer::Not | Answer::Broken => {
                    if world.keeps(ServingRule::SentOnce) {
                        route.not_answered();
                    } else {
                        route.not_sent();
                    }
                    return self.follow_write(world, job, route, others);
                }
            },
            Stage::Waiting => {
                job.stage = Stage::Waiting;
                if job.is_late(world.now) {
                    return Some(Said::NotWritten);
                }
                let Some(view) = self.tables.view(job.partition) else { return Some(Said::NotKept) };
                let is_ready = refusal(world, &view, &Demand::default()).is_none();
                // One at a time.
                if is_ready && self.deciding.is_none() && !self.is_cut(world) {
                    self.deciding = Some(job.id);
                    job.stage = Stage::Deciding(CompareAndSet::default(), Timestamp(world.now.0 + HOLD_MS));
                }
            }
            Stage::Deciding(machine, hold_until) => {
                let said = self.decide(world, job, machine, hold_until, value, condition);
                if said.is_some() || !matches!(job.stage, Stage::Deciding(..)) {
                    self.deciding = None;
                }
                return said;
            }
            stage => {
                job.stage = stage;
                return self.confirm(world, job);
            }
        }
        None
    }

    fn follow_write(
        &mut self,
        world: &mut World,
        job: &mut Job,
        mut route: WriteRoute,
        others: Vec<(Arc<str>, Role)>,
    ) -> Option<Said> {
        loop {
            match route.step() {
                WriteStep::Here => {
                    job.stage = Stage::Waiting;
                    return None;
                }
                WriteStep::Unknown => return Some(Said::Unknown),
                WriteStep::NoActive => return Some(Said::NoActive),
                WriteStep::Ask(number) => {
                    let node = Arc::clone(&others[number].0);
                    if let Some(asked) = self.send(world, &node, job, job.ask.clone()) {
                        job.stage = Stage::AskingWrite(route, others, asked);
                        return None;
                    }
                    route.not_sent();
                }
            }
        }
    }

    /// One step of the machine.
    fn decide(
        &mut self,
        world: &mut World,
        job: &mut Job,
        mut machine: CompareAndSet,
        hold_until: Timestamp,
        value: u64,
        condition: Condition,
    ) -> Option<Said> {
        let (is_late, is_cut) = (world.now >= hold_until, self.is_cut(world));
        let input = match machine.step() {
            Step::Produce if is_late => Some(Input::GiveUp),
            Step::Produce if is_cut => None,
            Step::Produce => {
                let outgoing = row(&job.key, Some(value), world.now);
                match self.writer.send(world, &source(job.partition), outgoing) {
                    Ok(offset) => Some(Input::Produced(offset)),
                    Err(Refusal::Busy) => None,
                    Err(_) => {
                        self.fenced(world);
                        Some(Input::GiveUp)
                    }
                }
            }
            Step::AwaitApplied(offset) => {
                let is_there = self.tables.view(job.partition).is_some_and(|view| view.has_reached(offset));
                if is_there || !world.keeps(ServingRule::ConditionBelowTheRecord) {
                    Some(Input::Applied(offset))
                } else {
                    is_late.then_some(Input::GiveUp)
                }
            }
            Step::Check if self.tables.view(job.partition).is_none() => Some(Input::GiveUp),
            Step::Check => {
                let row = self.tables.row(world, &self.disk, job.partition, &job.key);
                Some(Input::Checked(match condition {
                    Condition::Absent => row.is_none(),
                    Condition::Is(offset) => row.is_some_and(|(found, _)| found == offset),
                }))
            }
            Step::Commit if is_late => {
                self.writer.abort(world, is_cut);
                Some(Input::Aborted)
            }
            Step::Commit => match self.writer.commit(world, is_cut) {
                Ok(Ended::Committed) => Some(Input::Committed),
                Ok(Ended::Aborted) => Some(Input::Aborted),
                Ok(Ended::Unknown) => Some(Input::CommitUnknown),
                Err(_) => None,
            },
            Step::Abort => {
                self.writer.abort(world, is_cut);
                Some(Input::Aborted)
            }
            Step::Done(outcome) => return self.decided(world, job, outcome),
        };
        if let Some(input) = input {
            machine.handle(&input);
        }
        job.stage = Stage::Deciding(machine, hold_until);
        None
    }

    fn decided(&self, world: &World, job: &mut Job, outcome: Outcome) -> Option<Said> {
        let decided = match outcome {
            Outcome::Written(offset) => Decided::Written(offset),
            Outcome::Refused(below) => Decided::Refused(below),
            Outcome::Undecided => return Some(Said::NotWritten),
            Outcome::Unknown => return Some(Said::Unknown),
        };
        if matches!(decided, Decided::Refused(_)) && !world.keeps(ServingRule::RefusedByTheActive) {
            return Some(decided.said(true));
        }
        job.stage = Stage::Confirming(decided, Timestamp(world.now.0 + HOLD_MS));
        None
    }
}

impl Process {
    /// One step of something that it was asked.
    pub(super) fn step_job(&mut self, world: &mut World, id: u64) {
        let Some(mut job) = self.jobs.remove(&id) else { return };
        if world.now < job.held_until {
            return drop(self.jobs.insert(id, job));
        }
        if !world.is_calm && world.random.percent(3) {
            job.held_until = Timestamp(world.now.0 + world.random.below(2_000) as i64);
        }
        let said = match job.ask.clone() {
            Ask::Read(demand) => self.step_read(world, &mut job, demand),
            Ask::Write(value) => self.step_write(world, &mut job, value),
            Ask::WriteIf(value, condition) => self.step_write_if(world, &mut job, value, condition),
            Ask::Applied(offset) => self.step_applied(world, &mut job, offset),
        };
        match said {
            None => drop(self.jobs.insert(id, job)),
            Some(said) => {
                self.note(world, &format!("answers {id}: {said:?}"));
                world.answers.insert(id, said);
            }
        }
    }
}
