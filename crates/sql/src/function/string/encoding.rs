//! ENCODE, FROM_BYTES, TO_BYTES, MD5.
use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use md5::{Digest as _, Md5};

use crate::error::{EvaluationError, Result};
use crate::value::Value;

use super::operand::{bytes, text};
use super::{Body, Category, Function};

/// As Java's basic decoder: padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn functions() -> Vec<Function> {
    let names = "`hex`, `utf8`, `ascii` or `base64`.";
    vec![
        Function::new("encode", Category::String, "Reads a text in one encoding and writes it in another.")
            .overload(
                "str STRING, input_encoding STRING, output_encoding STRING",
                "STRING",
                "",
                Body::Strict(|a| {
                    let (from, to) = (Encoding::named(text(a, 1)?)?, Encoding::named(text(a, 2)?)?);
                    let bytes = from.read(text(a, 0)?)?;
                    Ok(if to == Encoding::Hex { hex(&bytes).to_ascii_lowercase() } else { to.write(&bytes) }
                        .into())
                }),
            )
            .parameter("str", "The text.")
            .parameter("input_encoding", names)
            .parameter("output_encoding", names),
        Function::new("from_bytes", Category::String, "Bytes as a text in this encoding.")
            .overload(
                "value BYTES, encoding STRING",
                "STRING",
                "",
                Body::Strict(|a| Ok(Encoding::named(text(a, 1)?)?.write(bytes(a, 0)?).into())),
            )
            .parameter("value", "The bytes.")
            .parameter("encoding", names),
        Function::new("to_bytes", Category::String, "The bytes of a text in this encoding.")
            .overload(
                "value STRING, encoding STRING",
                "BYTES",
                "",
                Body::Strict(|a| Ok(Value::bytes(Encoding::named(text(a, 1)?)?.read(text(a, 0)?)?))),
            )
            .parameter("value", "The text.")
            .parameter("encoding", names),
        Function::new("MD5", Category::String, "The MD5 hash of a text's UTF-8, in hexadecimal digits.")
            .overload(
                "value STRING",
                "STRING",
                "",
                Body::Strict(|a| Ok(hex(&Md5::digest(text(a, 0)?.as_bytes())).to_ascii_lowercase().into())),
            )
            .parameter("value", "The text."),
    ]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Hex,
    Utf8,
    Ascii,
    Base64,
}

impl Encoding {
    fn named(name: &str) -> Result<Self> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "hex" => Self::Hex,
            "utf8" => Self::Utf8,
            "ascii" => Self::Ascii,
            "base64" => Self::Base64,
            _ => {
                let known = "Supported input and output encodings are: hex, utf8, ascii and base64";
                return Err(EvaluationError::new(format!("Unknown encoding type '{name}'. {known}")));
            }
        })
    }

    fn read(self, text: &str) -> Result<Vec<u8>> {
        match self {
            Self::Hex => {
                unhex(text).ok_or_else(|| EvaluationError::new(format!("no hexadecimal digits: '{text}'")))
            }
            Self::Utf8 => Ok(text.as_bytes().to_vec()),
            // Java writes `?` for what ASCII does not have.
            Self::Ascii => Ok(text.chars().map(|c| if c.is_ascii() { c as u8 } else { b'?' }).collect()),
            Self::Base64 => BASE64
                .decode(text)
                .map_err(|error| EvaluationError::new(format!("no base64: '{text}': {error}"))),
        }
    }

    fn write(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex(bytes),
            Self::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Self::Ascii => bytes
                .iter()
                .map(|b| if b.is_ascii() { char::from(*b) } else { char::REPLACEMENT_CHARACTER })
                .collect(),
            Self::Base64 => BASE64.encode(bytes),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// Digits in any case, plain or as `0x..`, `x'..'`, `X'..'`; of an odd number the first digit stands alone behind `0x`.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let quoted =
        text.strip_prefix("x'").or_else(|| text.strip_prefix("X'")).and_then(|rest| rest.strip_suffix('\''));
    let padded =
        text.strip_prefix("0x").filter(|digits| digits.len() % 2 == 1).map(|digits| format!("0{digits}"));
    let digits = padded.as_deref().or(quoted).or_else(|| text.strip_prefix("0x")).unwrap_or(text);
    if digits.len() % 2 == 1 {
        return None;
    }
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8)
        })
        .collect()
}
