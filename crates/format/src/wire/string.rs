//! UTF-8 text, as Kafka's StringSerializer writes it; in JSON a string.
use std::borrow::Cow;

use lentic_types::FormatName;
use serde_json::value::RawValue;

use super::{Wire, kind};
use crate::{FormatError, Result};

const EXPECTED_TEXT: &str = "UTF-8 text";
const EXPECTED_JSON: &str = "a JSON string";

pub(super) struct Utf8;

impl Wire for Utf8 {
    fn key_from_text(&self, text: &[u8]) -> Result<Vec<u8>> {
        Ok(read(text)?.as_bytes().to_vec())
    }

    fn key_to_text<'a>(&self, key: &'a [u8]) -> Result<Cow<'a, str>> {
        read(key).map(Cow::Borrowed)
    }

    fn value_from_body<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        Ok(Cow::Borrowed(read(body)?.as_bytes()))
    }

    fn value_from_json(&self, json: &RawValue) -> Result<Vec<u8>> {
        let refuse = |fact| FormatError::new(FormatName::String, fact, json.get().as_bytes(), EXPECTED_JSON);
        if !json.get().starts_with('"') {
            return Err(refuse(kind(json).to_owned()));
        }
        // Escapes of half a surrogate pair are JSON, but no text that UTF-8 can hold.
        let text: String =
            serde_json::from_str(json.get()).map_err(|e| refuse(format!("not Unicode text ({e})")))?;
        Ok(text.into_bytes())
    }

    fn value_to_json(&self, stored: &[u8], out: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(out, read(stored)?).expect("a Vec takes everything, and text is JSON");
        Ok(())
    }

    fn check(&self, stored: &[u8]) -> Result<()> {
        read(stored).map(drop)
    }
}

fn read(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|e| {
        let fact = format!("not UTF-8 from byte {} on", e.valid_up_to());
        FormatError::new(FormatName::String, fact, bytes, EXPECTED_TEXT)
    })
}
