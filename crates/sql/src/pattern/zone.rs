//! Time zones by the names that Java knows.
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use crate::value::calendar::{DAY_MS, Day};
use crate::value::temporal::clock;

use super::PatternError;
use super::offset::{offset_text, read_offset};

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// The short names that Java has kept from its first days.
const SHORT: &[(&str, &str)] = &[
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
];

/// What jiff can place in time; beyond it the zone's offset at the end counts.
const RANGE_MS: std::ops::RangeInclusive<i64> = -377_000_000_000_000..=253_000_000_000_000;

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    /// A zone that is so many milliseconds ahead of UTC.
    pub(super) fn fixed(offset_ms: i64) -> Result<Self, PatternError> {
        let seconds = i32::try_from(offset_ms / 1000).unwrap_or(i32::MAX);
        let offset = Offset::from_seconds(seconds).map_err(|error| PatternError::new(error.to_string()))?;
        let name = if seconds == 0 { "Z".to_owned() } else { offset_text(offset_ms, ":", false) };
        Ok(Self { name, zone: TimeZone::fixed(offset) })
    }

    /// By a region (`Europe/London`), an offset (`+0200`, `GMT+2`, `Z`) or one of Java's short names.
    pub fn named(name: &str) -> Result<Self, PatternError> {
        if matches!(name, "UTC" | "GMT" | "UT" | "Z") {
            return Ok(Self { name: name.to_owned(), zone: TimeZone::UTC });
        }
        let unknown = || PatternError::new(format!("Unknown time-zone ID: {name}"));
        let offset = ["UTC", "GMT", "UT"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
        if offset.starts_with(['+', '-']) {
            let (offset_ms, rest) = read_offset(offset, None).ok_or_else(unknown)?;
            let zone = Self::fixed(offset_ms).map_err(|_| unknown())?;
            return if rest.is_empty() { Ok(Self { name: name.to_owned(), ..zone }) } else { Err(unknown()) };
        }
        let region = SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, region)| region);
        let zone = TimeZone::get(region).map_err(|_| unknown())?;
        Ok(Self { name: name.to_owned(), zone })
    }

    /// Its name, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Milliseconds that it is ahead of UTC at a moment.
    pub fn offset_ms(&self, ms: i64) -> i64 {
        i64::from(self.zone.to_offset(moment(ms)).seconds()) * 1000
    }

    /// What it is called at a moment: `PDT`, or an offset.
    pub(super) fn abbreviation(&self, ms: i64) -> String {
        if self.zone.iana_name().is_none() {
            return self.name.clone();
        }
        self.zone.to_offset_info(moment(ms)).abbreviation().to_owned()
    }

    /// The moment at which its clocks show this; of two the earlier one, and what they skip is shifted by as much, as in Java.
    pub(super) fn instant(&self, days: i64, ms_of_day: i64) -> i64 {
        let local = days.saturating_mul(DAY_MS).saturating_add(ms_of_day);
        let guess = || local - self.offset_ms(local);
        let Some(shown) = civil(days, ms_of_day) else { return guess() };
        match self.zone.to_ambiguous_timestamp(shown).compatible() {
            Ok(found) => found.as_millisecond(),
            Err(_) => guess(),
        }
    }
}

fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms.clamp(*RANGE_MS.start(), *RANGE_MS.end())).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn civil(days: i64, ms_of_day: i64) -> Option<DateTime> {
    let day = Day::of_epoch(days);
    let date = Date::new(i16::try_from(day.year).ok()?, day.month as i8, day.day as i8).ok()?;
    let (hour, minute, second, ms) = clock(ms_of_day);
    let time = Time::new(hour as i8, minute as i8, second as i8, ms as i32 * 1_000_000).ok()?;
    Some(date.to_datetime(time))
}

/// The full names of zones that stand behind a text's abbreviation, daylight saving included.
pub(super) const ABBREVIATIONS: &[(&str, &str)] = &[
    ("PST", "America/Los_Angeles"),
    ("PDT", "America/Los_Angeles"),
    ("MST", "America/Denver"),
    ("MDT", "America/Denver"),
    ("CST", "America/Chicago"),
    ("CDT", "America/Chicago"),
    ("EST", "America/New_York"),
    ("EDT", "America/New_York"),
    ("BST", "Europe/London"),
    ("CET", "Europe/Paris"),
    ("CEST", "Europe/Paris"),
    ("JST", "Asia/Tokyo"),
    ("IST", "Asia/Kolkata"),
];
