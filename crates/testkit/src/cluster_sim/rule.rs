//! The rules that make a cluster correct, each of which a simulation can leave out to show that it is needed.

/// A rule of hand-over, take-over and fencing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Every transaction commits offset 0 of its shards under the group's metadata, and is refused if the group has given
    /// the process' place to somebody else.
    Fence,
    /// Who gives a shard up commits or aborts first what touches it.
    FinishBeforeGivingUp,
    /// A new owner asks for the ends of the changelogs as `read_uncommitted` sees them, and waits until everything below is
    /// decided.
    ChangelogsToTheirEnds,
    /// The same for the topic of the shards, which has the positions.
    PositionsToTheirEnd,
    /// A new owner rolls its stores forward through their changelogs.
    RollForward,
    /// A new owner takes over the transactional ids of a holder that released nothing, so that what that one left open is
    /// aborted at once.
    TakeOver,
    /// A positions record of a lower generation than its predecessor's is ignored.
    Generations,
    /// A commit whose outcome is unknown is taken for neither committed nor aborted: its tasks are opened anew.
    UnknownIsUnknown,
    /// Inputs are read as `read_committed` sees them.
    CommittedInputs,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Fence,
        Self::FinishBeforeGivingUp,
        Self::ChangelogsToTheirEnds,
        Self::PositionsToTheirEnd,
        Self::RollForward,
        Self::TakeOver,
        Self::Generations,
        Self::UnknownIsUnknown,
        Self::CommittedInputs,
    ];
}
