//! A process of a node: its membership, its shards, its stream thread, its disk.
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use lentic_cluster::{Lease, Ownership, OwnershipInput, Process};
use lentic_engine::TaskId;
use lentic_engine::stream::{StreamAction, StreamEvent, StreamWorker, WorkerSettings};
use lentic_types::{Offset, ShardId, Timestamp, TopicPartition};

use super::clerk::Clerk;
use super::follower::Follower;
use super::outlet::{Outlet, Work};
use super::rule::Rule;
use super::shard::Shard;
use super::world::World;
use crate::sim::group::{Answer, Membership};
use crate::sim::log::Isolation;
use crate::sim::{Disk, Random};

pub(super) struct Node {
    pub(super) name: Arc<str>,
    /// Changes when it is fenced.
    pub(super) process: Process,
    pub(super) disk: Disk,
    /// Stopped with a signal: it does nothing, and knows nothing of it.
    pub(super) is_paused: bool,
    /// Until then it can't reach the brokers.
    pub(super) cut_until: Timestamp,
    /// As the coordinator of the group knows it.
    member: u64,
    first_member: u64,
    has_joined: bool,
    /// Of the assignment that it last heard of.
    generation: i64,
    pub(super) shards: BTreeMap<ShardId, Shard>,
    pub(super) worker: StreamWorker,
    pub(super) running: BTreeMap<TaskId, ShardId>,
    pub(super) reading: BTreeMap<TopicPartition, Offset>,
    pub(super) outlet: Outlet,
    pub(super) clerk: Clerk,
    pub(super) follower: Follower,
    pub(super) lease: Lease,
    /// By changelog: where the store of a task that runs is.
    pub(super) positions: BTreeMap<TopicPartition, Offset>,
}

impl Node {
    /// A process starts, over what the disk holds.
    pub(super) fn start(world: &mut World, name: &Arc<str>, disk: Disk) -> Self {
        let process = Process { node: name.to_string(), start: world.next_start() };
        let ids = ids(&process);
        Self {
            name: Arc::clone(name),
            member: process.start,
            first_member: process.start,
            process,
            disk,
            is_paused: false,
            cut_until: Timestamp::NONE,
            has_joined: false,
            generation: -1,
            shards: BTreeMap::new(),
            worker: StreamWorker::new(settings(&mut world.random)),
            running: BTreeMap::new(),
            reading: BTreeMap::new(),
            outlet: Outlet::new(&ids[0]),
            clerk: Clerk::new(&ids[1]),
            follower: Follower::default(),
            lease: Lease::default(),
            positions: BTreeMap::new(),
        }
    }

    pub(super) fn is_cut(&self, world: &World) -> bool {
        world.now < self.cut_until
    }

    pub(super) fn membership(&self) -> Membership {
        Membership { node: Arc::clone(&self.name), member: self.member, generation: self.generation }
    }

    /// Whether it is no member of the group any more, and knows it.
    pub(super) fn was_dropped(&self) -> bool {
        !self.has_joined && self.generation < 0 && self.member != self.first_member
    }

    /// Its consumer's own thread says that it lives.
    pub(super) fn heartbeat(&self, world: &mut World) {
        if self.has_joined && !self.is_paused && !self.is_cut(world) {
            let now = world.now;
            world.broker.group.heartbeat(&self.name, self.member, now);
        }
    }

    pub(super) fn note(&self, world: &mut World, text: &str) {
        let line = format!("{}.{} {text}", self.name, self.process.start);
        world.note(line);
    }

