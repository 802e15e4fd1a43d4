//! Lengths of time and windows.
use super::Name;

/// A number of units of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many.
    pub count: i64,
    /// Of what.
    pub unit: TimeUnit,
}

impl Span {
    /// In milliseconds, if that fits.
    pub fn millis(self) -> Option<i64> {
        self.count.checked_mul(self.unit.millis())
    }
}

/// A unit of time; written in the singular or the plural.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeUnit {
    /// `MILLISECONDS`
    Milliseconds,
    /// `SECONDS`
    Seconds,
    /// `MINUTES`
    Minutes,
    /// `HOURS`
    Hours,
    /// `DAYS`
    Days,
}

impl TimeUnit {
    /// All of them, the shortest first.
    pub const ALL: [Self; 5] = [Self::Milliseconds, Self::Seconds, Self::Minutes, Self::Hours, Self::Days];

    /// In the plural.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Milliseconds => "MILLISECONDS",
            Self::Seconds => "SECONDS",
            Self::Minutes => "MINUTES",
            Self::Hours => "HOURS",
            Self::Days => "DAYS",
        }
    }

    /// The unit of this name, in upper case, singular or plural.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| {
            let plural = unit.as_str();
            word == plural || plural.strip_suffix('S') == Some(word)
        })
    }

    /// Its length in milliseconds.
    pub fn millis(self) -> i64 {
        match self {
            Self::Milliseconds => 1,
            Self::Seconds => 1_000,
            Self::Minutes => 60_000,
            Self::Hours => 3_600_000,
            Self::Days => 86_400_000,
        }
    }
}

/// `WINDOW ...` of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// A name, which means nothing.
    pub name: Option<Name>,
    /// How time is cut.
    pub kind: WindowKind,
    /// `RETENTION`: how long windows are kept.
    pub retention: Option<Span>,
    /// `GRACE PERIOD`: how long after its end a window takes late records.
    pub grace: Option<Span>,
}

/// How a window cuts time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// One after the other.
    Tumbling {
        /// The length.
        size: Span,
    },
    /// Overlapping.
    Hopping {
        /// The length.
        size: Span,
        /// From one start to the next.
        advance: Span,
    },
    /// As long as records follow each other closely enough.
    Session {
        /// What parts two sessions.
        gap: Span,
    },
}
