//! Moments into text.
use crate::value::calendar::Day;

use super::fields::{MONTHS, Moment, WEEKDAYS, styled};
use super::number::widths;
use super::offset::offset_text;
use super::token::Token;
use super::{PatternError, Zone};

/// Appends what the pattern says of the moment. An optional part that the moment lacks something for is left out.
pub(super) fn write(tokens: &[Token], moment: &Moment<'_>, out: &mut String) -> Result<(), PatternError> {
    let mut width = 0;
    for token in tokens {
        match token {
            Token::Text(text) => out.push_str(text),
            Token::Pad(count) => width = *count,
            Token::Optional(inner) => {
                let len = out.len();
                if write(inner, moment, out).is_err() {
                    out.truncate(len);
                }
            }
            Token::Field(letter, count) => {
                let text = field(*letter, *count, moment)?;
                out.extend(std::iter::repeat_n(' ', width.saturating_sub(text.len())));
                out.push_str(&text);
                width = 0;
            }
        }
    }
    Ok(())
}

fn field(letter: char, count: usize, moment: &Moment<'_>) -> Result<String, PatternError> {
    let unsupported = || PatternError::new(format!("Unsupported field: {letter}"));
    if let Some((ms, zone)) = moment.zone
        && let Some(text) = zone_field(letter, count, ms, zone)
    {
        return Ok(text);
    }
    if let Some(number) = moment.day.and_then(|day| day_number(letter, day)) {
        return Ok(day_text(letter, count, number, moment.day));
    }
    let number = moment.ms_of_day.and_then(|ms| clock_number(letter, ms)).ok_or_else(unsupported)?;
    Ok(match letter {
        'a' => if number == 0 { "AM" } else { "PM" }.to_owned(),
        // Nine digits, of which as many are shown as there are letters.
        'S' => format!("{number:09}")[..count].to_owned(),
        _ => format!("{number:0count$}"),
    })
}

fn day_number(letter: char, day: Day) -> Option<i64> {
    Some(match letter {
        'u' | 'y' => day.year,
        'G' => i64::from(day.year > 0),
        'Y' => day.iso_week().0,
        'w' => day.iso_week().1,
        'W' | 'F' => (i64::from(day.day) - 1) / 7 + 1,
        'D' => day.of_year(),
        'M' | 'L' => i64::from(day.month),
        'Q' | 'q' => (i64::from(day.month) - 1) / 3 + 1,
        'd' => i64::from(day.day),
        'E' => day.weekday(),
        // Weeks begin on Sunday here, as in the United States.
        'e' | 'c' => day.weekday() % 7 + 1,
        _ => return None,
    })
}

fn day_text(letter: char, count: usize, number: i64, day: Option<Day>) -> String {
    let weekday = || WEEKDAYS[day.map_or(0, |day| day.weekday() as usize - 1)];
    match (letter, count) {
        ('G', 4) => if number == 1 { "Anno Domini" } else { "Before Christ" }.to_owned(),
        ('G', 5) => if number == 1 { "A" } else { "B" }.to_owned(),
        ('G', _) => if number == 1 { "AD" } else { "BC" }.to_owned(),
        ('M' | 'L', 3..) => styled(MONTHS[number as usize - 1], count).to_owned(),
        ('E', _) => styled(weekday(), count).to_owned(),
        ('e' | 'c', 3..) => styled(weekday(), count).to_owned(),
        ('Q' | 'q', 3) => format!("Q{number}"),
        ('Q' | 'q', 4) => format!("{} quarter", ["1st", "2nd", "3rd", "4th"][number as usize - 1]),
        ('Q' | 'q', 5) => number.to_string(),
        ('y' | 'u' | 'Y', 2) => format!("{:02}", number.rem_euclid(100)),
        ('y', _) => year(if number > 0 { number } else { 1 - number }, count),
        ('u' | 'Y', _) => year(number, count),
        _ => format!("{number:0width$}", width = widths(letter, count).map_or(1, |(least, _)| least)),
    }
}

/// A year with more digits than letters carries its sign.
fn year(number: i64, count: usize) -> String {
    let digits = format!("{:0count$}", number.abs());
    let sign = if number < 0 {
        "-"
    } else if count >= 4 && digits.len() > count {
        "+"
    } else {
        ""
    };
    format!("{sign}{digits}")
}

fn clock_number(letter: char, ms: i64) -> Option<i64> {
    let hour = ms / 3_600_000;
    Some(match letter {
        'a' => hour / 12,
        'H' => hour,
        'k' => {
            if hour == 0 {
                24
            } else {
                hour
            }
        }
        'K' => hour % 12,
        'h' => (hour + 11) % 12 + 1,
        'm' => ms / 60_000 % 60,
        's' => ms / 1000 % 60,
        'S' | 'n' => ms % 1000 * 1_000_000,
        'A' => ms,
        'N' => ms * 1_000_000,
        _ => return None,
    })
}

fn zone_field(letter: char, count: usize, ms: i64, zone: &Zone) -> Option<String> {
    let offset = zone.offset_ms(ms);
    Some(match (letter, count) {
        ('V', _) => zone.name().to_owned(),
        ('z', _) => zone.abbreviation(ms),
        ('X', _) | ('Z', 5) if offset == 0 => "Z".to_owned(),
        ('X' | 'x', 1) => offset_text(offset, "", true),
        ('X' | 'x', 2 | 4) | ('Z', 1..=3) => offset_text(offset, "", false),
        ('X' | 'x', _) | ('Z', 5) => offset_text(offset, ":", false),
        ('Z' | 'O', _) if offset == 0 => "GMT".to_owned(),
        ('Z', _) | ('O', 4) => format!("GMT{}", offset_text(offset, ":", false)),
        ('O', _) => {
            let text = offset_text(offset, ":", true);
            // One digit is enough for the hour.
            format!("GMT{}{}", &text[..1], text[1..].strip_prefix('0').unwrap_or(&text[1..]))
        }
        _ => return None,
    })
}
