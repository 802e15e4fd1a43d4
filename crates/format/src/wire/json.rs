//! JSON text, kept byte for byte.
use std::borrow::Cow;

use lentic_types::FormatName;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::Wire;
use crate::{FormatError, Result};

/// How many objects and arrays may lie in one another: what serde_json, and most readers of JSON, take.
pub const MAX_JSON_DEPTH: usize = 127;

const EXPECTED: &str = "JSON in UTF-8, nested at most 127 deep: {\"a\": 1}, \"text\", 5, null";
const EXPECTED_KEY: &str = "as a key JSON text on one line, without whitespace around it (any stored key can be addressed as base64url)";

pub(super) struct Json;

impl Wire for Json {
    fn key_from_text(&self, text: &[u8]) -> Result<Vec<u8>> {
        read(text)?;
        check_key(text)?;
        Ok(text.to_vec())
    }

    fn key_to_text<'a>(&self, key: &'a [u8]) -> Result<Cow<'a, str>> {
        read(key).map(Cow::Borrowed)
    }

    fn key_from_json(&self, json: &RawValue) -> Result<Vec<u8>> {
        check_key(json.get().as_bytes())?;
        self.value_from_json(json)
    }

    fn key_to_json(&self, key: &[u8], out: &mut Vec<u8>) -> Result<()> {
        read(key)?;
        check_key(key)?;
        out.extend_from_slice(key);
        Ok(())
    }

    fn value_from_body<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        Ok(Cow::Borrowed(read(body)?.as_bytes()))
    }

    fn value_from_json(&self, json: &RawValue) -> Result<Vec<u8>> {
        // A RawValue is JSON already, but of any depth.
        check_depth(json.get().as_bytes())?;
        Ok(json.get().as_bytes().to_vec())
    }

    fn value_to_json(&self, stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
        read(stored)?;
        let start = out.len();
        out.extend_from_slice(stored);
        // In a JSON string line breaks are escaped, so that these can only be whitespace between its parts.
        for byte in &mut out[start..] {
            if is_line_break(*byte) {
                *byte = b' ';
            }
        }
        Ok(())
    }

    fn check(&self, stored: &[u8]) -> Result<()> {
        read(stored).map(drop)
    }
}

fn refuse(fact: impl Into<Cow<'static, str>>, bytes: &[u8], expected: &'static str) -> FormatError {
    FormatError::new(FormatName::Json, fact, bytes, expected)
}

/// Validates without building anything. serde_json skips ignored values without recursion, and does not look
/// for UTF-8 inside the strings it skips: hence the order.
fn read(bytes: &[u8]) -> Result<&str> {
    if bytes.is_empty() {
        return Err(refuse("empty", bytes, EXPECTED));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|e| refuse(format!("not UTF-8 from byte {} on", e.valid_up_to()), bytes, EXPECTED))?;
    serde_json::from_str::<IgnoredAny>(text)
        .map_err(|e| refuse(format!("not JSON ({e})"), bytes, EXPECTED))?;
    check_depth(bytes)?;
    Ok(text)
}

/// Two keys that differ only in such whitespace would be one key wherever JSON is written in lines.
fn check_key(json: &[u8]) -> Result<()> {
    let around = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
    if around(json.first()) || around(json.last()) {
        return Err(refuse("whitespace around the JSON of a key", json, EXPECTED_KEY));
    }
    if json.iter().copied().any(is_line_break) {
        return Err(refuse("a line break in the JSON of a key", json, EXPECTED_KEY));
    }
    Ok(())
}

fn check_depth(json: &[u8]) -> Result<()> {
    // Short text, and few brackets, cannot nest deep; counting them all is much cheaper than telling those in strings apart.
    if json.len() <= 2 * MAX_JSON_DEPTH {
        return Ok(());
    }
    let brackets: usize = json.iter().map(|b| usize::from(matches!(b, b'[' | b'{'))).sum();
    if brackets > MAX_JSON_DEPTH && depth(json) > MAX_JSON_DEPTH {
        return Err(refuse("JSON nested too deep", json, EXPECTED));
    }
    Ok(())
}

/// The deepest nesting in valid JSON.
fn depth(json: &[u8]) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
