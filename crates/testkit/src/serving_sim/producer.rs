//! A transactional producer of a process.
use std::sync::Arc;

use lentic_types::{Offset, TopicPartition};

use super::ServingRule;
use super::world::World;
use crate::sim::broker::{ProducerId, Refusal};
use crate::sim::group::Membership;
use crate::sim::log::Outgoing;

/// How a commit came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Committed,
    Aborted,
    /// It was not answered, and may be carried out later.
    Unknown,
}

pub(super) struct Producer {
    id: Arc<str>,
    /// `None`: the id has to be taken (again) first.
    epoch: Option<u32>,
}

impl Producer {
    pub(super) fn new(id: &str) -> Self {
        Self { id: Arc::from(id), epoch: None }
    }

    /// Takes the id if that is to be done: what was left open under it is aborted.
    pub(super) fn begin(&mut self, world: &mut World) -> Result<(), Refusal> {
        if self.epoch.is_none() {
            self.epoch = Some(world.broker.init(&self.id)?);
        }
        Ok(())
    }

    pub(super) fn send(
        &mut self,
        world: &mut World,
        partition: &TopicPartition,
        record: Outgoing,
    ) -> Result<Offset, Refusal> {
        self.begin(world)?;
        let now = world.now;
        world.broker.produce(&self.id(), now, partition, record)
    }

    pub(super) fn fence(&mut self, world: &mut World, membership: &Membership) -> Result<(), Refusal> {
        let now = world.now;
        world.broker.fence(&self.id(), now, membership)
    }

    /// Commits. Of what a client never hears the end of some was carried out, some is later, and some never.
    pub(super) fn commit(&mut self, world: &mut World, is_cut: bool) -> Result<Ended, Refusal> {
        let id = self.id();
        let fate = if world.is_calm { 99 } else { world.random.below(30) };
        match fate {
            0 => {}
            1 => drop(world.broker.end(&id, true)),
            2 => world.broker.end_later(id, true),
            _ if is_cut => world.broker.end_later(id, true),
            _ => {
                return match world.broker.end(&id, true) {
                    Ok(()) => Ok(Ended::Committed),
                    Err(Refusal::Busy) => Err(Refusal::Busy),
                    Err(_) => {
                        self.epoch = None;
                        Ok(Ended::Aborted)
                    }
                };
            }
        }
        self.epoch = None;
        Ok(if world.keeps(ServingRule::UnknownIsUnknown) { Ended::Unknown } else { Ended::Aborted })
    }

    /// Aborts, or leaves that to whoever takes the id next.
    pub(super) fn abort(&mut self, world: &mut World, is_cut: bool) {
        if is_cut || self.epoch.is_none() || world.broker.end(&self.id(), false).is_err() {
            self.epoch = None;
        }
    }

    fn id(&self) -> ProducerId {
        ProducerId { id: Arc::clone(&self.id), epoch: self.epoch.unwrap_or_default() }
    }
}
