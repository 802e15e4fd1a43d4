//! Times in parameters: milliseconds since the epoch, or RFC 3339.
use lentic::types::Timestamp;

use crate::error::{Code, Error, Result};
use crate::http::Query;

/// The time that a parameter names.
pub(super) fn moment(query: &Query, name: &str) -> Result<Option<Timestamp>> {
    query.text(name)?.map(|text| read(name, text)).transpose()
}

/// A time in the value of a parameter.
pub(super) fn read(name: &str, text: &str) -> Result<Timestamp> {
    let millis = text.parse().ok().or_else(|| rfc3339(text));
    millis.map(Timestamp).ok_or_else(|| {
        Error::new(
            Code::BadParameter,
            format!(
                "{name} is {text:?}: use milliseconds since 1970, or a time like 2026-01-31T09:30:00Z (a + before the \
                 offset is %2B in an address)"
            ),
        )
    })
}

/// `YYYY-MM-DDTHH:MM:SS`, a fraction, and `Z` or the offset from it. What is below a millisecond is cut off.
fn rfc3339(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, rest) = rest.split_at_checked(8)?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?),
        None => ("0", rest),
    };
    if fraction.is_empty() || !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    // A leap second is the second before it.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            // A + that was not escaped arrives as a space.
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let [hours, minutes] = numbers(zone.strip_prefix(['+', '-', ' '])?, ':', [2, 2])?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            sign * (hours * 60 + minutes)
        }
    };
    let millis = format!("{fraction:0<3}")[..3].parse::<i64>().ok()?;
    let minutes = days_since_epoch(year, month, day) * 1_440 + hour * 60 + minute - offset;
    Some((minutes * 60 + second.min(59)) * 1_000 + millis)
}

/// Numbers of these many digits.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(between);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        *number = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let before_year = year * 365 + leap_days((year - 1).max(0)) + i64::from(year > 0);
    let before_month: i64 = (1..month).map(|month| days_in(year, month)).sum();
    before_year + before_month + day - 1 - 719_528
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, millis) in [
            ("0", 0),
            ("-5", -5),
            ("1700000000000", 1_700_000_000_000),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2023-11-14 22:13:20.1234567z", 1_700_000_000_123),
            ("2023-11-15T00:13:20.5+02:00", 1_700_000_000_500),
            ("2023-11-15T00:13:20 02:00", 1_700_000_000_000),
            ("2023-11-14T17:43:20-04:30", 1_700_000_000_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2000-03-01T00:00:00Z", 951_868_800_000),
            ("2024-12-31T23:59:60Z", 1_735_689_599_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ] {
            assert_eq!(read("from", text).map(|time| time.0).ok(), Some(millis), "{text}");
        }
        for text in [
            "",
            "now",
            "1.5",
            "2023-11-14",
            "2023-11-14T22:13:20",
            "2023-11-14T22:13Z",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-11-14T24:00:00Z",
            "2023-11-14T22:13:20.Z",
            "2023-11-14T22:13:20+2",
            "+023-11-14T22:13:20Z",
            "2023-11-14T22:13:20€Z",
        ] {
            assert_eq!(read("from", text).unwrap_err().code(), Code::BadParameter, "{text}");
        }
    }
}
