//! What to do with the state that a task finds when it starts.
//!
//! Offsets alone don't tell whether a store may be continued: the log may be another one, have lost its tail, have
//! dropped records or tombstones that the store never saw. Each of these is a reason to rebuild.
use std::fmt;

use lentic_store::layout::PositionRecord;
use lentic_types::{Offset, Timestamp, TopicId};

use crate::log::Bounds;

/// What the log says, asked before anything is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Which creation of the topic there is.
    pub topic: TopicId,
    /// Its bounds.
    pub bounds: Bounds,
    /// The leader epoch of the last record below [`PositionRecord::read_to`], where known.
    pub epoch_below: Option<i32>,
    /// `delete.retention.ms` of a compacted topic: how long ago a store may have been current and still have seen
    /// every tombstone. `None` where tombstones don't vanish by compaction.
    pub horizon_ms: Option<u64>,
    /// When the bounds were asked for.
    pub asked_at: Timestamp,
}

/// Why a store can't be continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebuild {
    /// The topic was deleted and created again.
    TopicRecreated,
    /// The store is ahead of the log (unclean leader election, a restored backup, lost power).
    AheadOfLog,
    /// The last record below the position is another one than the store saw.
    Diverged,
    /// Records between the position and the log's start are gone.
    RetentionOvertook,
    /// Tombstones that the store has not seen may be gone.
    TombstoneHorizon,
}

impl fmt::Display for Rebuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TopicRecreated => "the topic was deleted and created again",
            Self::AheadOfLog => "the log ends before the store's position",
            Self::Diverged => {
                "the log below the store's position is no longer the one the store was built from"
            }
            Self::RetentionOvertook => "retention removed records that the store had not read",
            Self::TombstoneHorizon => {
                "the store was last current longer than delete.retention.ms ago, deletes may have been missed"
            }
        })
    }
}

/// The decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// There is no state: build it.
    Fresh,
    /// Read on from this offset.
    Continue(Offset),
    /// Build a new incarnation.
    Rebuild(Rebuild),
}

/// Decides; the first reason that holds wins.
pub fn decide(stored: Option<&PositionRecord>, facts: &Facts, now: Timestamp) -> Recovery {
    let Some(stored) = stored else { return Recovery::Fresh };
    let position = stored.position;
    if position.topic != facts.topic {
        return Recovery::Rebuild(Rebuild::TopicRecreated);
    }
    if position.offset > facts.bounds.end {
        return Recovery::Rebuild(Rebuild::AheadOfLog);
    }
    if facts.epoch_below.is_some_and(|epoch| position.epoch >= 0 && epoch >= 0 && epoch != position.epoch) {
        return Recovery::Rebuild(Rebuild::Diverged);
    }
    if position.offset < facts.bounds.start {
        return Recovery::Rebuild(Rebuild::RetentionOvertook);
    }
    if past_horizon(stored.current_at, facts.horizon_ms, now) && position.offset < facts.bounds.end {
        return Recovery::Rebuild(Rebuild::TombstoneHorizon);
    }
    Recovery::Continue(position.offset)
}

/// Whether a store that was last current at `current_at` may have missed deletes. Where nothing was appended since,
/// nothing was missed: the caller compares position and end.
pub fn past_horizon(current_at: Timestamp, horizon_ms: Option<u64>, now: Timestamp) -> bool {
    horizon_ms.is_some_and(|horizon| now.millis_since(current_at) > horizon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lentic_store::layout::Incarnation;
    use lentic_types::Position;

    #[test]
    fn decisions() {
        let topic = TopicId([1; 16]);
        let stored = |offset, epoch, current_at| PositionRecord {
            position: Position { topic, offset: Offset(offset), epoch },
            read_to: Offset(offset),
            incarnation: Incarnation(0),
            current_at: Timestamp(current_at),
            log_start: Offset(0),
            partitioners: 7,
            null_keys: 0,
            observed: Timestamp::NONE,
        };
        let facts = |start, end, epoch_below, horizon_ms| Facts {
            topic,
            bounds: Bounds { start: Offset(start), end: Offset(end) },
            epoch_below,
            horizon_ms,
            asked_at: Timestamp(1_000),
        };
        let cases = [
            ("nothing stored", None, facts(0, 9, None, None), Recovery::Fresh),
            (
                "continue",
                Some(stored(5, 2, 900)),
                facts(0, 9, Some(2), Some(500)),
                Recovery::Continue(Offset(5)),
            ),
            (
                "at the very start",
                Some(stored(3, -1, 900)),
                facts(3, 9, None, None),
                Recovery::Continue(Offset(3)),
            ),
            (
                "ahead",
                Some(stored(10, 2, 900)),
                facts(0, 9, None, None),
                Recovery::Rebuild(Rebuild::AheadOfLog),
            ),
            (
                "diverged",
                Some(stored(5, 2, 900)),
                facts(0, 9, Some(3), None),
                Recovery::Rebuild(Rebuild::Diverged),
            ),
            (
                "epoch unknown",
                Some(stored(5, -1, 900)),
                facts(0, 9, Some(3), None),
                Recovery::Continue(Offset(5)),
            ),
            (
                "overtaken",
                Some(stored(2, 2, 900)),
                facts(3, 9, None, None),
                Recovery::Rebuild(Rebuild::RetentionOvertook),
            ),
            (
                "horizon",
                Some(stored(5, 2, 499)),
                facts(0, 9, None, Some(500)),
                Recovery::Rebuild(Rebuild::TombstoneHorizon),
            ),
            (
                "horizon, nothing new",
                Some(stored(9, 2, 1)),
                facts(0, 9, None, Some(500)),
                Recovery::Continue(Offset(9)),
            ),
            (
                "never current",
                Some(stored(5, 2, -1)),
                facts(0, 9, None, Some(500)),
                Recovery::Rebuild(Rebuild::TombstoneHorizon),
            ),
        ];
        for (name, stored, facts, expected) in cases {
            assert_eq!(decide(stored.as_ref(), &facts, Timestamp(1_000)), expected, "{name}");
        }
        let other = Facts { topic: TopicId([2; 16]), ..facts(0, 9, None, None) };
        assert_eq!(
            decide(Some(&stored(5, 2, 900)), &other, Timestamp(1_000)),
            Recovery::Rebuild(Rebuild::TopicRecreated)
        );
    }
}
