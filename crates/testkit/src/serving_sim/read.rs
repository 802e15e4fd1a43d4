//! A process answers a read, or has another one answer it.
use std::sync::Arc;

use lentic_cluster::{ReadRoute, ReadStep, Refused, Role};
use lentic_engine::{Readable, TaskView};
use lentic_types::{Offset, PartitionId, Timestamp};

use super::ServingRule;
use super::job::{Ask, Demand, Job, Said, Stage};
use super::network::Answer;
use super::process::Process;
use super::world::World;

/// How long somebody is looked for who answers, and between two looks.
const PATIENCE_MS: u64 = 3_000;
const PAUSE_MS: i64 = 50;

impl Process {
    pub(super) fn step_read(&mut self, world: &mut World, job: &mut Job, demand: Demand) -> Option<Said> {
        let shard = world.shard_of(job.partition);
        match std::mem::replace(&mut job.stage, Stage::Begin) {
            Stage::Begin if job.is_hop => job.stage = Stage::Waiting,
            Stage::Begin => {
                let mut here = self.here(world, job.partition);
                here.answers |= self.is_fresh_copy(world, job.partition, &demand);
                job.stage = Stage::Looking(ReadRoute::new(here, demand.wanted()));
            }
            Stage::Looking(mut route) => {
                let others = self.others(world, job.partition);
                let step = route.look(others.iter().map(|(_, role)| *role));
                return self.follow(world, job, demand, route, others, step, None);
            }
            Stage::AskingRead(mut route, others, asked, last) => match self.answer_of(world, &asked) {
                Answer::Not if !job.is_late(world.now) => {
                    job.stage = Stage::AskingRead(route, others, asked, last);
                }
                Answer::Yet(said) if said.is_passing() => {
                    let how = if said == Said::NotKept { Refused::NotThere } else { Refused::CanNot };
                    let step = route.refused(how);
                    return self.follow(world, job, demand, route, others, step, Some(said));
                }
                Answer::Yet(said) => return Some(said),
                Answer::Not | Answer::Broken => {
                    let step = route.refused(Refused::Silent);
                    return self.follow(world, job, demand, route, others, step, last);
                }
            },
            Stage::Pausing(route, until) => {
                job.stage =
                    if world.now < until { Stage::Pausing(route, until) } else { Stage::Looking(route) };
            }
            Stage::Waiting => {
                job.stage = Stage::Waiting;
                let Some(view) = self.tables.view(job.partition) else { return Some(Said::NotKept) };
                match refusal(world, &view, &demand) {
                    None => job.stage = Stage::Admitted,
                    Some(refusal) => return job.is_late(world.now).then_some(refusal),
                }
            }
            Stage::Admitted => job.stage = Stage::Begun(self.standing(shard)),
            Stage::Begun(standing) if world.keeps(ServingRule::FreshnessBeforeTheRow) => {
                // It may have left meanwhile, and come back.
                let view = self.tables.view(job.partition).filter(|view| view.state.is_built());
                let Some(view) = view else { return Some(Said::NotKept) };
                job.stage = Stage::Viewed(standing, view.progress.position);
            }
            Stage::Begun(standing) => {
                let row = self.tables.row(world, &self.disk, job.partition, &job.key);
                job.stage = Stage::RowFirst(standing, row);
            }
            Stage::RowFirst(standing, row) => {
                let Some(view) = self.tables.view(job.partition) else { return Some(Said::NotKept) };
                job.stage = Stage::Found(standing, view.progress.position, row);
            }
            // In a process who reads holds on to what he reads.
            Stage::Viewed(..) if self.tables.view(job.partition).is_none() => return Some(Said::NotKept),
            Stage::Viewed(standing, position) => {
                let row = self.tables.row(world, &self.disk, job.partition, &job.key);
                let position = row.map_or(position, |(offset, _)| position.max(offset.next()));
                job.stage = Stage::Found(standing, position, row);
            }
            Stage::Found(standing, position, row) => {
                let role = self.role_since(world, shard, standing);
                if demand.active && role != Role::Active {
                    return Some(Said::NoActive);
                }
                return Some(Said::Row { row, position, role, by: self.start });
            }
            stage => job.stage = stage,
        }
        None
    }

    #[expect(clippy::too_many_arguments, reason = "it is the rest of one step")]
    fn follow(
        &mut self,
        world: &mut World,
        job: &mut Job,
        demand: Demand,
        mut route: ReadRoute,
        others: Vec<(Arc<str>, Role)>,
        mut step: ReadStep,
        last: Option<Said>,
    ) -> Option<Said> {
        loop {
            match step {
                ReadStep::Here => {
                    job.stage = Stage::Waiting;
                    return None;
                }
                ReadStep::Ask(number) => {
                    let node = Arc::clone(&others[number].0);
                    match self.send(world, &node, job, Ask::Read(demand)) {
                        Some(asked) => {
                            job.stage = Stage::AskingRead(route, others, asked, last);
                            return None;
                        }
                        None => step = route.refused(Refused::Silent),
                    }
                }
                ReadStep::End => {
                    let answers = self.here(world, job.partition).answers
                        || self.is_fresh_copy(world, job.partition, &demand);
                    step = route.end(answers, world.now.millis_since(job.began) >= PATIENCE_MS);
                }
                ReadStep::Again => {
                    job.stage = Stage::Pausing(route, Timestamp(world.now.0 + PAUSE_MS));
                    return None;
                }
                ReadStep::PassOn => return Some(last.unwrap_or(Said::NoActive)),
                ReadStep::NoActive => return Some(Said::NoActive),
            }
        }
    }

    /// A copy that is fresh enough saves the hop.
    fn is_fresh_copy(&self, world: &World, partition: PartitionId, demand: &Demand) -> bool {
        let wanted = demand.wanted();
        let view = self.tables.view(partition).filter(|_| wanted.may_be_old && !wanted.active);
        view.is_some_and(|view| refusal(world, &view, demand).is_none())
    }
}

/// Why a read can't be answered from these rows yet.
pub(super) fn refusal(world: &World, view: &TaskView, demand: &Demand) -> Option<Said> {
    let is_reached = |token: Offset| view.has_reached(token.next());
    if world.keeps(ServingRule::Tokens) && demand.at_least.is_some_and(|token| !is_reached(token)) {
        return Some(Said::NotReached);
    }
    let since = demand.max_staleness_ms.map(|limit| Timestamp(world.now.0 - limit));
    match view.readable(since) {
        Readable::Now => None,
        Readable::TooStale => world.keeps(ServingRule::Staleness).then_some(Said::TooStale),
        Readable::NotLive if !view.state.is_built() => Some(Said::CatchingUp),
        Readable::NotLive => world.keeps(ServingRule::CaughtUpBeforePlain).then_some(Said::CatchingUp),
    }
}
