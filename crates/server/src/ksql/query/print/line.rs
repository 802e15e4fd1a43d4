//! A record as a line, and what its bytes seem to be.
use std::fmt::Write as _;

use lentic::types::{PartitionId, RecordView};

use super::window::WindowedKey;

/// `rowtime: 2022/12/02 17:22:02.556 Z, key: 18, value: {"A":1}, partition: 0`
pub(super) fn append(record: &RecordView<'_>, partition: PartitionId, lines: &mut String) {
    let _ = writeln!(
        lines,
        "rowtime: {}, key: {}, value: {}, partition: {partition}",
        time(record.timestamp.0),
        key_text(record.key),
        text(record.value),
    );
}

/// In UTC.
fn time(ms: i64) -> String {
    let days = ms.div_euclid(86_400_000);
    let in_day = ms.rem_euclid(86_400_000);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (in_day / 3_600_000, in_day / 60_000 % 60, in_day / 1_000 % 60);
    format!("{year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}.{:03} Z", in_day % 1_000)
}

/// Year, month and day of a day since 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// What bytes seem to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Nothing,
    Json,
    Text,
    Int,
    Bigint,
    Other,
}

impl Kind {
    pub(super) fn of(bytes: Option<&[u8]>) -> Self {
        let Some(bytes) = bytes else { return Self::Nothing };
        let is_text = str::from_utf8(bytes)
            .is_ok_and(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()));
        if is_text {
            let is_json = matches!(bytes.first(), Some(b'{' | b'['))
                && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
            return if is_json { Self::Json } else { Self::Text };
        }
        match bytes.len() {
            4 => Self::Int,
            8 => Self::Bigint,
            _ => Self::Other,
        }
    }

    /// As ksqlDB names what it may be.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "¯\\_(ツ)_/¯ - no data processed",
            Self::Json => "JSON or KAFKA_STRING",
            Self::Text => "KAFKA_STRING",
            Self::Int => "KAFKA_INT",
            Self::Bigint => "KAFKA_BIGINT or KAFKA_DOUBLE",
            Self::Other => "UNRECOGNIZED_BYTES",
        }
    }
}

fn key_text(bytes: Option<&[u8]>) -> String {
    let windowed = bytes.and_then(WindowedKey::of);
    windowed.map_or_else(|| text(bytes), |windowed| windowed.text())
}

pub(super) fn text(bytes: Option<&[u8]>) -> String {
    let Some(given) = bytes else { return "<null>".to_owned() };
    match Kind::of(bytes) {
        Kind::Int => {
            given.try_into().map_or_else(|_| hex(given), |four| i32::from_be_bytes(four).to_string())
        }
        Kind::Bigint => {
            given.try_into().map_or_else(|_| hex(given), |eight| i64::from_be_bytes(eight).to_string())
        }
        Kind::Other => hex(given),
        _ => String::from_utf8_lossy(given).into_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = "0x".to_owned();
    for byte in bytes {
        let _ = write!(text, "{byte:02X}");
    }
    text
}

/// What keys and values seem to be; told once, with the first that there are.
#[derive(Debug, Default)]
pub(super) struct Guess {
    key: bool,
    value: bool,
}

impl Guess {
    pub(super) fn tell(&mut self, key: Option<&[u8]>, value: Option<&[u8]>, lines: &mut String) {
        if !self.key
            && let Some(bytes) = key
        {
            let name =
                WindowedKey::of(bytes).map_or_else(|| Kind::of(key).name().to_owned(), |key| key.name());
            let _ = writeln!(lines, "Key format: {name}");
            self.key = true;
        }
        if !self.value && value.is_some() {
            let _ = writeln!(lines, "Value format: {}", Kind::of(value).name());
            self.value = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use lentic::types::{Offset, Timestamp};

    use super::*;

    #[test]
    fn records_are_lines() {
        for (ms, key, value, expected) in [
            (
                1_670_001_722_556,
                Some(&b"18"[..]),
                Some(&br#"{"A":1}"#[..]),
                r#"2022/12/02 17:22:02.556 Z, key: 18, value: {"A":1}"#,
            ),
            (0, None, Some(&[0, 0, 0, 7][..]), "1970/01/01 00:00:00.000 Z, key: <null>, value: 7"),
            // Values have no windows.
            (
                1,
                Some(b"a\0\0\x01\x71\x0f\xa6\x82\x40"),
                Some(b"a\0\0\x01\x71\x0f\xa6\x82\x40"),
                "1970/01/01 00:00:00.001 Z, key: [a@1585105502784/-], value: 0x61000001710FA68240",
            ),
            (-1, Some(&[0xff][..]), None, "1969/12/31 23:59:59.999 Z, key: 0xFF, value: <null>"),
        ] {
            let record = RecordView { offset: Offset(0), timestamp: Timestamp(ms), key, value };
            let mut lines = String::new();
            append(&record, PartitionId(3), &mut lines);
            assert_eq!(lines, format!("rowtime: {expected}, partition: 3\n"));
        }
    }

    #[test]
    fn formats_are_told_once() {
        let (mut guess, mut lines) = (Guess::default(), String::new());
        guess.tell(None, Some(b"{}"), &mut lines);
        guess.tell(Some(b"k"), Some(b"{}"), &mut lines);
        guess.tell(Some(b"l"), Some(b"x"), &mut lines);
        assert_eq!(lines, "Value format: JSON or KAFKA_STRING\nKey format: KAFKA_STRING\n");
        let (mut guess, mut lines) = (Guess::default(), String::new());
        guess.tell(Some(b"a\0\0\x01\x71\x0f\xa6\x82\x40"), None, &mut lines);
        assert_eq!(lines, "Key format: HOPPING(KAFKA_STRING) or TUMBLING(KAFKA_STRING)\n");
    }
}
