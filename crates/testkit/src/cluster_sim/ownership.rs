//! What a process does about its shards: it executes the steps of their ownership.
use std::sync::Arc;

use lentic_cluster::{HolderRecord, OwnershipInput, OwnershipStep};
use lentic_engine::TaskId;
use lentic_engine::stream::{
    GlobalRow, Globals, Place, PositionsRecord, StreamAssignment, StreamEvent, TaskInput, TaskSettings,
};
use lentic_store::FamilyId;
use lentic_types::{Offset, ShardId, TopicPartition};

use super::application::{Application, TOPIC_ID, store_id};
use super::node::Node;
use super::outlet::Work;
use super::producer::Failure;
use super::rule::Rule;
use super::shard::holders;
use super::world::World;
use crate::sim::broker::Refusal;
use crate::sim::log::Isolation;

struct NoGlobals;

impl Globals for NoGlobals {
    fn get(&self, _table: usize, _key: &[u8]) -> Result<Option<GlobalRow>, lentic_store::Error> {
        Ok(None)
    }
}

impl Node {
    /// The next step of one shard.
    pub(super) fn step_shard(&mut self, world: &mut World, id: ShardId) {
        let Some(shard) = self.shards.get(&id) else { return };
        let (step, is_cut) = (shard.ownership.step(), self.is_cut(world));
        match step {
            OwnershipStep::Finish => self.finish(world, id),
            OwnershipStep::Abort => self.give_back(world, id),
            OwnershipStep::GiveUp => {
                self.close(world, id);
                self.gave_up(world, id);
            }
            OwnershipStep::Release(_) if is_cut => {
                if world.random.percent(10) {
                    self.clerk.forget();
                    self.tell(world, id, OwnershipInput::Released);
                }
            }
            _ if is_cut => {}
            OwnershipStep::ReadHolders => {
                let partition = world.application.shard_partition(id);
                let holders = holders(world, &partition);
                self.found_holders(world, id, &holders);
                self.tell(world, id, OwnershipInput::Holders(holders));
            }
            OwnershipStep::TakeOver(ids) => self.take_over(world, id, &ids),
            OwnershipStep::Claim(record) => self.claim(world, id, &record, OwnershipInput::Claimed),
            OwnershipStep::Release(record) => {
                let record = HolderRecord { waits: self.shards[&id].waits, ..record };
                self.claim(world, id, &record, OwnershipInput::Released);
            }
            OwnershipStep::FetchEnds => self.fetch_ends(world, id),
            OwnershipStep::RollForward(left) => {
                let left: Vec<_> = left.into_keys().collect();
                if let Some(partition) = world.random.of(&left).cloned() {
                    self.roll_forward(world, id, &partition);
                }
            }
            OwnershipStep::Run => self.open(world, id),
        }
    }

    pub(super) fn tell(&mut self, world: &mut World, id: ShardId, input: OwnershipInput) {
        let Some(shard) = self.shards.get_mut(&id) else { return };
        let before = shard.ownership.step();
        let after = shard.ownership.handle(input);
        if before != after {
            self.note(world, &format!("{id:?}: {after:?}"));
        }
    }

    fn take_over(&mut self, world: &mut World, id: ShardId, ids: &[String]) {
        let all = !world.keeps(Rule::TakeOver)
            || ids.iter().map(|id| world.broker.init(&Arc::from(id.as_str()))).all(|taken| taken.is_ok());
        if all {
            self.tell(world, id, OwnershipInput::TakenOver);
        }
    }

    fn claim(&mut self, world: &mut World, id: ShardId, record: &HolderRecord, done: OwnershipInput) {
        match self.clerk.step(world, &self.membership(), id, record) {
            Ok(true) => self.tell(world, id, done),
            Ok(false) => {}
            Err(Failure::Refused(Refusal::Fenced)) => self.fenced(world),
            // A claim is written again; a release that can't be written is left to the next owner's take-over.
            Err(_) => {
                if record.is_released {
                    self.clerk.producer.forget();
                    self.tell(world, id, done);
                }
            }
        }
    }

