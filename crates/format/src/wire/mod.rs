//! The wire formats, one module each.
use std::borrow::Cow;

use lentic_types::FormatName;
use serde_json::value::RawValue;

use crate::Result;

mod bytes;
mod json;
mod number;
mod string;

pub use json::MAX_JSON_DEPTH;

/// What a wire format can do. `self` is for the formats that need a schema to do it.
///
/// Invariants: functions that append leave `out` alone when they refuse; `key_to_json` is undone exactly by
/// `key_from_json`, `order_key` by `unorder_key`; `value_to_json` refuses what `check` refuses, nothing else.
pub(crate) trait Wire {
    fn key_from_text(&self, text: &[u8]) -> Result<Vec<u8>>;

    fn key_to_text<'a>(&self, key: &'a [u8]) -> Result<Cow<'a, str>>;

    fn key_from_json(&self, json: &RawValue) -> Result<Vec<u8>> {
        self.value_from_json(json)
    }

    fn key_to_json(&self, key: &[u8], out: &mut Vec<u8>) -> Result<()> {
        self.value_to_json(key, out)
    }

    fn order_key(&self, key: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(key);
    }

    fn unorder_key(&self, ordered: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(ordered);
        Ok(())
    }

    fn value_from_body<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>>;

    fn value_from_json(&self, json: &RawValue) -> Result<Vec<u8>>;

    fn value_to_json(&self, stored: &[u8], out: &mut Vec<u8>) -> Result<()>;

    fn check(&self, stored: &[u8]) -> Result<()>;
}

/// The one place where names meet modules.
pub(crate) fn wire(format: FormatName) -> &'static dyn Wire {
    match format {
        FormatName::Bytes => &bytes::Bytes,
        FormatName::String => &string::Utf8,
        FormatName::Int => number::INT,
        FormatName::Bigint => number::BIGINT,
        FormatName::Double => number::DOUBLE,
        FormatName::Json => &json::Json,
    }
}

/// What a JSON text is, for messages about the wrong kind.
fn kind(json: &RawValue) -> &'static str {
    match json.get().as_bytes().first() {
        Some(b'{') => "a JSON object",
        Some(b'[') => "a JSON array",
        Some(b'"') => "a JSON string",
        Some(b't' | b'f') => "a JSON boolean",
        Some(b'n') => "JSON null",
        _ => "a JSON number",
    }
}
