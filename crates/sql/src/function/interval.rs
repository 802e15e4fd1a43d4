//! Units of time as arguments: `TIMESTAMPADD(DAYS, 1, ts)`.

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntervalUnit {
    /// 1 ms.
    Milliseconds,
    /// 1,000 ms.
    Seconds,
    /// 60 seconds.
    Minutes,
    /// 60 minutes.
    Hours,
    /// 24 hours.
    Days,
}

impl IntervalUnit {
    /// By its name, singular or plural, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "MILLISECOND" | "MILLISECONDS" => Self::Milliseconds,
            "SECOND" | "SECONDS" => Self::Seconds,
            "MINUTE" | "MINUTES" => Self::Minutes,
            "HOUR" | "HOURS" => Self::Hours,
            "DAY" | "DAYS" => Self::Days,
            _ => return None,
        })
    }

    /// Milliseconds of so many; stops at the ends of 64 bits, as Java's `TimeUnit` does.
    pub fn ms(self, count: i64) -> i64 {
        let unit = match self {
            Self::Milliseconds => 1,
            Self::Seconds => 1000,
            Self::Minutes => 60_000,
            Self::Hours => 3_600_000,
            Self::Days => 86_400_000,
        };
        count.saturating_mul(unit)
    }
}
