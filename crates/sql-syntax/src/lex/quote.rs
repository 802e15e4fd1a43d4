//! Text between quotes, in which a doubled quote stands for one.
use std::borrow::Cow;

/// The byte after the quote that closes the one at `start`.
pub(crate) fn quoted_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes[start];
    let mut at = start + 1;
    loop {
        at += bytes.get(at..)?.iter().position(|b| *b == quote)? + 1;
        if bytes.get(at) != Some(&quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// What stands between the quotes of a whole quoted text.
pub(crate) fn unquote(quoted: &str) -> String {
    let (Some(quote), Some(inner)) = (quoted.chars().next(), quoted.get(1..quoted.len().saturating_sub(1)))
    else {
        return String::new();
    };
    inner.replace(&String::from_iter([quote, quote]), quote.encode_utf8(&mut [0; 4]))
}

/// `text` between quotes.
pub(crate) fn quote(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    quoted.push_str(&doubled(text, quote));
    quoted.push(quote);
    quoted
}

/// `text` as it stands between quotes.
pub(crate) fn doubled(text: &str, quote: char) -> Cow<'_, str> {
    if !text.contains(quote) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(quote, &String::from_iter([quote, quote])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_and_unquoting_are_inverse() {
        for (text, quoted) in [("", "''"), ("a", "'a'"), ("it's", "'it''s'"), ("'", "''''")] {
            assert_eq!(quote(text, '\''), quoted);
            assert_eq!(unquote(quoted), text);
            assert_eq!(quoted_end(format!("{quoted} ").as_bytes(), 0), Some(quoted.len()));
        }
        assert_eq!(quoted_end(b"'it''", 0), None);
    }
}
