//! Claims and releases: a holder record in a transaction of its own, under the fence.
use lentic_cluster::HolderRecord;
use lentic_types::{ShardId, Timestamp};

use super::producer::{Failure, Producer};
use super::world::World;
use crate::sim::group::Membership;
use crate::sim::log::Outgoing;

/// How far the transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Write,
    Fence,
    End,
}

pub(super) struct Clerk {
    pub(super) producer: Producer,
    current: Option<(ShardId, HolderRecord, Stage)>,
}

impl Clerk {
    pub(super) fn new(id: &str) -> Self {
        Self { producer: Producer::new(id), current: None }
    }

    /// The next request for this record; `Ok(true)` once it is committed. One record at a time: another waits. Of an error
    /// nothing is left open under the id.
    pub(super) fn step(
        &mut self,
        world: &mut World,
        membership: &Membership,
        shard: ShardId,
        record: &HolderRecord,
    ) -> Result<bool, Failure> {
        if self.current.as_ref().is_some_and(|(other, ..)| *other != shard) {
            return Ok(false);
        }
        let is_same = self.current.as_ref().is_some_and(|(_, known, _)| known == record);
        if !is_same {
            self.give_up(world, shard)?;
            self.current = Some((shard, record.clone(), Stage::Write));
        }
        let Some((_, record, stage)) = &mut self.current else { return Ok(false) };
        let outcome = match stage {
            Stage::Write => {
                let (key, value) = (Some(HolderRecord::KEY.to_vec()), Some(record.to_bytes()));
                let outgoing = Outgoing { key, value, timestamp: Timestamp::NONE, headers: Vec::new() };
                let partition = world.application.shard_partition(shard);
                self.producer.send(world, &partition, &outgoing).map(|_| Stage::Fence)
            }
            Stage::Fence => self.producer.fence(world, membership).map(|()| Stage::End),
            Stage::End => {
                let outcome = self.producer.commit(world);
                if outcome != Err(Failure::Again) {
                    self.current = None;
                }
                return outcome.map(|()| true);
            }
        };
        match outcome {
            Ok(next) => *stage = next,
            Err(Failure::Again) => {}
            Err(failure) => {
                self.give_up(world, shard)?;
                return Err(failure);
            }
        }
        Ok(false)
    }

    /// Ends what an unanswered request has left open, where nothing is under way.
    pub(super) fn renew(&mut self, world: &mut World) {
        if self.current.is_none() {
            self.producer.renew(world);
        }
    }

    /// What was begun for a shard is aborted.
    pub(super) fn give_up(&mut self, world: &mut World, shard: ShardId) -> Result<(), Failure> {
        if self.current.as_ref().is_some_and(|(other, ..)| *other == shard) {
            self.current = None;
            return self.producer.abort(world, false);
        }
        Ok(())
    }

    /// The process can't reach the brokers: what it began is left.
    pub(super) fn forget(&mut self) {
        self.current = None;
        self.producer.forget();
    }
}
