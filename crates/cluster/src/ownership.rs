//! One shard in the hands of one process: take-over of what its predecessor left, hand-over to the next.
//!
//! The order is what makes it correct. Whoever had the shard before sends the fence of a commit only after everything of that
//! commit is acknowledged, and a fence is refused once the group has given the shard on. So what may still become visible of
//! it lies below the ends as `read_uncommitted` sees them *after* the assignment; a reader of committed records that has
//! come to there has seen it all.
use std::collections::BTreeMap;

use lentic_types::{Offset, TopicPartition};

use crate::{HolderRecord, Holders, Process};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnershipInput {
    /// The shard's holder records, to the end as `read_uncommitted` sees it.
    Holders(Holders),
    /// The transactional ids are this process', and it has nothing open under them.
    TakenOver,
    /// The claim is committed.
    Claimed,
    /// Ends as `read_uncommitted` sees them, asked for after [`OwnershipStep::FetchEnds`] was said.
    Ends(BTreeMap<TopicPartition, Offset>),
    /// Reading of committed records has passed everything below the offset.
    ReadTo(TopicPartition, Offset),
    /// What became of a commit is not known: tasks have to be opened anew.
    Unsure,
    /// The group wants the shard back.
    Revoked,
    /// Every transaction that touched the shard is at its end, and none begins any more.
    Finished,
    /// The release is committed, or can't be: then the next one takes over.
    Released,
    /// The group has given the shard to somebody else, or a fence was refused for that reason.
    Lost,
    /// A transactional id of this process was taken over while the shard was its own. It has taken a new start.
    Fenced {
        /// The new one.
        process: Process,
        /// With these ids.
        ids: Vec<String>,
    },
}

/// What to do next. A step that fails is done again: [`Ownership::step`] says it as long as nothing has come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnershipStep {
    /// Read the shard's holder records: committed ones, and those above the last stable offset as such.
    ReadHolders,
    /// Take over these transactional ids (`init_transactions`).
    TakeOver(Vec<String>),
    /// Write this record in a transaction of its own, under the fence, and commit it.
    Claim(HolderRecord),
    /// Ask for the ends of the shard's partition and of its tasks' changelogs, as `read_uncommitted` sees them.
    FetchEnds,
    /// Read committed records until each of these partitions has been passed to its end.
    RollForward(BTreeMap<TopicPartition, Offset>),
    /// Open the tasks with the positions that were read; process and commit.
    Run,
    /// Begin nothing new. Commit or abort every transaction that touches the shard.
    Finish,
    /// Write this record under the fence, and commit it; with [`HolderRecord::waits`] as [`crate::Lease::waits`] said it when the
    /// shard was revoked.
    Release(HolderRecord),
    /// Give the shard up to the group.
    GiveUp,
    /// Abort what is open; nothing of the shard is this process' any more.
    Abort,
}

/// One shard, from its assignment to its release.
#[derive(Clone, Debug)]
pub struct Ownership {
    process: Process,
    ids: Vec<String>,
    generation: i64,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Looking,
    TakingOver(Vec<String>),
    Claiming,
    Bounding,
    RollingForward(BTreeMap<TopicPartition, Offset>),
    Running,
    /// `true`: a claim was written.
    Finishing(bool),
    Releasing,
    GivenUp,
    Lost,
}

impl Ownership {
    /// The group assigned the shard to this process, which writes under these transactional ids.
    pub fn new(process: Process, ids: Vec<String>, generation: i64) -> Self {
        Self { process, ids, generation, state: State::Looking }
    }

    /// The generation of the assignment.
    pub fn generation(&self) -> i64 {
        self.generation
    }

