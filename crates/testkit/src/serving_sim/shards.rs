//! What a process does about its shards: the steps of their ownership, proofs, and becoming the active one.
use std::collections::BTreeMap;

use lentic_cluster::{HolderRecord, Holders, OwnershipInput, OwnershipStep, Role, Standing};
use lentic_types::{Offset, ShardId, Timestamp};

use super::ServingRule;
use super::process::{Fence, Process};
use super::producer::Ended;
use super::world::{World, record, shard_partition, source};
use crate::sim::broker::Refusal;
use crate::sim::log::Isolation;

impl Process {
    /// The next step of one shard.
    pub(super) fn step_shard(&mut self, world: &mut World, id: ShardId) {
        let Some(shard) = self.shards.get(&id) else { return };
        let (step, is_cut) = (shard.ownership.step(), self.is_cut(world));
        match step {
            OwnershipStep::Run => {}
            OwnershipStep::Finish => self.tell(world, id, OwnershipInput::Finished),
            OwnershipStep::GiveUp => self.gave_up(world, id),
            // The group has not said so yet, or it has.
            OwnershipStep::Abort => {
                if self.lease.generation(id).is_none() {
                    self.gave_up(world, id);
                }
            }
            OwnershipStep::Release(_) if is_cut => self.tell(world, id, OwnershipInput::Released),
            _ if is_cut => {}
            OwnershipStep::ReadHolders => {
                let holders = holders(world, id);
                if holders.have_ended() || !world.keeps(ServingRule::LeaseIsWaitedFor) {
                    self.lease.released(id, world.clock());
                }
                self.tell(world, id, OwnershipInput::Holders(holders));
            }
            OwnershipStep::TakeOver(ids) => {
                if ids.iter().all(|id| world.broker.init(&id.as_str().into()).is_ok()) {
                    self.tell(world, id, OwnershipInput::TakenOver);
                }
            }
            OwnershipStep::Claim(record) => match self.write_holder(world, id, &record) {
                Ok(Ended::Committed) => self.tell(world, id, OwnershipInput::Claimed),
                Ok(_) | Err(Refusal::Busy | Refusal::Stale) => {}
                Err(Refusal::Fenced) => self.fenced(world),
            },
            OwnershipStep::Release(record) => {
                let record = HolderRecord { waits: self.shards[&id].waits, ..record };
                match self.write_holder(world, id, &record) {
                    Err(Refusal::Busy) => {}
                    // What can't be written is left to the next owner's take-over.
                    _ => self.tell(world, id, OwnershipInput::Released),
                }
            }
            OwnershipStep::FetchEnds => {
                let partition = shard_partition(id);
                let end = world.broker.end_of(&partition, Isolation::Uncommitted);
                self.tell(world, id, OwnershipInput::Ends(BTreeMap::from([(partition, end)])));
            }
            OwnershipStep::RollForward(left) => {
                for partition in left.into_keys() {
                    let read_to = world.broker.end_of(&partition, Isolation::Committed);
                    self.tell(world, id, OwnershipInput::ReadTo(partition, read_to));
                }
            }
        }
    }

    fn tell(&mut self, world: &mut World, id: ShardId, input: OwnershipInput) {
        let Some(shard) = self.shards.get_mut(&id) else { return };
        let before = shard.ownership.step();
        let after = shard.ownership.handle(input);
        if before != after {
            self.note(world, &format!("{id:?}: {after:?}"));
        }
    }

    /// A holder record in a transaction of its own, under the fence.
    fn write_holder(
        &mut self,
        world: &mut World,
        id: ShardId,
        holder: &HolderRecord,
    ) -> Result<Ended, Refusal> {
        let (membership, is_cut) = (self.membership(), self.is_cut(world));
        let outgoing = record(HolderRecord::KEY, holder.to_bytes(), Timestamp::NONE);
        let written = self.clerk.send(world, &shard_partition(id), outgoing);
        let written = written.and_then(|_| self.clerk.fence(world, &membership));
        if let Err(refusal) = written {
            if refusal != Refusal::Busy {
                self.clerk.abort(world, false);
            }
            return Err(refusal);
        }
        self.clerk.commit(world, is_cut)
    }

