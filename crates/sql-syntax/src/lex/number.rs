//! Numbers, and words that begin like one.
use super::token::Kind;
use super::word_end;

/// The number, or the word that begins with a digit, at `start`.
///
/// The longest reading wins: `1E3` is a number, `1E3X` and `10DAYS` are words, `1.5X` is a number before a word.
pub(super) fn number(bytes: &[u8], start: usize) -> (Kind, usize) {
    let whole = digits_end(bytes, start);
    if bytes.get(whole) == Some(&b'.') {
        let fraction = digits_end(bytes, whole + 1);
        return exponent_end(bytes, fraction).map_or((Kind::Decimal, fraction), |end| (Kind::Float, end));
    }
    let (word, float) = (word_end(bytes, start), exponent_end(bytes, whole));
    match float {
        Some(end) if end >= word => (Kind::Float, end),
        _ if word > whole => (Kind::DigitWord, word),
        _ => (Kind::Integer, whole),
    }
}

fn digits_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..].iter().position(|b| !b.is_ascii_digit()).map_or(bytes.len(), |length| start + length)
}

/// The end of the exponent that begins at `start`.
fn exponent_end(bytes: &[u8], start: usize) -> Option<usize> {
    if !matches!(bytes.get(start)?, b'e' | b'E') {
        return None;
    }
    let digits = if matches!(bytes.get(start + 1)?, b'+' | b'-') { start + 2 } else { start + 1 };
    let end = digits_end(bytes, digits);
    (end > digits).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_reading_wins() {
        for (text, kind, length) in [
            ("12", Kind::Integer, 2),
            ("12+3", Kind::Integer, 2),
            ("1.", Kind::Decimal, 2),
            (".5", Kind::Decimal, 2),
            ("1.5e", Kind::Decimal, 3),
            ("1e3", Kind::Float, 3),
            ("1E+3x", Kind::Float, 4),
            (".5E-3", Kind::Float, 5),
            ("1E", Kind::DigitWord, 2),
            ("1E3X", Kind::DigitWord, 4),
            ("10SECONDS", Kind::DigitWord, 9),
        ] {
            assert_eq!(number(text.as_bytes(), 0), (kind, length), "{text}");
        }
    }
}
