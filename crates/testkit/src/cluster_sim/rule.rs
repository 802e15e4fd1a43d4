//! The rules that make a cluster correct, each of which a simulation can leave out to show that it is needed; and the accidents
//! that they are for.

/// What happens to a simulated cluster beside its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accident {
    /// A process ends at once, with what it has open; now and then its disk is lost, too. It is started again some time.
    Crash,
    /// A process is stopped with a signal, and woken some time: it goes on in the middle of what it did.
    Stop,
    /// A process can't reach the brokers for a while.
    Cut,
    /// The group places its shards otherwise: who has one that moves hands it over.
    Rebalance,
    /// The group drops a member that lives: its shards are lost.
    Drop,
    /// A process is stopped and its node started elsewhere, under the same static id and with an empty disk; later it wakes.
    Replace,
    /// The end of a transaction is not answered: it was carried out, or will be, or never.
    NoAnswer,
    /// Seconds pass in which nothing is done.
    Leap,
}

impl Accident {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Crash,
        Self::Stop,
        Self::Cut,
        Self::Rebalance,
        Self::Drop,
        Self::Replace,
        Self::NoAnswer,
        Self::Leap,
    ];
}

/// A rule of hand-over, take-over and fencing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Every transaction commits offset 0 of its shards under the group's metadata, and is refused if the group has given
    /// the process' place to somebody else.
    Fence,
    /// Who gives a shard up commits or aborts first what touches it.
    FinishBeforeGivingUp,
    /// A new owner asks for the ends of the changelogs as `read_uncommitted` sees them, and waits until everything below is
    /// decided; and the positions count only once the stores have reached the offsets that stand beside them.
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
    /// A new owner whose predecessor may still answer waits for the end of its lease before it answers itself.
    Lease,
    /// Inputs are read as `read_committed` sees them.
    CommittedInputs,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Lease,
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