    fn fetch_ends(&mut self, world: &mut World, id: ShardId) {
        let isolation = |world: &World, rule| {
            if world.keeps(rule) { Isolation::Uncommitted } else { Isolation::Committed }
        };
        let partition = world.application.shard_partition(id);
        let end = world.broker.end_of(&partition, isolation(world, Rule::PositionsToTheirEnd));
        let mut ends = std::collections::BTreeMap::from([(partition, end)]);
        for task in world.application.tasks_of(id).to_vec() {
            for (index, changelog) in world.application.changelogs(&task) {
                let end = world.broker.end_of(&changelog, isolation(world, Rule::ChangelogsToTheirEnds));
                if world.keeps(Rule::RollForward) {
                    self.follower.follow(world, index, &changelog, self.disk.family(FamilyId::Shard(id)));
                    ends.insert(changelog, end);
                }
            }
        }
        self.tell(world, id, OwnershipInput::Ends(ends));
    }

    fn roll_forward(&mut self, world: &mut World, id: ShardId, partition: &TopicPartition) {
        let read_to = if *partition == world.application.shard_partition(id) {
            let shard = self.shards.get_mut(&id).expect("it is there");
            shard.read(world, partition)
        } else {
            self.follower.step(world, partition);
            self.follower.position(partition)
        };
        if let Some(offset) = read_to {
            self.tell(world, id, OwnershipInput::ReadTo(partition.clone(), offset));
        }
    }

    /// Hands the tasks to the worker, with the positions that were read.
    fn open(&mut self, world: &mut World, id: ShardId) {
        // A commit of before may still be under way.
        if self.shards[&id].is_open || self.outlet.work != Work::Idle || !self.has_followed(world, id) {
            return;
        }
        let shard = self.shards.get_mut(&id).expect("it is there");
        shard.is_open = true;
        if let Some(since) = shard.waits_since.take().filter(|_| world.is_calm) {
            world.longest_wait_ms = world.longest_wait_ms.max(world.now.millis_since(since));
        }
        for task in world.application.tasks_of(id).to_vec() {
            self.check_positions(world, id, &task);
            let assignment = self.assignment(world, id, &task);
            self.running.insert(task, id);
            self.handle(world, StreamEvent::Assigned(Box::new(assignment)));
        }
    }

    /// Whether the stores of a shard are as far as the positions that were read ask for. A process that has lost the shard
    /// without knowing it may have read positions of its successor: it looks for the ends again.
    fn has_followed(&mut self, world: &mut World, id: ShardId) -> bool {
        if !world.keeps(Rule::RollForward) {
            return true;
        }
        for task in world.application.tasks_of(id).to_vec() {
            let positions = self.shards[&id].positions.get(&Application::key(&task)).cloned();
            for (index, changelog) in world.application.changelogs(&task) {
                let Some(position) = self.follower.position(&changelog) else {
                    self.follower.step(world, &changelog);
                    return false;
                };
                let name = world.application.plan.store(index).log_name();
                let needed = positions.as_ref().and_then(|positions| positions.changelogs.get(name.as_str()));
                let waits = world.keeps(Rule::ChangelogsToTheirEnds);
                if waits && needed.is_some_and(|needed| position.0 < *needed) {
                    let text = format!("{changelog} is followed to {position}, and {needed:?} is needed");
                    self.note(world, &text);
                    if world.without.is_empty() && world.broker.group.knows(&self.membership()) {
                        world.broken(text);
                    }
                    self.tell(world, id, OwnershipInput::Unsure);
                    return false;
                }
            }
        }
        true
    }

    /// Whether the positions that were read are those that the log holds: the last of the highest generation.
    fn check_positions(&self, world: &mut World, id: ShardId, task: &TaskId) {
        let (partition, key) = (world.application.shard_partition(id), Application::key(task));
        let mut last: Option<PositionsRecord> = None;
        let log = world.broker.log(&partition);
        for (_, record, _) in log.iter().flat_map(|log| log.records(Offset(0), Isolation::Committed)) {
            if record.key.as_ref() == Some(&key) {
                let value = record.value.as_deref().unwrap_or_default();
                let record = PositionsRecord::from_bytes(value).expect("written by the engine");
                if last.as_ref().is_none_or(|last| last.generation <= record.generation) {
                    last = Some(record);
                }
            }
        }
        let found = self.shards[&id].positions.get(&key);
        if found == last.as_ref() || !world.broker.group.knows(&self.membership()) {
            return;
        }
        let generation = |record: Option<&PositionsRecord>| record.map_or(-1, |record| record.generation);
        let how = if generation(found) < generation(last.as_ref()) { "goes back to" } else { "goes on at" };
        world.broken(format!("{task} {how} {found:?}, instead of {last:?}"));
    }

