//! Whether a read may be answered from what a task shows: freshness as demanded.
use lentic_types::{Offset, Timestamp};

use crate::{TaskState, TaskView};

/// Whether a task's rows are fresh enough for a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readable {
    /// They are.
    Now,
    /// The task has not reached the end that its log had when it began, or has failed.
    NotLive,
    /// They were proven current too long ago, or never.
    TooStale,
}

impl TaskState {
    /// Whether there are rows to read, be they old ones.
    pub fn is_built(self) -> bool {
        !matches!(self, Self::Starting | Self::Restoring)
    }

    /// Whether the position is none of the log as it is now: of no rows yet, or of rows that are being replaced, which may come
    /// from a log that was another one.
    pub fn is_building(self) -> bool {
        matches!(self, Self::Starting | Self::Restoring | Self::Rebuilding)
    }
}

impl TaskView {
    /// Whether everything below an offset is in the rows.
    pub fn has_reached(&self, end: Offset) -> bool {
        self.progress.position >= end && !self.state.is_building()
    }

    /// How long ago the rows were proven current, in milliseconds.
    pub fn staleness_ms(&self, now: Timestamp) -> Option<u64> {
        self.progress.current_at.map(|at| now.millis_since(at))
    }

    /// Whether a read may be answered. A plain one waits for the end that the log had when the task began; who accepts rows that were
    /// current at some time or later is answered while it is still catching up.
    pub fn readable(&self, current_at: Option<Timestamp>) -> Readable {
        match current_at {
            None if self.state == TaskState::Live => Readable::Now,
            Some(wanted) if self.state.is_built() => {
                let is_fresh = self.progress.current_at.is_some_and(|proven| proven >= wanted);
                if is_fresh { Readable::Now } else { Readable::TooStale }
            }
            None | Some(_) => Readable::NotLive,
        }
    }
}

#[cfg(test)]
mod tests {
    use lentic_types::Progress;

    use super::*;

    #[test]
    fn what_is_answered_when() {
        use Readable::{NotLive, Now, TooStale};
        use TaskState::{CatchingUp, Failed, Live, Rebuilding, Restoring, Starting};
        let proven = Some(Timestamp(90));
        for (state, current_at, plain, at_90, at_91) in [
            (Starting, None, NotLive, NotLive, NotLive),
            (Restoring, None, NotLive, NotLive, NotLive),
            (Rebuilding, proven, NotLive, Now, TooStale),
            (CatchingUp, None, NotLive, TooStale, TooStale),
            (CatchingUp, proven, NotLive, Now, TooStale),
            (Live, proven, Now, Now, TooStale),
            (Live, None, Now, TooStale, TooStale),
            (Failed, proven, NotLive, Now, TooStale),
        ] {
            let progress = Progress { position: Offset(5), end: Offset(5), current_at };
            let view = TaskView { state, progress, ..TaskView::default() };
            let found = [None, Some(90), Some(91)].map(|at| view.readable(at.map(Timestamp)));
            assert_eq!(found, [plain, at_90, at_91], "{state:?} {current_at:?}");
            let reached = [5, 6].map(|end| view.has_reached(Offset(end)));
            assert_eq!(reached, [!state.is_building(), false], "{state:?}");
        }
    }
}
