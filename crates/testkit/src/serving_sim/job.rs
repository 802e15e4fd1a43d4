//! What a process is asked, by a client or by another process, and what it says.
use std::sync::Arc;

use lentic_cluster::{CompareAndSet, ReadRoute, Role, Standing, Wanted, WriteRoute};
use lentic_types::{Offset, PartitionId, Timestamp};

/// What must hold for a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Absent,
    Is(Offset),
}

/// What a reader demands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demand {
    pub(super) at_least: Option<Offset>,
    pub(super) max_staleness_ms: Option<i64>,
    pub(super) active: bool,
}

impl Demand {
    pub(super) fn wanted(&self) -> Wanted {
        Wanted { active: self.active, may_be_old: self.max_staleness_ms.is_some() }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Ask {
    Read(Demand),
    /// Put, or delete.
    Write(Option<u64>),
    WriteIf(u64, Condition),
    /// Whether the active one has applied this.
    Applied(Offset),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A row, or none; everything below the position is in the answer.
    Row {
        row: Option<(Offset, u64)>,
        position: Offset,
        role: Role,
        /// The start of the process that answered.
        by: u64,
    },
    Written {
        offset: Offset,
        applied: bool,
    },
    /// The condition does not hold just before this offset; whether the active one is known to have all below it.
    Precondition {
        below: Offset,
        applied: bool,
    },
    /// Nothing was written.
    NotWritten,
    /// It may have been written.
    Unknown,
    /// The active one has applied it.
    Applied,
    NotKept,
    NoActive,
    CatchingUp,
    NotReached,
    TooStale,
}

impl Said {
    /// Whether another node may know better.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::NotKept | Self::NoActive | Self::CatchingUp)
    }
}

/// Another process that was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) job: u64,
    pub(super) node: Arc<str>,
    pub(super) start: u64,
}

/// What the log has made of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decided {
    /// Written at this offset.
    Written(Offset),
    /// The condition did not hold just before this offset.
    Refused(Offset),
}

impl Decided {
    /// The last offset that it shows something of.
    pub(super) fn last(self) -> Option<Offset> {
        match self {
            Self::Written(offset) => Some(offset),
            Self::Refused(below) => below.0.checked_sub(1).map(Offset),
        }
    }

    /// Its answer; `applied`: whether the active one has applied that.
    pub(super) fn said(self, applied: bool) -> Said {
        match self {
            Self::Written(offset) => Said::Written { offset, applied },
            Self::Refused(below) => Said::Precondition { below, applied },
        }
    }
}

/// How far it is.
pub(super) enum Stage {
    Begin,
    /// A read looks for who answers it.
    Looking(ReadRoute),
    AskingRead(ReadRoute, Vec<(Arc<str>, Role)>, Asked, Option<Said>),
    Pausing(ReadRoute, Timestamp),
    /// It waits for what is demanded.
    Waiting,
    Admitted,
    Begun(Option<Standing>),
    Viewed(Option<Standing>, Offset),
    RowFirst(Option<Standing>, Option<(Offset, u64)>),
    Found(Option<Standing>, Offset, Option<(Offset, u64)>),
    /// The log has decided a write: the active one is to confirm that it has applied what that shows, until then.
    Confirming(Decided, Timestamp),
    AskingApplied(Decided, Timestamp, Asked),
    /// A conditional write looks for its owner.
    AskingWrite(WriteRoute, Vec<(Arc<str>, Role)>, Asked),
    Deciding(CompareAndSet, Timestamp),
}

pub(super) struct Job {
    pub(super) id: u64,
    pub(super) ask: Ask,
    pub(super) partition: PartitionId,
    pub(super) key: String,
    pub(super) is_hop: bool,
    pub(super) began: Timestamp,
    pub(super) stage: Stage,
    /// Until then something holds it up.
    pub(super) held_until: Timestamp,
}

/// How long a request may take.
const DEADLINE_MS: u64 = 4_000;

impl Job {
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        now.millis_since(self.began) > DEADLINE_MS
    }
}
