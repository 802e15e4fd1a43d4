//! Any bytes; in JSON a base64 string.
use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lentic_types::FormatName;
use serde_json::value::RawValue;

use super::{Wire, kind};
use crate::error::push_hex;
use crate::{FormatError, Result};

const EXPECTED: &str = "a base64 string (A-Z a-z 0-9 + /, padded with =) in JSON";

pub(super) struct Bytes;

impl Wire for Bytes {
    fn key_from_text(&self, text: &[u8]) -> Result<Vec<u8>> {
        Ok(text.to_vec())
    }

    fn key_to_text<'a>(&self, key: &'a [u8]) -> Result<Cow<'a, str>> {
        if let Ok(text) = std::str::from_utf8(key)
            && !text.contains(char::is_control)
        {
            return Ok(Cow::Borrowed(text));
        }
        let mut shown = String::new();
        for chunk in key.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() {
                    c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_escape(byte, &mut shown));
                } else {
                    shown.push(c);
                }
            }
            for byte in chunk.invalid() {
                push_escape(*byte, &mut shown);
            }
        }
        Ok(Cow::Owned(shown))
    }

    fn value_from_body<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        Ok(Cow::Borrowed(body))
    }

    fn value_from_json(&self, json: &RawValue) -> Result<Vec<u8>> {
        let refuse = |fact| FormatError::new(FormatName::Bytes, fact, json.get().as_bytes(), EXPECTED);
        if !json.get().starts_with('"') {
            return Err(refuse(kind(json).to_owned()));
        }
        let text: Cow<'_, str> =
            serde_json::from_str(json.get()).map_err(|e| refuse(format!("not Unicode text ({e})")))?;
        STANDARD.decode(text.as_bytes()).map_err(|e| refuse(format!("not base64 ({e})")))
    }

    fn value_to_json(&self, stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
        out.push(b'"');
        out.extend_from_slice(STANDARD.encode(stored).as_bytes());
        out.push(b'"');
        Ok(())
    }

    fn check(&self, _stored: &[u8]) -> Result<()> {
        Ok(())
    }
}

fn push_escape(byte: u8, out: &mut String) {
    out.push_str("\\x");
    push_hex(byte, out);
}
