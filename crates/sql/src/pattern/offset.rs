//! Offsets from UTC as text.

/// `+05:30` with this between hours and minutes; minutes are left out if there are none and `short` says so.
pub(super) fn offset_text(offset_ms: i64, colon: &str, short: bool) -> String {
    let sign = if offset_ms < 0 { '-' } else { '+' };
    let seconds = offset_ms.abs() / 1000;
    let (hour, minute) = (seconds / 3600, seconds / 60 % 60);
    if short && minute == 0 {
        format!("{sign}{hour:02}")
    } else {
        format!("{sign}{hour:02}{colon}{minute:02}")
    }
}

/// Milliseconds of an offset at the start of a text, and what follows it. `colon` says whether there has to be one between
/// hours and minutes; `None`: there may. Minutes may be missing, and an hour may have one digit.
pub(super) fn read_offset(text: &str, colon: Option<bool>) -> Option<(i64, &str)> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hour, mut rest) = digits(&text[1..], 2).or_else(|| digits(&text[1..], 1))?;
    let mut minute = 0;
    let found = rest.strip_prefix(':');
    let after = match (colon, found) {
        (Some(true) | None, Some(after)) => Some(after),
        (Some(true), None) | (Some(false), Some(_)) => None,
        (Some(false) | None, None) => Some(rest),
    };
    if let Some((minutes, end)) = after.and_then(|after| digits(after, 2)) {
        (minute, rest) = (minutes, end);
    }
    (hour <= 18 && minute < 60).then_some((sign * (hour * 3_600_000 + minute * 60_000), rest))
}

fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let digits = text.get(..count).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    Some((digits.parse().ok()?, &text[count..]))
}
