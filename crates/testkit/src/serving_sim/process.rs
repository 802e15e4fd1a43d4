//! A process of a node: its place in the group, its shards, what it knows of the others, its rows, and what it is asked.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lentic_cluster::{Here, Lease, NodeRecord, Ownership, OwnershipInput, Role, ShardMap};
use lentic_engine::TaskState;
use lentic_types::{Offset, PartitionId, ShardId, Timestamp, TopicPartition};

use super::job::Job;
use super::producer::Producer;
use super::tables::Tables;
use super::world::World;
use crate::sim::Disk;
use crate::sim::group::{Answer, Membership};
use crate::sim::log::Outgoing;

/// Ends that a shard has to reach before it counts as active, and when they were asked for.
pub(super) type Targets = BTreeMap<ShardId, (u64, BTreeMap<TopicPartition, Offset>)>;

pub(super) struct Process {
    pub(super) name: Arc<str>,
    /// Changes when it is fenced.
    pub(super) identity: lentic_cluster::Process,
    /// The start that others know it by.
    pub(super) start: u64,
    pub(super) disk: Disk,
    /// Stopped with a signal: it does nothing, and knows nothing of it.
    pub(super) paused_at: Option<Timestamp>,
    /// Until then it can't reach the brokers.
    pub(super) cut_until: Timestamp,
    /// As the coordinator of the group knows it.
    member: u64,
    has_joined: bool,
    /// Shards were given up, and the group has not heard of it yet.
    gave_some_up: bool,
    /// The group has spoken.
    pub(super) is_settled: bool,
    /// Of the assignment that it last heard of.
    pub(super) generation: i64,
    pub(super) shards: BTreeMap<ShardId, Shard>,
    pub(super) given_up: BTreeSet<ShardId>,
    pub(super) kept: BTreeSet<ShardId>,
    pub(super) lease: Lease,
    /// The fence that is on its way.
    pub(super) fence: Option<Fence>,
    pub(super) targets: Targets,
    pub(super) map: ShardMap,
    pub(super) heard_to: Offset,
    pub(super) told: Option<(NodeRecord, Timestamp)>,
    pub(super) tables: Tables,
    /// Of a hundred times that it could read on, or do something about a shard, so often it does.
    pub(super) pace: u64,
    pub(super) clerk: Producer,
    pub(super) writer: Producer,
    pub(super) jobs: BTreeMap<u64, Job>,
    /// The conditional write that its producer is busy with.
    pub(super) deciding: Option<u64>,
    /// Acknowledged too early.
    pub(super) unsent: Vec<(PartitionId, Outgoing)>,
}

/// A proof that the process has its place in the group.
pub(super) struct Fence {
    pub(super) sent: u64,
    /// Whether the group took it.
    pub(super) is_known: bool,
    /// When that is heard.
    pub(super) answered: u64,
}

/// A shard that the group gave.
pub(super) struct Shard {
    pub(super) ownership: Ownership,
    /// It is given up before the lease of its predecessor is over.
    pub(super) waits: bool,
}

impl Process {
    /// A process starts, over what the disk holds.
    pub(super) fn start(world: &mut World, name: &Arc<str>, disk: Disk) -> Self {
        let process = lentic_cluster::Process { node: name.to_string(), start: world.next_start() };
        let ends = world.all_partitions().map(|partition| world.end(partition)).collect();
        world.at_start.insert(process.start, ends);
        let ids = ids(&process);
        Self {
            name: Arc::clone(name),
            start: process.start,
            member: process.start,
            identity: process,
            disk,
            paused_at: None,
            cut_until: Timestamp::NONE,
            has_joined: false,
            gave_some_up: false,
            is_settled: false,
            generation: -1,
            shards: BTreeMap::new(),
            given_up: BTreeSet::new(),
            kept: BTreeSet::new(),
            lease: Lease::default(),
            fence: None,
            targets: Targets::new(),
            map: ShardMap::default(),
            heard_to: Offset(0),
            told: None,
            tables: Tables::default(),
            pace: [100, 100, 60, 10][world.random.below(4) as usize],
            clerk: Producer::new(&ids[0]),
            writer: Producer::new(&ids[1]),
            jobs: BTreeMap::new(),
            deciding: None,
            unsent: Vec::new(),
        }
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused_at.is_some()
    }

    pub(super) fn is_cut(&self, world: &World) -> bool {
        world.now < self.cut_until
    }

    pub(super) fn membership(&self) -> Membership {
        Membership { node: Arc::clone(&self.name), member: self.member, generation: self.generation }
    }

    /// Its consumer's own thread says that it lives.
    pub(super) fn heartbeat(&self, world: &mut World) {
        if self.has_joined && !self.is_paused() && !self.is_cut(world) {
            let now = world.now;
            world.broker.group.heartbeat(&self.name, self.member, now);
        }
    }

    pub(super) fn note(&self, world: &mut World, text: &str) {
        let line = format!("{}.{} {text}", self.name, self.start);
        world.note(line);
    }

