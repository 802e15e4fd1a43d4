//! Text into moments.
use crate::value::calendar::Day;

use super::fields::{MONTHS, WEEKDAYS, styled};
use super::number::widths;
use super::offset::read_offset;
use super::token::Token;
use super::zone::ABBREVIATIONS;
use super::{PatternError, Zone};

/// What a text has said. Upper and lower case do not matter in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    fields: Vec<(char, i64)>,
    zone: Option<Zone>,
}

/// Reads a text that is told by the tokens, all of it.
pub(super) fn read(tokens: &[Token], text: &str) -> Result<Found, PatternError> {
    match read_beginning(tokens, text)? {
        (found, "") => Ok(found),
        _ => Err(unreadable(text)),
    }
}

/// Reads a text whose beginning is told by the tokens; what follows it.
pub(super) fn read_beginning<'t>(tokens: &[Token], text: &'t str) -> Result<(Found, &'t str), PatternError> {
    let mut found = Found::default();
    let rest = follow(tokens, text, 0, &mut found).ok_or_else(|| unreadable(text))?;
    Ok((found, rest))
}

fn unreadable(text: &str) -> PatternError {
    PatternError::new(format!("Text '{text}' could not be parsed"))
}

/// Reads what the tokens say; `after` is how many digits belong to numbers that follow the last token directly.
fn follow<'t>(tokens: &[Token], mut text: &'t str, after: usize, found: &mut Found) -> Option<&'t str> {
    for (index, token) in tokens.iter().enumerate() {
        text = match token {
            Token::Text(wanted) => {
                let start = text.get(..wanted.len())?;
                if !start.eq_ignore_ascii_case(wanted) {
                    return None;
                }
                &text[wanted.len()..]
            }
            Token::Pad(_) => text.trim_start_matches(' '),
            Token::Optional(inner) => {
                let mut tried = found.clone();
                match follow(inner, text, reserved(&tokens[index + 1..], after), &mut tried) {
                    Some(rest) => {
                        *found = tried;
                        rest
                    }
                    None => text,
                }
            }
            Token::Field(letter, count) => {
                field(*letter, *count, text, reserved(&tokens[index + 1..], after), found)?
            }
        };
    }
    Some(text)
}

/// The digits that numbers of fixed width take which follow directly.
fn reserved(tokens: &[Token], after: usize) -> usize {
    let fixed = |token: &Token| match token {
        Token::Field(letter, count) => {
            widths(*letter, *count).filter(|(least, most)| least == most).map(|(n, _)| n)
        }
        _ => None,
    };
    let direct: Vec<usize> = tokens.iter().map_while(fixed).collect();
    direct.iter().sum::<usize>() + if direct.len() == tokens.len() { after } else { 0 }
}

fn field<'t>(
    letter: char,
    count: usize,
    text: &'t str,
    reserved: usize,
    found: &mut Found,
) -> Option<&'t str> {
    if let Some((least, most)) = widths(letter, count) {
        let signed = matches!(letter, 'u' | 'y' | 'Y') && count != 2;
        let (sign, digits) = match text.as_bytes().first()? {
            b'-' if signed => (-1, &text[1..]),
            b'+' if signed && count >= 4 => (1, &text[1..]),
            _ => (1, text),
        };
        let there = digits.bytes().take_while(u8::is_ascii_digit).count();
        let take = if least == most { least } else { there.saturating_sub(reserved).clamp(least, most) };
        let number: i64 = digits.get(..take).filter(|_| take <= there)?.parse().ok()?;
        let number = match (letter, count) {
            ('y' | 'u' | 'Y', 2) => 2000 + number,
            ('S', count) => number * 10_i64.pow(9 - count as u32),
            _ => sign * number,
        };
        found.fields.push((letter, number));
        return Some(&digits[take..]);
    }
    match letter {
        'M' | 'L' => named(text, &MONTHS, count).map(|(at, rest)| {
            found.fields.push(('M', at as i64 + 1));
            rest
        }),
        'E' | 'e' | 'c' => named(text, &WEEKDAYS, count).map(|(at, rest)| {
            found.fields.push(('E', at as i64 + 1));
            rest
        }),
        'a' => named(text, &["AM", "PM"], 4).map(|(at, rest)| {
            found.fields.push(('a', at as i64));
            rest
        }),
        'G' => named(text, &["BC", "AD"], 4).map(|(at, rest)| {
            found.fields.push(('G', at as i64));
            rest
        }),
        'Q' | 'q' => named(text, &["Q1", "Q2", "Q3", "Q4"], 4).map(|(_, rest)| rest),
        _ => zone(letter, count, text, found),
    }
}

