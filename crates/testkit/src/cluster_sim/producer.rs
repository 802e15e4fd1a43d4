//! A transactional producer of a process: requests that are refused, lost, or answered.
use std::sync::Arc;

use lentic_types::{Offset, Timestamp, TopicPartition};

use super::rule::{Accident, Rule};
use super::world::World;
use crate::sim::broker::{ProducerId, Refusal};
use crate::sim::group::Membership;
use crate::sim::log::Outgoing;

/// How a request came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Not yet: it is made again.
    Again,
    /// The broker refused.
    Refused(Refusal),
    /// Whether it was carried out is not known, and will not be.
    Unknown,
}

pub(super) struct Producer {
    id: Arc<str>,
    /// `None`: the id has to be taken (again) first.
    epoch: Option<u32>,
    /// Something was sent since the last end.
    is_open: bool,
}

impl Producer {
    pub(super) fn new(id: &str) -> Self {
        Self { id: Arc::from(id), epoch: None, is_open: false }
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// What it has open is left to whoever takes the id next: itself, before it sends anything more.
    pub(super) fn forget(&mut self) {
        (self.epoch, self.is_open) = (None, false);
    }

    /// Takes the id (again) if that is to be done, which ends what was left open under it.
    pub(super) fn renew(&mut self, world: &mut World) {
        let _ = self.current(world);
    }

    fn current(&mut self, world: &mut World) -> Result<ProducerId, Failure> {
        let epoch = match self.epoch {
            Some(epoch) => epoch,
            None => world.broker.init(&self.id).map_err(told)?,
        };
        self.epoch = Some(epoch);
        Ok(ProducerId { id: Arc::clone(&self.id), epoch })
    }

    pub(super) fn send(
        &mut self,
        world: &mut World,
        partition: &TopicPartition,
        record: &Outgoing,
    ) -> Result<Offset, Failure> {
        let (producer, now) = (self.current(world)?, world.now);
        let offset = world.broker.produce(&producer, now, partition, record.clone()).map_err(told)?;
        self.is_open = true;
        Ok(offset)
    }

    pub(super) fn fence(&mut self, world: &mut World, membership: &Membership) -> Result<(), Failure> {
        let (producer, now): (_, Timestamp) = (self.current(world)?, world.now);
        match world.broker.fence(&producer, now, membership) {
            Err(Refusal::Stale) if !world.keeps(Rule::Fence) => Ok(()),
            outcome => outcome.map_err(told),
        }
    }

    /// Commits. Of what a client never hears the end of some was carried out, some is later, and some never.
    pub(super) fn commit(&mut self, world: &mut World) -> Result<(), Failure> {
        let producer = self.current(world)?;
        self.is_open = false;
        match world.random.below(40) {
            _ if !world.may(Accident::NoAnswer) => return world.broker.end(&producer, true).map_err(told),
            0 => {}
            1 => drop(world.broker.end(&producer, true)),
            2 => world.broker.end_later(producer, true),
            _ => return world.broker.end(&producer, true).map_err(told),
        }
        self.epoch = None;
        Err(Failure::Unknown)
    }

    /// Aborts, or leaves that to whoever takes the id next.
    pub(super) fn abort(&mut self, world: &mut World, is_cut: bool) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.is_open, false) {
            return Ok(());
        }
        let Some(epoch) = self.epoch.filter(|_| !is_cut) else {
            self.epoch = None;
            return Ok(());
        };
        let producer = ProducerId { id: Arc::clone(&self.id), epoch };
        world.broker.end(&producer, false).map_err(told)
    }
}

fn told(refusal: Refusal) -> Failure {
    if refusal == Refusal::Busy { Failure::Again } else { Failure::Refused(refusal) }
}
