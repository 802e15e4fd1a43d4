//! Windows: how time is cut.
use std::time::Duration;

/// A stretch of time, in milliseconds since the epoch. Whether the end belongs to it is said by what made it: it does in
/// sliding windows and sessions, not in tumbling and hopping windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// The first millisecond.
    pub start: i64,
    /// The end.
    pub end: i64,
}

/// Tumbling, hopping or unlimited windows: aligned to the epoch, or to a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWindows {
    /// Length in milliseconds; `i64::MAX` of unlimited windows.
    pub size_ms: i64,
    /// From one start to the next.
    pub advance_ms: i64,
    /// How long after its end a window takes late records.
    pub grace_ms: i64,
    /// Of unlimited windows: the one start.
    pub unlimited_from: Option<i64>,
}

impl TimeWindows {
    /// Windows of this size, one after the other, which take no late records.
    pub fn tumbling(size: Duration) -> Self {
        let size_ms = millis(size);
        Self { size_ms, advance_ms: size_ms, grace_ms: 0, unlimited_from: None }
    }

    /// Overlapping windows of this size, one beginning every `advance`; they take no late records.
    pub fn hopping(size: Duration, advance: Duration) -> Self {
        Self { advance_ms: millis(advance), ..Self::tumbling(size) }
    }

    /// One window from `start_ms` (since the epoch) on that never ends.
    pub fn unlimited(start_ms: i64) -> Self {
        Self { size_ms: i64::MAX, advance_ms: i64::MAX, grace_ms: 0, unlimited_from: Some(start_ms) }
    }

    /// How long after its end a window takes late records.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace_ms: millis(grace), ..self }
    }

    /// The windows that a record belongs to, by their starts: Kafka Streams' `windowsFor`, so none begins below 0.
    pub fn windows_for(&self, timestamp: i64) -> impl Iterator<Item = Window> {
        let (first, advance, size) = match self.unlimited_from {
            Some(start) => (start, i64::MAX, i64::MAX),
            None => {
                let earliest = (timestamp - self.size_ms + self.advance_ms).max(0);
                (earliest / self.advance_ms * self.advance_ms, self.advance_ms, self.size_ms)
            }
        };
        std::iter::successors(Some(first), move |start| start.checked_add(advance))
            .take_while(move |start| *start <= timestamp)
            .map(move |start| Window { start, end: start.saturating_add(size) })
    }

    /// How long the store of such windows keeps them, in milliseconds.
    pub fn retention_ms(&self) -> i64 {
        self.size_ms.saturating_add(self.grace_ms)
    }
}

/// Windows that follow the records: all records at most `difference` apart, ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlidingWindows {
    /// Greatest distance of two records of a window, in milliseconds.
    pub difference_ms: i64,
    /// How long after its end a window takes late records.
    pub grace_ms: i64,
}

impl SlidingWindows {
    /// Windows of records at most this far apart, which take no late records.
    pub fn within(difference: Duration) -> Self {
        Self { difference_ms: millis(difference), grace_ms: 0 }
    }

    /// How long after its end a window takes late records.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace_ms: millis(grace), ..self }
    }
}

/// Windows of activity, ended by a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionWindows {
    /// Records further apart than this belong to different sessions; milliseconds.
    pub gap_ms: i64,
    /// How long a session takes late records.
    pub grace_ms: i64,
}

impl SessionWindows {
    /// Sessions that end after this much inactivity, and take no late records.
    pub fn with_gap(gap: Duration) -> Self {
        Self { gap_ms: millis(gap), grace_ms: 0 }
    }

    /// How long a session takes late records.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace_ms: millis(grace), ..self }
    }
}

/// How far apart records of two streams may be to be joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinWindows {
    /// The other record may be this much earlier; milliseconds.
    pub before_ms: i64,
    /// And this much later.
    pub after_ms: i64,
    /// How long after its end a window takes late records.
    pub grace_ms: i64,
    /// The join's name, from which its stores and topics have theirs.
    pub name: Option<String>,
    /// Whether a record without a partner gives its result at once, not when its window is closed.
    pub is_eager: bool,
}

impl JoinWindows {
    /// Records at most this far apart, either way; no late ones.
    pub fn within(difference: Duration) -> Self {
        let difference = millis(difference);
        Self { before_ms: difference, after_ms: difference, grace_ms: 0, name: None, is_eager: false }
    }

    /// The other record may be this much earlier.
    #[must_use]
    pub fn before(self, before: Duration) -> Self {
        Self { before_ms: millis(before), ..self }
    }

    /// The other record may be this much later.
    #[must_use]
    pub fn after(self, after: Duration) -> Self {
        Self { after_ms: millis(after), ..self }
    }

    /// How long after its end a window takes late records.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace_ms: millis(grace), ..self }
    }

    /// Left and outer joins: a record that comes and has no partner yet gives a result at once, and one more with each
    /// partner that comes later. Nothing is told when windows close. Kafka Streams' `JoinWindows.of`, which has a grace of
    /// 24 hours: that is asked for by [`JoinWindows::grace`].
    #[must_use]
    pub fn eager(self) -> Self {
        Self { is_eager: true, ..self }
    }

    /// Names the join; else its name is made of those of the two streams.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }
}

/// Whole milliseconds, at most what fits.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
