//! Days and milliseconds to the fields of the proleptic Gregorian calendar and back, without the limits of any library.

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Year zero is 1 BC.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Day {
    /// `None` for a day that the calendar does not have.
    pub fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        let month = u8::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
        let day = u8::try_from(day).ok().filter(|day| (1..=days_in(year, month)).contains(day))?;
        (year.abs() <= 999_999_999).then_some(Self { year, month, day })
    }

    /// The day that is so many days after 1970-01-01.
    pub fn of_epoch(days: i64) -> Self {
        // Years of this count begin in March, so that the leap day is the last of its year, and 400 of them repeat.
        let days = days + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        Self { year: year + era * 400 + i64::from(month <= 2), month: month as u8, day: day as u8 }
    }

    /// Days since 1970-01-01.
    pub fn epoch(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = self.year - i64::from(month <= 2);
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// 1 to 366.
    pub fn of_year(self) -> i64 {
        self.epoch() - Self { month: 1, day: 1, ..self }.epoch() + 1
    }

    /// Monday is 1, Sunday 7.
    pub fn weekday(self) -> i64 {
        (self.epoch() + 3).rem_euclid(7) + 1
    }

    /// The week of ISO 8601 and the year that it belongs to.
    pub fn iso_week(self) -> (i64, i64) {
        let thursday = Self::of_epoch(self.epoch() - self.weekday() + 4);
        (thursday.year, (thursday.of_year() - 1) / 7 + 1)
    }
}

/// Whether February has 29 days.
pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The last day of a month.
pub fn days_in(year: i64, month: u8) -> u8 {
    match month {
        2 => 28 + u8::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_there_and_back() {
        for (days, year, month, day) in [
            (0, 1970, 1, 1),
            (-1, 1969, 12, 31),
            (17662, 2018, 5, 11),
            (11016, 2000, 2, 29),
            (-719_528, 0, 1, 1),
            (2_932_896, 9999, 12, 31),
        ] {
            assert_eq!(Day::of_epoch(days), Day { year, month, day });
            assert_eq!(Day { year, month, day }.epoch(), days);
        }
        for days in (-1_000_000..1_000_000).step_by(37) {
            assert_eq!(Day::of_epoch(days).epoch(), days);
        }
    }

    #[test]
    fn weeks() {
        assert_eq!(Day::new(1970, 1, 1).map(Day::weekday), Some(4));
        assert_eq!(Day::new(2021, 1, 3).map(Day::iso_week), Some((2020, 53)));
        assert_eq!(Day::new(2018, 12, 31).map(Day::iso_week), Some((2019, 1)));
        assert_eq!(Day::new(2020, 12, 31).map(Day::of_year), Some(366));
        assert_eq!(Day::new(2021, 2, 29), None);
        assert_eq!(Day::new(2021, 13, 1), None);
    }
}
