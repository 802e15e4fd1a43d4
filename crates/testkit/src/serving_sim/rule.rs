//! The rules of serving, each of which a simulation can leave out to show that it is needed.

/// A rule of who answers what, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServingRule {
    /// A new owner whose predecessor may still answer waits for the end of its lease before it is the active one.
    LeaseIsWaitedFor,
    /// A node answers as the active one only as long as its place in the group is proven.
    LeaseEnds,
    /// What is proven counts from when the proof was sent, not from when it was confirmed.
    LeaseFromSending,
    /// A new owner is the active one once it has reached the ends that the logs had after its predecessor ended.
    CatchUpBeforeActive,
    /// Who becomes the active one during a read was not when it began.
    RoleBeforeTheRead,
    /// Who is not the active one any more when a read is done does not answer as that.
    RoleAfterTheRead,
    /// A write is confirmed as applied by the active one alone.
    AppliedByTheActive,
    /// A write is confirmed as applied once it is in the rows.
    AppliedInTheRows,
    /// A token is waited for by whoever answers.
    Tokens,
    /// A client that returns the position of its last answer has a session in which reads never go back.
    SessionsReturnPositions,
    /// Rows that were proven current too long ago are not answered.
    Staleness,
    /// A plain read is answered once the end is reached that the log had when the task began.
    CaughtUpBeforePlain,
    /// How fresh an answer is, is looked at before the row is.
    FreshnessBeforeTheRow,
    /// A conditional write is sent to another node only if it was not sent.
    SentOnce,
    /// The condition is looked at when everything below the record is applied.
    ConditionBelowTheRecord,
    /// That a condition does not hold is confirmed by the active one: it must not show older rows afterwards.
    RefusedByTheActive,
    /// A commit that is not answered is taken for neither committed nor aborted.
    UnknownIsUnknown,
    /// A write is acknowledged when the log has it.
    AcknowledgedByTheLog,
}
