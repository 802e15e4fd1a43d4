//! Why bytes or text are not of a format.
use std::borrow::Cow;
use std::fmt::{self, Write as _};

use lentic_types::FormatName;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, FormatError>;

/// Characters of a refused text that are shown.
const SHOWN_CHARS: usize = 60;
/// Bytes of a refused byte string that are shown, in hexadecimal digits.
const SHOWN_BYTES: usize = 28;

/// Bytes or text that a format does not take: the fact, the beginning of the offending value, and what the
/// format takes instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    format: FormatName,
    fact: Cow<'static, str>,
    beginning: String,
    expected: &'static str,
}

impl FormatError {
    pub(crate) fn new(
        format: FormatName,
        fact: impl Into<Cow<'static, str>>,
        refused: &[u8],
        expected: &'static str,
    ) -> Self {
        Self { format, fact: fact.into(), beginning: beginning(refused), expected }
    }

    /// The format that refused.
    pub fn format(&self) -> FormatName {
        self.format
    }

    /// What is wrong, e.g. `out of range`.
    pub fn fact(&self) -> &str {
        &self.fact
    }

    /// The beginning of what was refused: at most some 60 characters, without control characters.
    pub fn beginning(&self) -> &str {
        &self.beginning
    }

    /// What the format takes.
    pub fn expected(&self) -> &str {
        self.expected
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {} takes {}", self.fact, self.beginning, self.format, self.expected)
    }
}

impl std::error::Error for FormatError {}

/// Text between backquotes, other bytes as hexadecimal digits; cut off with `…` and the whole length.
fn beginning(refused: &[u8]) -> String {
    // Four bytes are the longest character: whatever is shown lies within this part.
    let part = &refused[..refused.len().min(4 * SHOWN_CHARS + 4)];
    let text = match std::str::from_utf8(part) {
        Ok(text) => Some(text),
        // A character cut in two by the line above is no fault of the text.
        Err(e) if e.error_len().is_none() && part.len() < refused.len() => {
            std::str::from_utf8(&part[..e.valid_up_to()]).ok()
        }
        Err(_) => None,
    };
    let mut shown = String::new();
    let whole = match text {
        Some("") => {
            shown.push_str("nothing (0 bytes)");
            true
        }
        Some(text) => {
            shown.push('`');
            for c in text.chars().take(SHOWN_CHARS) {
                push_printable(c, &mut shown);
            }
            let whole = part.len() == refused.len() && text.chars().nth(SHOWN_CHARS).is_none();
            shown.push_str(if whole { "`" } else { "…`" });
            whole
        }
        None => {
            shown.push_str("0x");
            for byte in refused.iter().take(SHOWN_BYTES) {
                push_hex(*byte, &mut shown);
            }
            let whole = refused.len() <= SHOWN_BYTES;
            shown.push_str(if whole { "" } else { "…" });
            whole
        }
    };
    if !whole {
        shown.push_str(" (");
        shown.push_str(&refused.len().to_string());
        shown.push_str(" bytes)");
    }
    shown
}

/// Appends a character, or its escape if it could disturb a terminal or a line.
fn push_printable(c: char, out: &mut String) {
    if c.is_control() {
        out.extend(c.escape_default());
    } else {
        out.push(c);
    }
}

/// Appends two hexadecimal digits.
pub(crate) fn push_hex(byte: u8, out: &mut String) {
    write!(out, "{byte:02x}").expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings() {
        let (long, longer) = ("x€".repeat(1000), "€😀".repeat(1000));
        let cases: &[(&[u8], String)] = &[
            (b"", "nothing (0 bytes)".into()),
            (b"abc", "`abc`".into()),
            (b"a\nb\x1b[2J", "`a\\nb\\u{1b}[2J`".into()),
            (b"\xff\x00", "0xff00".into()),
            (&[0xff; 29], format!("0x{}… (29 bytes)", "ff".repeat(28))),
            (&[b'x'; 60], format!("`{}`", "x".repeat(60))),
            (&[b'x'; 61], format!("`{}…` (61 bytes)", "x".repeat(60))),
            (long.as_bytes(), format!("`{}…` (4000 bytes)", "x€".repeat(30))),
            (longer.as_bytes(), format!("`{}…` (7000 bytes)", "€😀".repeat(30))),
        ];
        for (refused, shown) in cases {
            assert_eq!(beginning(refused), *shown);
        }
    }
}