    /// Whether the shard's tasks may process and commit.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running)
    }

    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::GivenUp | State::Lost)
    }

    /// What to do now.
    pub fn step(&self) -> OwnershipStep {
        match &self.state {
            State::Looking => OwnershipStep::ReadHolders,
            State::TakingOver(ids) => OwnershipStep::TakeOver(ids.clone()),
            State::Claiming => OwnershipStep::Claim(self.record(false)),
            State::Bounding => OwnershipStep::FetchEnds,
            State::RollingForward(left) => OwnershipStep::RollForward(left.clone()),
            State::Running => OwnershipStep::Run,
            State::Finishing(_) => OwnershipStep::Finish,
            State::Releasing => OwnershipStep::Release(self.record(true)),
            State::GivenUp => OwnershipStep::GiveUp,
            State::Lost => OwnershipStep::Abort,
        }
    }

    /// Takes what happened; inputs that don't belong to the state change nothing.
    pub fn handle(&mut self, input: OwnershipInput) -> OwnershipStep {
        let state = std::mem::replace(&mut self.state, State::Lost);
        self.state = match (state, input) {
            (state @ (State::GivenUp | State::Lost), _) => state,
            (_, OwnershipInput::Lost) => State::Lost,
            (State::Looking, OwnershipInput::Holders(holders)) => self.found(&holders),
            (State::TakingOver(_), OwnershipInput::TakenOver) => State::Claiming,
            (State::Claiming, OwnershipInput::Claimed)
            | (State::Running | State::RollingForward(_), OwnershipInput::Unsure) => State::Bounding,
            (State::Bounding, OwnershipInput::Ends(mut ends)) => {
                ends.retain(|_, end| *end > Offset(0));
                rolling(ends)
            }
            (State::RollingForward(mut left), OwnershipInput::ReadTo(partition, offset)) => {
                if left.get(&partition).is_some_and(|end| offset >= *end) {
                    left.remove(&partition);
                }
                rolling(left)
            }
            (State::Finishing(claimed), OwnershipInput::Finished) => {
                if claimed {
                    State::Releasing
                } else {
                    State::GivenUp
                }
            }
            (State::Releasing, OwnershipInput::Released) => State::GivenUp,
            (State::Looking | State::TakingOver(_), OwnershipInput::Revoked) => State::Finishing(false),
            // A claim that was not answered may stand in the log.
            (
                State::Claiming | State::Bounding | State::RollingForward(_) | State::Running,
                OwnershipInput::Revoked,
            ) => State::Finishing(true),
            // What the former start left is there to be taken over, whoever fenced it.
            (state, OwnershipInput::Fenced { process, ids }) => {
                (self.process, self.ids) = (process, ids);
                match state {
                    State::Finishing(_) | State::Releasing => State::GivenUp,
                    _ => State::Looking,
                }
            }
            (state, _) => state,
        };
        self.step()
    }

    fn found(&self, holders: &Holders) -> State {
        // Somebody was given the shard later: this process has not heard of it yet.
        if holders.generation().is_some_and(|generation| generation > self.generation) {
            return State::Lost;
        }
        let ids: Vec<_> = holders.unreleased(&self.process).into_iter().collect();
        if ids.is_empty() { State::Claiming } else { State::TakingOver(ids) }
    }

    fn record(&self, is_released: bool) -> HolderRecord {
        HolderRecord {
            version: HolderRecord::VERSION,
            process: self.process.clone(),
            generation: self.generation,
            ids: self.ids.clone(),
            is_released,
            waits: false,
        }
    }
}

fn rolling(left: BTreeMap<TopicPartition, Offset>) -> State {
    if left.is_empty() { State::Running } else { State::RollingForward(left) }
}

#[cfg(test)]
mod tests {
    use lentic_types::{PartitionId, TopicName};

    use super::*;

    fn process(start: u64) -> Process {
        Process { node: "me".to_owned(), start }
    }

    fn holders(node: &str, generation: i64, is_released: bool) -> OwnershipInput {
        let process = Process { node: node.to_owned(), start: 1 };
        let ids = vec![format!("{node}-1")];
        let mut holders = Holders::default();
        holders.committed(HolderRecord { version: 1, process, generation, ids, is_released, waits: false });
        OwnershipInput::Holders(holders)
    }

    fn partition() -> TopicPartition {
        TopicPartition::new(TopicName::new("s-shards").expect("a name"), PartitionId(3))
    }

    fn ends(end: u64) -> OwnershipInput {
        OwnershipInput::Ends(BTreeMap::from([(partition(), Offset(end))]))
    }

    fn read_to(offset: u64) -> OwnershipInput {
        OwnershipInput::ReadTo(partition(), Offset(offset))
    }

    #[test]
    fn schedules() {
        use OwnershipInput::*;
        use OwnershipStep as Step;
        let owner = || Ownership::new(process(1), vec!["me-1".to_owned()], 5);
        let (claim, release) = (owner().record(false), owner().record(true));
        let left = BTreeMap::from([(partition(), Offset(7))]);
        let none = || Holders(super::Holders::default());
        let cases: Vec<(&str, Vec<OwnershipInput>, Step)> = vec![
            ("the first", vec![none()], Step::Claim(claim.clone())),
            ("after one that died", vec![holders("a", 4, false)], Step::TakeOver(vec!["a-1".to_owned()])),
            ("after one that released", vec![holders("a", 4, true)], Step::Claim(claim)),
            ("too late itself", vec![holders("a", 6, false)], Step::Abort),
            ("an empty log", vec![none(), Claimed, ends(0)], Step::Run),
            ("not there yet", vec![none(), Claimed, ends(7), read_to(6)], Step::RollForward(left)),
            ("there", vec![none(), Claimed, ends(7), read_to(7)], Step::Run),
            ("a commit of unknown outcome", vec![none(), Claimed, ends(0), Unsure], Step::FetchEnds),
            ("revoked at work", vec![none(), Claimed, ends(0), Revoked], Step::Finish),
            ("handed over", vec![none(), Claimed, ends(0), Revoked, Finished], Step::Release(release)),
            ("revoked before it claimed", vec![none(), Claimed, Revoked, Lost], Step::Abort),
            ("nothing was claimed", vec![Revoked, Finished], Step::GiveUp),
            ("lost", vec![none(), Lost, Claimed], Step::Abort),
            (
                "fenced at work",
                vec![none(), Claimed, ends(0), Fenced { process: process(2), ids: vec![] }],
                Step::ReadHolders,
            ),
            (
                "its own former start",
                vec![Fenced { process: process(2), ids: vec![] }, holders("me", 5, false)],
                Step::TakeOver(vec!["me-1".to_owned()]),
            ),
        ];
        for (name, inputs, expected) in cases {
            let mut owner = owner();
            for input in inputs {
                owner.handle(input);
            }
            assert_eq!(owner.step(), expected, "{name}");
        }
    }
}