    /// Asks the group what is new. False: another process has its place, and it ends.
    pub(super) fn poll_group(&mut self, world: &mut World) -> bool {
        if self.is_cut(world) {
            return true;
        }
        let now = world.now;
        if !self.has_joined {
            self.has_joined = true;
            world.broker.group.join(&self.name, self.member, BTreeSet::new(), now);
            return true;
        }
        match world.broker.group.poll(&self.name, self.member) {
            Answer::Unknown => {
                self.note(world, "is not of the group any more");
                self.lease.revoked(self.shards.keys().copied());
                self.given_up.extend(self.shards.keys().copied());
                self.shards.clear();
                let is_replaced = world.broker.group.knows_another(&self.name, self.member);
                (self.member, self.has_joined, self.generation) = (world.next_start(), false, -1);
                self.gave_some_up = false;
                return !is_replaced;
            }
            Answer::Join | Answer::Assigned(..) if self.is_giving_up() => {}
            Answer::Assigned(..) if std::mem::take(&mut self.gave_some_up) => {
                let owned = self.shards.keys().copied().collect();
                world.broker.group.join(&self.name, self.member, owned, now);
            }
            Answer::Join => {
                self.gave_some_up = false;
                let owned = self.shards.keys().copied().collect();
                world.broker.group.join(&self.name, self.member, owned, now);
            }
            Answer::Assigned(generation, shards) if generation != self.generation => {
                self.assigned(world, generation, &shards);
            }
            Answer::Wait | Answer::Assigned(..) => {}
        }
        true
    }

    fn assigned(&mut self, world: &mut World, generation: i64, shards: &BTreeSet<ShardId>) {
        self.note(world, &format!("has {shards:?} in generation {generation}"));
        (self.generation, self.is_settled) = (generation, true);
        let now = world.clock();
        for (id, shard) in &mut self.shards {
            if !shards.contains(id) {
                shard.waits |= self.lease.waits(*id, now);
                self.lease.revoked([*id]);
                shard.ownership.handle(OwnershipInput::Revoked);
            }
        }
        for id in shards {
            if self.shards.contains_key(id) && self.lease.generation(*id).is_none() {
                // It is being given up still: the next look at the group brings it again.
                self.generation = -1;
            } else if !self.shards.contains_key(id) {
                let ownership = Ownership::new(self.identity.clone(), ids(&self.identity), generation);
                self.shards.insert(*id, Shard { ownership, waits: false });
                self.given_up.remove(id);
                self.lease.assigned([*id], generation, now);
            }
        }
    }

    /// Whether a shard is on its way back to the group.
    pub(super) fn is_giving_up(&self) -> bool {
        self.shards.keys().any(|id| self.lease.generation(*id).is_none())
    }

    /// A shard is given up: the group may give it to others once this member has joined again.
    pub(super) fn gave_up(&mut self, world: &mut World, id: ShardId) {
        self.shards.remove(&id);
        self.given_up.insert(id);
        self.note(world, &format!("gave {id:?} up"));
        self.gave_some_up = true;
    }

    /// Somebody took one of its transactional ids over: it goes on as a new start of itself.
    pub(super) fn fenced(&mut self, world: &mut World) {
        self.identity.start = world.next_start();
        self.note(world, "was fenced, and starts anew");
        let names = ids(&self.identity);
        (self.clerk, self.writer) = (Producer::new(&names[0]), Producer::new(&names[1]));
        for shard in self.shards.values_mut() {
            let (process, ids) = (self.identity.clone(), names.clone());
            shard.ownership.handle(OwnershipInput::Fenced { process, ids });
        }
    }

    /// Whether everything that a shard's predecessor left is dealt with.
    pub(super) fn runs(&self, id: ShardId) -> bool {
        self.shards.get(&id).is_some_and(|shard| shard.ownership.is_running())
    }

    /// What it has of a partition.
    pub(super) fn here(&self, world: &World, partition: PartitionId) -> Here {
        let view = self.tables.view(partition);
        let owns = self.lease.generation(world.shard_of(partition)).is_some();
        Here {
            answers: owns && view.is_some_and(|view| view.state == TaskState::Live),
            has_copy: view.is_some(),
        }
    }

    /// The other nodes that have a partition, the best to ask first, with what they are to it.
    pub(super) fn others(&self, world: &World, partition: PartitionId) -> Vec<(Arc<str>, Role)> {
        let places = self.map.others(world.shard_of(partition), &self.name);
        places.into_iter().map(|place| (Arc::clone(place.node), place.role)).collect()
    }
}

/// The transactional ids of a process: of its claims, and of conditional writes.
pub(super) fn ids(process: &lentic_cluster::Process) -> Vec<String> {
    let lentic_cluster::Process { node, start } = process;
    vec![format!("s-{node}-{start}-claims"), format!("s-{node}-{start}-writes")]
}
