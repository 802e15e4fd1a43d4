//! Text as Java counts it: in units of UTF-16. Characters above U+FFFF are two.

/// How many units the text has.
pub(super) fn len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// The units `from..to` of the text, both within it. Half a character becomes `?`, which is how Java writes it in UTF-8.
pub(super) fn slice(text: &str, from: usize, to: usize) -> String {
    if text.is_ascii() {
        return text[from..to].to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().skip(from).take(to.saturating_sub(from)).collect();
    string(&units)
}

/// The text of the units.
pub(super) fn string(units: &[u16]) -> String {
    char::decode_utf16(units.iter().copied()).map(|unit| unit.unwrap_or('?')).collect()
}

/// How many units stand before the byte.
pub(super) fn before(text: &str, byte: usize) -> usize {
    len(&text[..byte])
}

#[cfg(test)]
mod tests {
    #[test]
    fn units() {
        let text = "a\u{1f600}b";
        assert_eq!(super::len(text), 4);
        assert_eq!(super::slice(text, 1, 3), "\u{1f600}");
        assert_eq!(super::slice(text, 0, 2), "a?");
        assert_eq!(super::before(text, 5), 3);
    }
}