    /// A fence is sent, and some time later its outcome is heard.
    pub(super) fn prove(&mut self, world: &mut World) {
        match self.fence.take() {
            None if self.is_cut(world) => {}
            None => {
                // Some answers take their time.
                let millis =
                    if !world.is_calm && world.random.percent(20) { world.random.below(2_000) } else { 0 };
                let (sent, is_known) = (world.clock(), world.broker.group.knows(&self.membership()));
                self.fence = Some(Fence { sent, is_known, answered: sent + millis });
            }
            Some(fence) if world.clock() < fence.answered => self.fence = Some(fence),
            Some(Fence { sent, is_known: true, .. }) => {
                let since = if world.keeps(ServingRule::LeaseFromSending) { sent } else { world.clock() };
                self.lease.proven(since);
            }
            Some(_) => {}
        }
    }

    /// A shard is active once it has reached the ends that its logs had when its predecessor could answer no more.
    pub(super) fn activate(&mut self, world: &World) {
        let now = world.clock();
        let waiting: Vec<_> = self.lease.to_catch_up(now).filter(|id| self.runs(*id)).collect();
        self.targets.retain(|id, _| waiting.contains(id));
        if self.is_cut(world) {
            return;
        }
        for id in waiting {
            let partitions = world.partitions_of(id);
            let (asked, ends) = self.targets.entry(id).or_insert_with(|| {
                let end = |partition| {
                    (source(partition), world.broker.end_of(&source(partition), Isolation::Uncommitted))
                };
                (now, partitions.iter().map(|partition| end(*partition)).collect())
            });
            let asked = *asked;
            let reached = partitions.iter().all(|partition| {
                let end = ends.get(&source(*partition)).copied().unwrap_or_default();
                self.tables.view(*partition).is_some_and(|view| view.has_reached(end))
            });
            if reached || !world.keeps(ServingRule::CatchUpBeforeActive) {
                self.lease.caught_up(id, asked);
                self.targets.remove(&id);
            }
        }
    }

    /// What it is to a shard as a read begins.
    pub(super) fn standing(&self, id: ShardId) -> Option<Standing> {
        self.lease.standing(id)
    }

    /// As what it answers for a shard that was read since.
    pub(super) fn role_since(&self, world: &World, id: ShardId, standing: Option<Standing>) -> Role {
        let now = if world.keeps(ServingRule::LeaseEnds) { world.clock() } else { 0 };
        let before = standing.is_some() || !world.keeps(ServingRule::RoleBeforeTheRead);
        let after = match standing {
            _ if !world.keeps(ServingRule::RoleAfterTheRead) => true,
            Some(standing) => self.lease.is_active_since(id, standing, now),
            None => self.lease.is_active(id, now),
        };
        if before && after { Role::Active } else { Role::Standby }
    }

    /// What it is to a shard now.
    pub(super) fn role(&self, world: &World, id: ShardId) -> Role {
        let now = if world.keeps(ServingRule::LeaseEnds) { world.clock() } else { 0 };
        if self.lease.is_active(id, now) { Role::Active } else { Role::Standby }
    }
}

/// The holder records of a shard, as far as they are committed.
fn holders(world: &World, id: ShardId) -> Holders {
    let mut holders = Holders::default();
    let Some(log) = world.broker.log(&shard_partition(id)) else { return holders };
    for (_, record, _) in log.records(Offset(0), Isolation::Committed) {
        let value = record.value.as_deref().unwrap_or_default();
        holders.committed(HolderRecord::from_bytes(value).expect("written by the simulation"));
    }
    if log.stable_end() < log.end() {
        holders.more();
    }
    holders
}
