//! Requests from process to process: not sent, answered, or neither.
use std::sync::Arc;

use lentic_types::Timestamp;

use super::job::{Ask, Asked, Job, Said, Stage};
use super::process::Process;
use super::world::World;

/// A process that answers no ping for as long is gone, or stopped.
const ALIVE_MS: u64 = 1_500;

/// What everybody's connections tell of a process.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) paused_at: Option<Timestamp>,
}

/// What came of asking another process.
pub(super) enum Answer {
    Not,
    Yet(Said),
    /// Its connection broke, or it says nothing.
    Broken,
}

impl Process {
    /// Sends a request; `None`: it never left.
    pub(super) fn send(&mut self, world: &mut World, node: &Arc<str>, job: &Job, ask: Ask) -> Option<Asked> {
        let start = self.map.node(node).map(|record| record.started_at as u64);
        let is_there = start.is_some_and(|start| world.peers.contains_key(&start));
        let Some(start) = start.filter(|_| is_there && !world.is_cut(&self.name, node)) else {
            self.map.not_reached(Arc::clone(node), "silent");
            return None;
        };
        let id = world.next_job();
        world.sent.push((
            start,
            Job {
                id,
                ask,
                partition: job.partition,
                key: job.key.clone(),
                is_hop: true,
                began: job.began,
                stage: Stage::Begin,
                held_until: job.began,
            },
        ));
        Some(Asked { job: id, node: Arc::clone(node), start })
    }

    /// What has come of it.
    pub(super) fn answer_of(&mut self, world: &mut World, asked: &Asked) -> Answer {
        let peer = world.peers.get(&asked.start);
        let is_gone = peer
            .is_none_or(|peer| peer.paused_at.is_some_and(|since| world.now.millis_since(since) > ALIVE_MS));
        if is_gone || world.is_cut(&self.name, &asked.node) {
            self.map.not_reached(Arc::clone(&asked.node), "silent");
            return Answer::Broken;
        }
        world.answers.remove(&asked.job).map_or(Answer::Not, Answer::Yet)
    }
}
