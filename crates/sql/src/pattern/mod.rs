//! Patterns of dates and times as Java's `DateTimeFormatter` has them: `yyyy-MM-dd'T'HH:mm:ssX`. Names are English.
mod fields;
mod number;
mod offset;
mod read;
mod token;
mod write;
mod zone;

use std::fmt;

pub use fields::Moment;
pub use zone::Zone;

use token::Token;

/// A pattern, ready to read and write.
#[derive(Clone, Debug)]
pub struct Pattern {
    tokens: Vec<Token>,
}

/// A pattern that is malformed, a text that does not follow it, or a moment that lacks what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError(String);

impl PatternError {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PatternError {}

impl From<PatternError> for crate::EvaluationError {
    fn from(error: PatternError) -> Self {
        Self::new(error.0)
    }
}

impl Pattern {
    /// Reads a pattern.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        token::tokens(text).map(|tokens| Self { tokens })
    }

    /// The moment as text.
    pub fn write(&self, moment: &Moment<'_>) -> Result<String, PatternError> {
        let mut out = String::new();
        write::write(&self.tokens, moment, &mut out)?;
        Ok(out)
    }

    /// Days since 1970-01-01 of a text; what the pattern does not ask for is that of 1970-01-01.
    pub fn read_date(&self, text: &str) -> Result<i32, PatternError> {
        date(&read::read(&self.tokens, text)?, text)
    }

    /// The same of a text that may go on behind the date.
    pub fn read_date_before(&self, text: &str) -> Result<i32, PatternError> {
        date(&read::read_beginning(&self.tokens, text)?.0, text)
    }

