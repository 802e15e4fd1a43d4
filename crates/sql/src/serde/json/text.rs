//! A nested JSON value as the text of a STRING.
use super::number::decimal_text;
use super::reader::unquote;
use super::writer::write_string;
use crate::serde::Result;

/// The same value without white space, its strings and numbers written as Java writes them. The text is known to be JSON, so
/// that only its tokens matter, and nesting costs no stack.
pub(super) fn compact(text: &str) -> Result<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => rest.bytes().take_while(|b| !b" \t\r\n,]}".contains(b)).count(),
            _ => 1,
        };
        let (token, after) = rest.split_at(length);
        match first {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'"' => write_string(&unquote(token)?, &mut out),
            b'-' | b'0'..=b'9' => out.extend_from_slice(decimal_text(token).as_bytes()),
            _ => out.extend_from_slice(token.as_bytes()),
        }
        rest = after;
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Up to and with the closing quote.
fn string_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}
