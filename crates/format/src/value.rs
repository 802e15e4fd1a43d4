//! Values: from request bodies and JSON to the bytes in the log, and back.
use std::borrow::Cow;

use lentic_types::FormatName;
use serde_json::value::RawValue;

use crate::Result;
use crate::wire::wire;

/// What the body of a write becomes in the log. Text and JSON stay byte for byte, `bytes` takes anything, a
/// number is read as JSON (whitespace around it is fine) and must be exact and in range.
pub fn validate_value(format: FormatName, body: &[u8]) -> Result<Cow<'_, [u8]>> {
    wire(format).value_from_body(body)
}

/// What a `"value"` in a JSON body becomes in the log: read as [`key_from_json`](crate::key_from_json) does.
/// JSON `null` is a value of the format `json`, and of no other.
pub fn value_from_json(format: FormatName, json: &RawValue) -> Result<Vec<u8>> {
    wire(format).value_from_json(json)
}

/// Appends a stored value as JSON on one line; refuses exactly what [`check_stored`] refuses, with nothing
/// appended. JSON is copied as it is, but for line breaks between its parts, which become spaces.
pub fn value_to_json(format: FormatName, stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
    wire(format).value_to_json(stored, out)
}

/// Whether stored bytes, of a key or a value, decode.
pub fn check_stored(format: FormatName, stored: &[u8]) -> Result<()> {
    wire(format).check(stored)
}