    /// Asks the group what is new.
    pub(super) fn poll_group(&mut self, world: &mut World) {
        if self.is_cut(world) {
            return;
        }
        let now = world.now;
        if !self.has_joined {
            self.has_joined = true;
            return world.broker.group.join(&self.name, self.member, BTreeSet::new(), now);
        }
        let is_revoking = self.is_giving_up();
        match world.broker.group.poll(&self.name, self.member) {
            Answer::Unknown => {
                self.note(world, "is not of the group any more");
                for (id, shard) in &mut self.shards {
                    shard.ownership.handle(OwnershipInput::Lost);
                    self.lease.revoked([*id]);
                }
                // A consumer whose place was taken by another with its static id has ended for good.
                self.member = world.next_start();
                self.has_joined = false;
                self.generation = -1;
            }
            Answer::Join if !is_revoking => {
                let owned = self.owned();
                world.broker.group.join(&self.name, self.member, owned, now);
            }
            Answer::Join | Answer::Wait => {}
            Answer::Assigned(generation, shards) => {
                if generation != self.generation {
                    self.assigned(world, generation, &shards);
                }
            }
        }
    }

    fn owned(&self) -> BTreeSet<ShardId> {
        let owned = self.shards.iter().filter(|(_, shard)| !shard.ownership.is_over());
        owned.map(|(shard, _)| *shard).collect()
    }

    fn assigned(&mut self, world: &mut World, generation: i64, shards: &BTreeSet<ShardId>) {
        self.note(world, &format!("has {shards:?} in generation {generation}"));
        self.generation = generation;
        for (id, shard) in &mut self.shards {
            if !shards.contains(id) {
                shard.ownership.handle(OwnershipInput::Revoked);
                shard.waits |= self.lease.waits(*id, world.now.0 as u64);
                self.lease.revoked([*id]);
            }
        }
        for id in shards {
            if self.shards.get(id).is_some_and(|shard| shard.ownership.is_over()) {
                // What is over of it is still to be cleared away: the next look at the group brings it again.
                self.generation = -1;
            } else if !self.shards.contains_key(id) {
                let ownership = Ownership::new(self.process.clone(), ids(&self.process), generation);
                self.shards.insert(*id, Shard::new(ownership, world.now));
                self.lease.assigned([*id], generation, world.now.0 as u64);
            }
        }
    }

    /// Whether a shard is on its way back to the group.
    pub(super) fn is_giving_up(&self) -> bool {
        use lentic_cluster::OwnershipStep::{Finish, GiveUp, Release};
        let steps = self.shards.values().map(|shard| shard.ownership.step());
        steps.into_iter().any(|step| matches!(step, Finish | GiveUp | Release(_)))
    }

    /// A shard is given up: the group may give it to others once this member has joined again.
    pub(super) fn gave_up(&mut self, world: &mut World, id: ShardId) {
        self.shards.remove(&id);
        self.note(world, &format!("gave {id:?} up"));
        if !self.is_giving_up() && self.has_joined {
            let (owned, now) = (self.owned(), world.now);
            // If it was dropped meanwhile it hears of that at the next look.
            if world.broker.group.poll(&self.name, self.member) != Answer::Unknown {
                world.broker.group.join(&self.name, self.member, owned, now);
            }
        }
    }

    /// Somebody took one of its transactional ids over: it goes on as a new start of itself.
    pub(super) fn fenced(&mut self, world: &mut World) {
        self.process.start = world.next_start();
        self.note(world, "was fenced, and starts anew");
        let names = ids(&self.process);
        self.outlet = Outlet::new(&names[0]);
        self.clerk = Clerk::new(&names[1]);
        for shard in self.shards.values_mut() {
            let (process, ids) = (self.process.clone(), names.clone());
            shard.ownership.handle(OwnershipInput::Fenced { process, ids });
        }
        self.handle(world, StreamEvent::Lost("its transactional id was taken over".to_owned()));
    }

