//! DATE, TIME and TIMESTAMP as ISO 8601 text.
use super::calendar::{DAY_MS, Day};

/// `2018-05-11`; years beyond 9999 carry a sign.
pub fn date_text(days: i32) -> String {
    day_text(Day::of_epoch(i64::from(days)))
}

fn day_text(Day { year, month, day }: Day) -> String {
    match year {
        0..=9999 => format!("{year:04}-{month:02}-{day:02}"),
        10_000.. => format!("+{year}-{month:02}-{day:02}"),
        _ => format!("-{:04}-{month:02}-{day:02}", -year),
    }
}

/// `00:01`, with seconds and milliseconds only where they are not zero, as Java's `LocalTime` prints itself.
pub fn time_text(ms: i32) -> String {
    let (hour, minute, second, ms) = clock(i64::from(ms).rem_euclid(DAY_MS));
    match (second, ms) {
        (0, 0) => format!("{hour:02}:{minute:02}"),
        (_, 0) => format!("{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}.{ms:03}"),
    }
}

/// `1970-01-01T00:00:00.010` in UTC.
pub fn timestamp_text(ms: i64) -> String {
    let (hour, minute, second, of_second) = clock(ms.rem_euclid(DAY_MS));
    let day = day_text(Day::of_epoch(ms.div_euclid(DAY_MS)));
    format!("{day}T{hour:02}:{minute:02}:{second:02}.{of_second:03}")
}

/// Hour, minute, second, millisecond of a time of day.
pub fn clock(ms: i64) -> (i64, i64, i64, i64) {
    (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

/// Days of `yyyy-MM-dd`; the day, or month and day, may be missing and then are the first.
pub fn parse_date(text: &str) -> Option<i32> {
    let mut reader = Reader(text);
    let day = reader.date()?;
    i32::try_from(day.epoch()).ok().filter(|_| reader.0.is_empty())
}

/// Milliseconds of `HH:mm`, `HH:mm:ss` or `HH:mm:ss.SSS` (any number of digits behind the point).
pub fn parse_time(text: &str) -> Option<i32> {
    let mut reader = Reader(text);
    let hour = reader.digits(2)?;
    let ms = reader.eat(':').then(|| reader.clock(hour))??;
    reader.0.is_empty().then_some(ms as i32)
}

/// Milliseconds of a date, then maybe `T` and as much of a time as there is, then maybe an offset like `Z` or `+01:00`;
/// without an offset the time is UTC.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let mut reader = Reader(text);
    let days = reader.date()?.epoch();
    let mut ms = 0;
    if reader.eat('T') && !reader.0.is_empty() {
        let hour = reader.digits(2)?;
        ms = match (hour, reader.eat(':')) {
            // The end of a day is the beginning of the next.
            (24, false) => DAY_MS,
            (hour, true) => reader.clock(hour)?,
            (hour, false) => hour_ms(hour)?,
        };
    }
    let offset = reader.offset()?;
    reader.0.is_empty().then_some(days * DAY_MS + ms - offset)
}

fn hour_ms(hour: i64) -> Option<i64> {
    (hour < 24).then_some(hour * 3_600_000)
}

/// What is left to read.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn eat(&mut self, c: char) -> bool {
        let rest = self.0.strip_prefix(c);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let digits = self.0.get(..count).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
        self.0 = &self.0[count..];
        digits.parse().ok()
    }

    fn date(&mut self) -> Option<Day> {
        let negative = self.eat('-');
        let long = !negative && self.eat('+');
        let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let fits = if long || negative { (4..=9).contains(&count) } else { count == 4 };
        let year = if fits { self.digits(count)? } else { return None };
        let year = if negative { -year } else { year };
        let month = if self.eat('-') { self.digits(2)? } else { 1 };
        let day = if self.eat('-') { self.digits(2)? } else { 1 };
        Day::new(year, month, day)
    }

    /// Minutes and what may follow them.
    fn clock(&mut self, hour: i64) -> Option<i64> {
        let minute = self.digits(2)?;
        let second = if self.eat(':') { self.digits(2)? } else { 0 };
        let mut ms = 0;
        if self.eat('.') {
            let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
            let shown = count.min(3);
            ms = self.digits(shown).filter(|_| (1..=9).contains(&count))? * 10_i64.pow(3 - shown as u32);
            self.0 = &self.0[count - shown..];
        }
        let fits = minute < 60 && second < 60;
        hour_ms(hour).filter(|_| fits).map(|hour| hour + minute * 60_000 + second * 1000 + ms)
    }

    /// Milliseconds that a zone is ahead of UTC; none is UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.eat('Z') || self.eat('z') {
            return Some(0);
        }
        let sign = if self.eat('-') { -1 } else { self.eat('+').then_some(1)? };
        let hour = self.digits(2)?;
        self.eat(':');
        let minute = if self.0.is_empty() { 0 } else { self.digits(2)? };
        (hour <= 18 && minute < 60).then_some(sign * (hour * 3_600_000 + minute * 60_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (text, days) in
            [("1970-01-10", 9), ("1970-01", 0), ("1970", 0), ("1969-12-31", -1), ("+10000-01-01", 2_932_897)]
        {
            assert_eq!(parse_date(text), Some(days), "{text}");
        }
        for text in ["", "foo", "1970-1-1", "70-01-01", "1970-02-30", "1970-01-01x", "1970-01-01T00", "1970-"]
        {
            assert_eq!(parse_date(text), None, "{text}");
        }
        assert_eq!(date_text(-1), "1969-12-31");
        assert_eq!(date_text(2_932_897), "+10000-01-01");
        assert_eq!(date_text(i32::MIN), "-5877641-06-23");
    }

    #[test]
    fn times() {
        for (text, ms) in
            [("00:00:00.010", 10), ("00:00:01", 1000), ("00:01", 60_000), ("23:59:59.9999", 86_399_999)]
        {
            assert_eq!(parse_time(text), Some(ms), "{text}");
        }
        for text in ["", "foo", "24:00", "00:60", "00:00:60", "00", "0:00", "00:00:00.", "00:00Z"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
        for (ms, text) in [(0, "00:00"), (60_220_000, "16:43:40"), (10, "00:00:00.010"), (61_000, "00:01:01")]
        {
            assert_eq!(time_text(ms), text);
        }
    }

    #[test]
    fn timestamps() {
        for (text, ms) in [
            ("1970-01-01T00:00:00.010", 10),
            ("1970-01-01T00:00:01", 1000),
            ("2022-04-28T21:44:47.943", 1_651_182_287_943),
            ("2022-04-28T21:44:47.943Z", 1_651_182_287_943),
            ("2022-04-28T23:44:47.943+02:00", 1_651_182_287_943),
            ("2022-04-28T19:44:47.943-0200", 1_651_182_287_943),
            ("2022-06-14", 1_655_164_800_000),
            ("1970-01-01T01", 3_600_000),
            ("1970", 0),
        ] {
            assert_eq!(parse_timestamp(text), Some(ms), "{text}");
        }
        for text in
            ["", "foo", "1970-01-01 00:00", "1970-01-01T25:00", "1970-01-01T00:00+", "1970-01-01T00:00:00ZZ"]
        {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
        assert_eq!(timestamp_text(60_220_000_000), "1971-11-28T23:46:40.000");
        assert_eq!(timestamp_text(-1), "1969-12-31T23:59:59.999");
    }
}