    fn assignment(&mut self, world: &mut World, id: ShardId, task: &TaskId) -> StreamAssignment {
        let key = Application::key(task);
        let shard = &self.shards[&id];
        let (positions, generation) = (shard.positions.get(&key).cloned(), shard.ownership.generation());
        let store = self.disk.family(FamilyId::Shard(id));
        let changelogs: std::collections::BTreeMap<_, _> =
            world.application.changelogs(task).into_iter().collect();
        let mut places = Vec::new();
        for index in world.application.stores_of(task).to_vec() {
            let place = match changelogs.get(&index) {
                Some(changelog) => {
                    let place = self.follower.lead(world, index, changelog, Arc::clone(&store));
                    self.positions.insert(changelog.clone(), place.position().unwrap_or_default());
                    place
                }
                None => Place {
                    index,
                    store: Arc::clone(&store),
                    id: store_id(index),
                    incarnation: lentic_store::layout::Incarnation(0),
                    record: None,
                },
            };
            places.push(place);
        }
        let input = |partition| TaskInput { partition, topic_id: TOPIC_ID, begin: Offset(0) };
        StreamAssignment {
            task: task.clone(),
            plan: world.application.plan.clone(),
            prefix: world.application.prefix.clone(),
            places,
            inputs: world.application.inputs(task).into_iter().map(input).collect(),
            positions,
            globals: Arc::new(NoGlobals),
            destinations: Arc::new(lentic_engine::stream::AnyDestination),
            settings: TaskSettings {
                emit_interval_ms: 0,
                cache_bytes: if world.random.percent(50) { 500 } else { 16 << 20 },
                ..TaskSettings::default()
            },
            shard: id,
            key,
            generation,
            watched: Arc::new(|_| true),
        }
    }

    /// The group wants the shard back: a commit first, or an abort.
    fn finish(&mut self, world: &mut World, id: ShardId) {
        if !world.keeps(Rule::FinishBeforeGivingUp) {
            return self.tell(world, id, OwnershipInput::Finished);
        }
        if self.outlet.work != Work::Idle {
            return;
        }
        let shard = self.shards.get_mut(&id).expect("it is there");
        if shard.is_open && !std::mem::replace(&mut shard.commit_was_asked, true) {
            self.handle(world, StreamEvent::CommitNow);
            if self.outlet.work != Work::Idle {
                return;
            }
        }
        self.close(world, id);
        if self.is_cut(world) {
            self.clerk.forget();
        } else if self.clerk.give_up(world, id).is_err() {
            return self.fenced(world);
        }
        self.tell(world, id, OwnershipInput::Finished);
    }

    /// The shard is somebody else's: what is open is aborted. What was decided can't be taken back.
    fn give_back(&mut self, world: &mut World, id: ShardId) {
        if self.outlet.work == Work::End {
            return;
        }
        if self.shards.get(&id).is_some_and(|shard| shard.is_open) {
            let is_cut = self.is_cut(world);
            self.abort(world, is_cut);
            self.handle(world, StreamEvent::Aborted("a shard was lost".to_owned()));
        }
        self.close(world, id);
        if self.is_cut(world) || self.clerk.give_up(world, id).is_err() {
            self.clerk.forget();
        }
        self.shards.remove(&id);
        self.note(world, &format!("lost {id:?}"));
    }

    /// The shard's tasks are no longer the worker's, and its stores no longer follow.
    fn close(&mut self, world: &mut World, id: ShardId) {
        for task in world.application.tasks_of(id).to_vec() {
            for (_, changelog) in world.application.changelogs(&task) {
                self.follower.stop(world, &changelog);
            }
            if self.running.remove(&task).is_some() {
                self.handle(world, StreamEvent::Revoked(task));
            }
        }
        if let Some(shard) = self.shards.get_mut(&id) {
            shard.is_open = false;
        }
    }
}
