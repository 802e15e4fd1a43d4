//! One put or delete in JSON: a line of `rows:load`, an element of `rows:write`.
use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use lentic::Write;
use lentic::format::{RawValue, key_from_json, value_from_json};
use lentic::types::FormatName;
use serde::{Deserialize, Deserializer};

use super::bad_key;
use crate::error::{Code, Error, Result};

/// `{"key","value"}` or `{"key","delete":true}`; `key_base64` and `value_base64` give stored bytes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Element<'a> {
    #[serde(default, borrow, deserialize_with = "present")]
    key: Option<&'a RawValue>,
    #[serde(default, borrow)]
    key_base64: Option<Cow<'a, str>>,
    // JSON null is a value.
    #[serde(default, borrow, deserialize_with = "present")]
    value: Option<&'a RawValue>,
    #[serde(default, borrow)]
    value_base64: Option<Cow<'a, str>>,
    #[serde(default)]
    delete: bool,
}

fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl Element<'_> {
    /// The bytes that go to the log.
    pub(super) fn write(&self, key: FormatName, value: FormatName) -> Result<Write> {
        let key = match (self.key, &self.key_base64) {
            (Some(json), None) => key_from_json(key, json).map_err(bad_key)?,
            (None, Some(text)) => base64(Code::BadKey, "key_base64", text)?,
            _ => return Err(Error::new(Code::BadKey, "there must be one of key and key_base64")),
        };
        let value = match (self.value, &self.value_base64, self.delete) {
            (Some(json), None, false) => Some(
                value_from_json(value, json)
                    .map_err(|error| Error::new(Code::BadValue, format!("the value: {error}")))?,
            ),
            (None, Some(text), false) => Some(base64(Code::BadValue, "value_base64", text)?),
            (None, None, true) => None,
            _ => {
                return Err(Error::new(
                    Code::BadValue,
                    "there must be one of value, value_base64 and \"delete\": true",
                ));
            }
        };
        Ok(Write { key: key.into(), value: value.map(Bytes::from) })
    }
}

pub(super) fn base64(code: Code, what: &str, text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).map_err(|error| Error::new(code, format!("{what} is no base64: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::from_json;

    fn read(json: &str) -> Result<Write> {
        from_json::<Element<'_>>(json.as_bytes())?.write(FormatName::String, FormatName::Json)
    }

    #[test]
    fn elements() {
        let write = |key: &[u8], value: Option<&[u8]>| Write {
            key: Bytes::copy_from_slice(key),
            value: value.map(Bytes::copy_from_slice),
        };
        let cases = [
            (r#"{"key":"a","value":{"x": 1}}"#, write(b"a", Some(br#"{"x": 1}"#))),
            (r#"{"key":"a\u0062","value":null}"#, write(b"ab", Some(b"null"))),
            (r#"{"value":"v","key":""}"#, write(b"", Some(br#""v""#))),
            (r#"{"key":"a","delete":true}"#, write(b"a", None)),
            (r#"{"key":"a","value":1,"delete":false}"#, write(b"a", Some(b"1"))),
            (r#"{"key_base64":"/w==","value_base64":"AA=="}"#, write(b"\xff", Some(b"\0"))),
        ];
        for (json, expected) in cases {
            assert_eq!(read(json).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn refusals() {
        for (json, code) in [
            ("", Code::BadRequest),
            ("[]", Code::BadRequest),
            (r#"{"key":"a","value":1} x"#, Code::BadRequest),
            (r#"{"key":"a","value":1,"ttl":3}"#, Code::BadRequest),
            (r#"{"key":"a","key":"b","value":1}"#, Code::BadRequest),
            (r#"{"value":1}"#, Code::BadKey),
            (r#"{"key":1,"value":1}"#, Code::BadKey),
            (r#"{"key":null,"value":1}"#, Code::BadKey),
            (r#"{"key":"a","key_base64":"YQ==","value":1}"#, Code::BadKey),
            (r#"{"key":"a"}"#, Code::BadValue),
            (r#"{"key":"a","value":1,"delete":true}"#, Code::BadValue),
            (r#"{"key":"a","value_base64":"%"}"#, Code::BadValue),
        ] {
            assert_eq!(read(json).unwrap_err().code(), code, "{json}");
        }
    }
}
