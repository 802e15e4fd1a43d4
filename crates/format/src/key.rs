//! Keys: from paths and JSON to the bytes in the log, and back.
use std::borrow::Cow;

use lentic_types::FormatName;
use serde_json::value::RawValue;

use crate::Result;
use crate::wire::wire;

/// The key that a percent-decoded path names. Numbers are decimal; a string is UTF-8; a JSON key is its exact
/// text, on one line and without whitespace around it; `bytes` takes the path's bytes as they are.
pub fn key_from_text(format: FormatName, text: &[u8]) -> Result<Vec<u8>> {
    wire(format).key_from_text(text)
}

/// The key that a `"key"` in a JSON body names: a JSON string for `string`, a number (or `"NaN"`,
/// `"Infinity"`, `"-Infinity"`) for numbers, a base64 string for `bytes`, the value's exact text for `json`.
pub fn key_from_json(format: FormatName, json: &RawValue) -> Result<Vec<u8>> {
    wire(format).key_from_json(json)
}

/// Appends a key as JSON on one line. What it writes, [`key_from_json`] turns into the same bytes; a key of
/// which that cannot be said (it doesn't decode, or is JSON with line breaks or whitespace around it) is
/// refused, with nothing appended.
pub fn key_to_json(format: FormatName, key: &[u8], out: &mut Vec<u8>) -> Result<()> {
    wire(format).key_to_json(key, out)
}

/// A key as [`key_from_text`] takes it, except that in keys of the format `bytes` what is not printable appears
/// as `\xNN`. Text is not escaped: a terminal may need that.
pub fn key_to_text(format: FormatName, key: &[u8]) -> Result<Cow<'_, str>> {
    wire(format).key_to_text(key)
}
