//! The steps of a process' transaction: what was queued is sent, the shards are fenced, the end comes, or doesn't.
use lentic_engine::stream::StreamEvent;

use super::node::Node;
use super::outlet::Work;
use super::producer::Failure;
use super::rule::Rule;
use super::world::World;
use crate::sim::broker::Refusal;

impl Node {
    /// One request, or a few.
    pub(super) fn step_outlet(&mut self, world: &mut World) {
        if self.is_cut(world) {
            return self.wait_in_vain(world);
        }
        match self.outlet.work.clone() {
            Work::Idle => {
                // What an unanswered end has left open is ended at once.
                if self.outlet.queue.is_empty() && !self.outlet.producer.is_open() {
                    self.outlet.producer.renew(world);
                }
                self.clerk.renew(world);
                self.prove(world);
                let most = world.random.below(6);
                self.send(world, most);
            }
            Work::Flush(offsets) => {
                let most = 1 + world.random.below(20);
                if self.send(world, most) && self.outlet.queue.is_empty() {
                    let sent = self.outlet.offsets.len();
                    let last = self.outlet.offsets[sent - offsets.min(sent)..].to_vec();
                    self.outlet.work = Work::Idle;
                    self.handle(world, StreamEvent::Flushed(last));
                }
            }
            Work::Seal => {
                let most = 1 + world.random.below(20);
                if self.send(world, most) && self.outlet.queue.is_empty() {
                    self.outlet.work = Work::Fence;
                }
            }
            // A request without offsets succeeds without being sent.
            Work::Fence if !self.outlet.is_sealed => {
                world.broken("a transaction without positions is fenced by nothing");
                self.outlet.work = Work::End;
            }
            Work::Fence => match self.outlet.producer.fence(world, &self.membership()) {
                Ok(()) => {
                    self.proven(world);
                    self.outlet.work = Work::End;
                }
                Err(failure) => self.failed(world, failure),
            },
            Work::End => match self.outlet.producer.commit(world) {
                Ok(()) => self.committed(world),
                Err(failure) => self.failed(world, failure),
            },
            Work::Abort(reason) => {
                self.abort(world, false);
                self.handle(world, StreamEvent::Aborted(reason));
            }
        }
    }

    /// Sends some of what is queued. `false`: something failed.
    fn send(&mut self, world: &mut World, most: u64) -> bool {
        for _ in 0..most {
            let Some((partition, record)) = self.outlet.queue.front().cloned() else { break };
            match self.outlet.producer.send(world, &partition, &record) {
                Ok(offset) => {
                    self.outlet.offsets.push(offset);
                    self.outlet.queue.pop_front();
                }
                Err(Failure::Again) => return false,
                Err(failure) => {
                    self.failed(world, failure);
                    return false;
                }
            }
        }
        true
    }

    fn committed(&mut self, world: &mut World) {
        self.outlet.clear();
        self.handle(world, StreamEvent::Committed);
    }

    /// A request did not do what it was for.
    pub(super) fn failed(&mut self, world: &mut World, failure: Failure) {
        self.note(world, &format!("{:?}: {failure:?}", self.outlet.work));
        match failure {
            Failure::Again => {}
            Failure::Refused(Refusal::Fenced) => self.fenced(world),
            Failure::Unknown if !world.keeps(Rule::UnknownIsUnknown) => self.committed(world),
            Failure::Unknown | Failure::Refused(_) => {
                self.abort(world, false);
                self.handle(world, StreamEvent::Lost(format!("{failure:?}")));
            }
        }
    }

    /// Nothing is left of the transaction, here or in the log.
    pub(super) fn abort(&mut self, world: &mut World, is_cut: bool) {
        self.outlet.clear();
        if self.outlet.producer.abort(world, is_cut).is_err() {
            // Fenced: it has ended already.
            self.outlet.producer.forget();
        }
    }

    /// Without brokers a step of a commit ends some time: known not to be committed before the end was asked for, unknown
    /// after it.
    fn wait_in_vain(&mut self, world: &mut World) {
        if !world.random.percent(4) {
            return;
        }
        match self.outlet.work {
            Work::Idle => {}
            Work::End => {
                self.outlet.producer.forget();
                self.outlet.clear();
                self.handle(world, StreamEvent::Lost("the end timed out".to_owned()));
            }
            _ => {
                self.abort(world, true);
                self.handle(world, StreamEvent::Aborted("no broker answers".to_owned()));
            }
        }
    }
}