fn named<'t>(text: &'t str, names: &[&str], count: usize) -> Option<(usize, &'t str)> {
    names.iter().enumerate().find_map(|(at, name)| {
        let name = styled(name, count);
        let start = text.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name))?;
        Some((at, &text[start.len()..]))
    })
}

fn zone<'t>(letter: char, count: usize, text: &'t str, found: &mut Found) -> Option<&'t str> {
    let zero = matches!((letter, count), ('X', _) | ('Z', 5));
    if zero && let Some(rest) = text.strip_prefix(['Z', 'z']) {
        found.zone = Some(Zone::utc());
        return Some(rest);
    }
    if matches!(letter, 'X' | 'x' | 'Z' | 'O') {
        let localized = matches!((letter, count), ('O', _) | ('Z', 4));
        let text = if localized { text.strip_prefix("GMT")? } else { text };
        let colon = localized || matches!((letter, count), ('X' | 'x', 3 | 5) | ('Z', 5));
        let (offset_ms, rest) = match read_offset(text, Some(colon)) {
            None if localized => (0, text),
            read => read?,
        };
        found.zone = Some(Zone::fixed(offset_ms).ok()?);
        return Some(rest);
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"/_+-:".contains(c)).unwrap_or(text.len());
    let name = &text[..end];
    let region = ABBREVIATIONS.iter().find(|(short, _)| letter == 'z' && short.eq_ignore_ascii_case(name));
    found.zone = Some(Zone::named(region.map_or(name, |(_, region)| region)).ok()?);
    Some(&text[end..])
}

impl Found {
    fn get(&self, letters: &str) -> Option<i64> {
        self.fields.iter().rev().find(|(letter, _)| letters.contains(*letter)).map(|(_, number)| *number)
    }

    /// Days since 1970-01-01.
    pub(super) fn days(&self) -> Result<i64, PatternError> {
        let year = match (self.get("u"), self.get("y"), self.get("G")) {
            (Some(year), ..) => year,
            (None, Some(year), Some(0)) => 1 - year,
            (None, year, _) => year.unwrap_or(1970),
        };
        let day = match self.get("D") {
            Some(of_year) => Day::new(year, 1, 1)
                .map(|first| Day::of_epoch(first.epoch() + of_year - 1))
                .filter(|day| day.year == year),
            None => Day::new(year, self.get("ML").unwrap_or(1), self.get("d").unwrap_or(1)),
        };
        let right = |day: &Day| self.get("E").is_none_or(|weekday| weekday == day.weekday());
        day.filter(right).map(Day::epoch).ok_or_else(|| PatternError::new("there is no such day"))
    }

    /// Milliseconds since midnight.
    pub(super) fn ms_of_day(&self) -> Result<i64, PatternError> {
        let ms = if let Some(ms) = self.get("A") {
            Some(ms)
        } else if let Some(nanos) = self.get("N") {
            Some(nanos / 1_000_000)
        } else {
            self.clock()
        };
        ms.filter(|ms| (0..86_400_000).contains(ms))
            .ok_or_else(|| PatternError::new("there is no such time of day"))
    }

    fn clock(&self) -> Option<i64> {
        let below =
            |number: Option<i64>, bound: i64| Some(number.unwrap_or(0)).filter(|n| (0..bound).contains(n));
        let half = self.get("a").map(|half| half * 12);
        let hour = match (self.get("H"), self.get("k"), self.get("K"), self.get("h")) {
            (Some(hour), ..) => below(Some(hour), 24)?,
            (_, Some(hour), ..) => below(Some(hour - 1), 24).map(|hour| (hour + 1) % 24)?,
            (_, _, Some(hour), _) => below(Some(hour), 12)? + half.unwrap_or(0),
            (_, _, _, Some(hour)) => {
                below(Some(hour - 1), 12).map(|hour| (hour + 1) % 12)? + half.unwrap_or(0)
            }
            _ => 0,
        };
        let (minute, second) = (below(self.get("m"), 60)?, below(self.get("s"), 60)?);
        let nanos = below(self.get("Sn"), 1_000_000_000)?;
        Some(hour * 3_600_000 + minute * 60_000 + second * 1000 + nanos / 1_000_000)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub(super) fn instant(&self, zone: &Zone) -> Result<i64, PatternError> {
        Ok(self.zone.as_ref().unwrap_or(zone).instant(self.days()?, self.ms_of_day()?))
    }
}
