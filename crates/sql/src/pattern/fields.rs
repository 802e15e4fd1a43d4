//! What a moment shows on calendar and clock.
use crate::value::calendar::{DAY_MS, Day};

use super::Zone;

/// A moment to be written: a day, a time of day, or both in a zone.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    pub(super) day: Option<Day>,
    pub(super) ms_of_day: Option<i64>,
    /// The instant, and where.
    pub(super) zone: Option<(i64, &'a Zone)>,
}

impl<'a> Moment<'a> {
    /// A day: days since 1970-01-01.
    pub fn of_date(days: i32) -> Self {
        Self { day: Some(Day::of_epoch(i64::from(days))), ms_of_day: None, zone: None }
    }

    /// A time of day: milliseconds since midnight.
    pub fn of_time(ms: i32) -> Self {
        Self { day: None, ms_of_day: Some(i64::from(ms).rem_euclid(DAY_MS)), zone: None }
    }

    /// An instant as a zone shows it: milliseconds since 1970-01-01T00:00:00Z.
    pub fn of_timestamp(ms: i64, zone: &'a Zone) -> Self {
        let shown = ms.saturating_add(zone.offset_ms(ms));
        Self {
            day: Some(Day::of_epoch(shown.div_euclid(DAY_MS))),
            ms_of_day: Some(shown.rem_euclid(DAY_MS)),
            zone: Some((ms, zone)),
        }
    }
}

/// The months.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The days of the week, from Monday on.
pub(super) const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A name as a text field of so many letters has it: three letters, all of it, or one.
pub(super) fn styled(name: &str, count: usize) -> &str {
    match count {
        4 => name,
        5 => &name[..1],
        _ => &name[..3],
    }
}