    /// One event for the worker, and everything that follows from it at once.
    pub(super) fn handle(&mut self, world: &mut World, event: StreamEvent) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let mut actions = Vec::new();
            self.worker.handle(event, world.now, &mut actions);
            let outlet = &mut self.outlet;
            self.worker.take_produced(&mut |record| outlet.send(world, &record));
            for action in actions {
                self.execute(world, action);
            }
        }
    }

    fn execute(&mut self, world: &mut World, action: StreamAction) {
        match action {
            StreamAction::Read(partition, from) => drop(self.reading.insert(partition, from)),
            StreamAction::StopReading(partition) => drop(self.reading.remove(&partition)),
            StreamAction::Flush { offsets } => self.outlet.work = Work::Flush(offsets),
            StreamAction::Seal(sealed) => self.outlet.seal(world, sealed),
            StreamAction::Abort(reason) => self.outlet.work = Work::Abort(reason),
            StreamAction::Applied(applied) => {
                for (index, changelog) in world.application.changelogs(&applied.task) {
                    let store = applied.stores.iter().find(|store| store.index == index);
                    self.positions.extend(store.map(|store| (changelog, store.position)));
                }
                let text = format!("applied {} {:?}", applied.task, applied.positions.inputs);
                self.note(world, &text);
            }
            StreamAction::Failed(task, error) => world.broken(format!("{task} failed: {error}")),
            StreamAction::Reopen(task) => {
                self.note(world, &format!("opens {task} anew"));
                if let Some(shard) = self.running.remove(&task).and_then(|id| self.shards.get_mut(&id))
                    && std::mem::replace(&mut shard.is_open, false)
                {
                    shard.ownership.handle(OwnershipInput::Unsure);
                }
            }
            StreamAction::Skipped(task, skipped) => world.broken(format!("{task} skipped {skipped:?}")),
            StreamAction::Stop(error) => world.broken(format!("a worker stops: {error}")),
        }
    }

    /// The reader brings some records of a partition, now and then some of them again, and the end if it has come there.
    pub(super) fn read(&mut self, world: &mut World, partition: &TopicPartition) {
        let Some(from) = self.reading.get(partition).copied().filter(|_| !self.is_cut(world)) else { return };
        let isolation =
            if world.keeps(Rule::CommittedInputs) { Isolation::Committed } else { Isolation::Uncommitted };
        let again = if world.random.percent(5) { world.random.below(from.0 + 1) } else { 0 };
        let most = 1 + world.random.below(12) as usize;
        let Some(log) = world.broker.log(partition) else {
            return self.handle(world, StreamEvent::End(partition.clone(), Offset(0)));
        };
        let batch = log.read(Offset(from.0 - again), most, isolation);
        let end = log.end_for(isolation);
        let read_to = match batch.last_offset() {
            Some(last) => last.next().max(from),
            None => end.max(from),
        };
        let is_at_end = log.records(read_to, isolation).next().is_none();
        self.reading.insert(partition.clone(), read_to);
        if !batch.is_empty() {
            self.handle(world, StreamEvent::Records(partition.clone(), Arc::new(batch)));
        }
        // A reader that was stopped because enough is buffered tells no end.
        if is_at_end && self.reading.contains_key(partition) {
            let end = end.max(read_to);
            self.reading.insert(partition.clone(), end);
            self.handle(world, StreamEvent::End(partition.clone(), end));
        }
    }

    /// The worker has its turn, unless a shard is being given up: nothing new is begun then.
    pub(super) fn tick(&mut self, world: &mut World) {
        if !self.is_giving_up() && self.outlet.work == Work::Idle {
            self.handle(world, StreamEvent::Tick);
        }
    }
}

/// Limits that are met, and such that are not.
fn settings(random: &mut Random) -> WorkerSettings {
    let default = WorkerSettings::default();
    WorkerSettings {
        uncommitted_bytes: if random.percent(30) { 300 } else { default.uncommitted_bytes },
        input_buffer_bytes: if random.percent(30) { 60 } else { default.input_buffer_bytes },
        turn_records: 1 + random.below(10) as usize,
        ..default
    }
}

/// The transactional ids of a process: of its stream thread, and of its claims.
pub(super) fn ids(process: &Process) -> Vec<String> {
    let Process { node, start } = process;
    vec![format!("sim-{node}-{start}-0"), format!("sim-{node}-{start}-claims")]
}