    /// Milliseconds since midnight of a text.
    pub fn read_time(&self, text: &str) -> Result<i32, PatternError> {
        Ok(read::read(&self.tokens, text)?.ms_of_day()? as i32)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z of a text; `zone` counts where the text names none itself.
    pub fn read_timestamp(&self, text: &str, zone: &Zone) -> Result<i64, PatternError> {
        read::read(&self.tokens, text)?.instant(zone)
    }
}

fn date(found: &read::Found, text: &str) -> Result<i32, PatternError> {
    i32::try_from(found.days()?).map_err(|_| PatternError::new(format!("'{text}' is no DATE")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(pattern: &str, ms: i64, zone: &str) -> String {
        let zone = Zone::named(zone).unwrap();
        Pattern::new(pattern)
            .and_then(|pattern| pattern.write(&Moment::of_timestamp(ms, &zone)))
            .unwrap_or_else(|error| format!("error {error}"))
    }

    fn read(pattern: &str, text: &str, zone: &str) -> Result<i64, PatternError> {
        Pattern::new(pattern)?.read_timestamp(text, &Zone::named(zone)?)
    }

    #[test]
    fn writing() {
        let ms = 1_526_075_913_045; // 2018-05-11T21:58:33.045Z, a Friday
        for (pattern, zone, text) in [
            ("yyyy-MM-dd HH:mm:ss zzz", "America/Los_Angeles", "2018-05-11 14:58:33 PDT"),
            ("yyyy-MM-dd HH:mm:ss zzz", "Europe/London", "2018-05-11 22:58:33 BST"),
            ("yyyy-MM-dd'T'HH:mm:ssX", "UTC", "2018-05-11T21:58:33Z"),
            ("yy-M-d h:m:s a", "UTC", "18-5-11 9:58:33 PM"),
            ("EEE, d MMM uuuu", "UTC", "Fri, 11 May 2018"),
            ("EEEE d. MMMM G", "UTC", "Friday 11. May AD"),
            ("SSS SSSSSS S A n", "UTC", "045 045000 0 79113045 45000000"),
            ("D DDD w e Q QQQ", "UTC", "131 131 19 6 2 Q2"),
            ("X XX XXX x xxx Z ZZZZ", "Asia/Kolkata", "+0530 +0530 +05:30 +0530 +05:30 +0530 GMT+05:30"),
            ("X Z ZZZZZ O", "UTC", "Z +0000 Z GMT"),
            ("VV z", "+02:00", "+02:00 +02:00"),
            ("''yyyy'o''clock'", "UTC", "'2018o'clock"),
            ("K k [HH]", "UTC", "9 21 21"),
            ("YYYY-'W'ww", "UTC", "2018-W19"),
            ("ppH", "UTC", "21"),
            ("b", "UTC", "error Unknown pattern letter: b"),
            ("'open", "UTC", "error Pattern ends with an incomplete string literal: 'open"),
            ("[yyyy", "UTC", "2018"),
            ("yyyy]", "UTC", "error Pattern invalid as it contains ] without previous ["),
            ("HHH", "UTC", "error Too many pattern letters: H"),
        ] {
            assert_eq!(write(pattern, ms, zone), text, "{pattern}");
        }
    }

    #[test]
    fn reading() {
        for (pattern, text, zone, ms) in [
            ("yyyy-MM-dd'T'HH:mm:ssX", "2018-05-11T21:58:33Z", "UTC", 1_526_075_913_000),
            ("yyyy-MM-dd'T'HH:mm:ssX", "2020-05-11T21:58:33z", "UTC", 1_589_234_313_000),
            ("yyyy-MM-dd'T'HH:mm:ss.SX", "2019-08-27T13:31:09.2+0000", "UTC", 1_566_912_669_200),
            ("yyyy-MM-dd HH:mm:ss Z", "2018-05-11 23:58:33 +0200", "UTC", 1_526_075_913_000),
            ("yyyy-MM-dd HH:mm:ss", "2018-05-11 14:58:33", "America/Los_Angeles", 1_526_075_913_000),
            ("yyyy-MM-dd HH:mm:ss zzz", "2018-05-11 22:58:33 Europe/London", "UTC", 1_526_075_913_000),
            ("yyyy-MM-dd HH:mm:ss zzz", "2018-05-11 14:58:33 PDT", "UTC", 1_526_075_913_000),
            ("yyyyMMddHHmmss", "20180511215833", "UTC", 1_526_075_913_000),
            ("yy-MM-dd HH:mm:ssX", "18-05-11 21:58:33+00", "UTC", 1_526_075_913_000),
            ("dd-MMM-yyyy", "01-JAN-2022", "UTC", 1_640_995_200_000),
            ("MMM-yyyy", "JAN-2022", "UTC", 1_640_995_200_000),
            ("yyyy", "2022", "UTC", 1_640_995_200_000),
            ("EEE, d MMMM yyyy", "fri, 11 may 2018", "UTC", 1_525_996_800_000),
            ("hh:mm:ss a", "01:00:00 Pm", "UTC", 46_800_000),
            ("yyyy-DDD", "2018-131", "UTC", 1_525_996_800_000),
            ("yyyy-MM-dd[ HH:mm]", "2018-05-11", "UTC", 1_525_996_800_000),
            ("yyyy-MM-dd[ HH:mm]", "2018-05-11 00:01", "UTC", 1_525_996_860_000),
            // 02:30 does not exist on this day: the hour that was skipped is added.
            ("yyyy-MM-dd HH:mm", "2018-03-25 02:30", "Europe/Berlin", 1_521_941_400_000),
        ] {
            assert_eq!(read(pattern, text, zone), Ok(ms), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("yyyy-MM-dd", "2018-05"),
            ("yyyy-MM-dd", "2018-05-11x"),
            ("yyyy-MM-dd", "2018-13-11"),
            ("yyyy-MM-dd", "2018-5-11"),
            ("HH:mm", "24:00"),
            ("yyyy-MM-dd zzz", "2018-05-11 Nowhere"),
            ("EEE yyyy-MM-dd", "Mon 2018-05-11"),
            ("yyyy", ""),
        ] {
            assert!(read(pattern, text, "UTC").is_err(), "{pattern} {text}");
        }
    }
}
