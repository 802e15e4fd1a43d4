//! JSON text as values of the types that the columns have, with ksqlDB's coercions.
use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserializer as _;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::number::{bigint, decimal_text};
use super::object::{read_fields, read_inner};
use super::text::compact;
use crate::serde::scalar::{decimal, no_coercion, temporal};
use crate::serde::{Result, SerdeError, Wanted};
use crate::types::Field;
use crate::value::MapValue;
use crate::value::double::parse_double;
use crate::{SqlType, Value};

/// Fills the row (all NULL) from the fields of an object; false for JSON's `null`, which is no row.
pub(in crate::serde) fn read_row(
    bytes: &[u8],
    fields: &[Field],
    wanted: &Wanted,
    row: &mut [Value],
) -> Result<bool> {
    let text = utf8(bytes)?.trim_matches(is_space);
    if text == "null" {
        return Ok(false);
    }
    if !text.starts_with('{') {
        return Err(mismatch(checked(text)?, "STRUCT").within("$"));
    }
    read_fields(text, fields, wanted, row).map_err(SerdeError::rooted)?;
    Ok(true)
}

/// The whole text as one value.
pub(in crate::serde) fn read_value(bytes: &[u8], kind: &SqlType) -> Result<Value> {
    let text = checked(utf8(bytes)?)?;
    value(text, kind).map_err(|error| error.within("$"))
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| SerdeError::new("Invalid JSON: not UTF-8"))
}

/// The text without white space around it, once it is known to be JSON.
fn checked(text: &str) -> Result<&str> {
    serde_json::from_str::<&RawValue>(text).map(RawValue::get).map_err(|error| invalid(&error))
}

pub(super) fn invalid(error: &serde_json::Error) -> SerdeError {
    SerdeError::new(format!("Invalid JSON: {error}"))
}

/// What stands where a value of another type should.
fn mismatch(text: &str, required: impl fmt::Display) -> SerdeError {
    let source = match text.as_bytes().first() {
        Some(b'"') => "string",
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b't' | b'f') => "boolean",
        _ => "number",
    };
    SerdeError::new(format!("Can't convert type. sourceType: {source}, requiredType: {required}"))
}

/// A value of the text, which is JSON.
pub(super) fn value(text: &str, kind: &SqlType) -> Result<Value> {
    let found = match text.as_bytes().first() {
        Some(b'n') => return Ok(Value::Null),
        Some(b'"') => return from_string(text, kind),
        Some(found) => *found,
        None => return Err(SerdeError::new("Invalid JSON: nothing (0 bytes)")),
    };
    match (kind, found) {
        (SqlType::String, b'{' | b'[') => Ok(Value::String(compact(text)?.into())),
        (SqlType::String, b't' | b'f') => Ok(Value::string(text)),
        (SqlType::String, _) => Ok(Value::string(decimal_text(text).as_ref())),
        (SqlType::Boolean, b't') => Ok(Value::Boolean(true)),
        (SqlType::Boolean, b'f') => Ok(Value::Boolean(false)),
        (SqlType::Array(element), b'[') => elements(text, element),
        (SqlType::Map(key, value), b'{') => entries(text, key, value),
        (SqlType::Struct(structure), b'{') => {
            let mut row = vec![Value::Null; structure.fields().len()];
            read_inner(text, structure.fields(), &mut row)?;
            Ok(Value::Struct(row.into()))
        }
        (_, b'-' | b'0'..=b'9') => from_number(text, kind),
        _ => Err(mismatch(text, kind)),
    }
}

/// Numbers narrow as Java's do: the fraction goes, then the upper bits.
fn from_number(text: &str, kind: &SqlType) -> Result<Value> {
    let whole = || bigint(text).ok_or_else(|| too_long(kind));
    Ok(match kind {
        SqlType::Integer => Value::Integer(whole()? as i32),
        SqlType::Bigint => Value::Bigint(whole()?),
        SqlType::Double => Value::Double(text.parse().map_err(|_| too_long(kind))?),
        SqlType::Decimal(digits) => decimal(text, *digits).ok_or_else(|| too_long(kind))??,
        SqlType::Date | SqlType::Time | SqlType::Timestamp => temporal(whole()?, kind)?,
        _ => return Err(mismatch(text, kind)),
    })
}

fn too_long(kind: &SqlType) -> SerdeError {
    SerdeError::new(format!("Can't convert type. The number has too many digits, requiredType: {kind}"))
}

fn from_string(text: &str, kind: &SqlType) -> Result<Value> {
    let string = unquote(text)?;
    let no = || no_coercion(kind);
    Ok(match kind {
        SqlType::String => Value::string(string),
        SqlType::Integer => Value::Integer(string.parse().map_err(|_| no())?),
        SqlType::Bigint => Value::Bigint(string.parse().map_err(|_| no())?),
        SqlType::Double => Value::Double(parse_double(&string).ok_or_else(no)?),
        SqlType::Decimal(digits) => decimal(&string, *digits).ok_or_else(no)??,
        SqlType::Date | SqlType::Time | SqlType::Timestamp => {
            temporal(string.parse().map_err(|_| no())?, kind)?
        }
        SqlType::Bytes => Value::bytes(STANDARD.decode(string.as_bytes()).map_err(|_| no())?),
        SqlType::Boolean | SqlType::Array(_) | SqlType::Map(..) | SqlType::Struct(_) => {
            return Err(mismatch(text, kind));
        }
    })
}

/// What a JSON string says.
pub(super) fn unquote(text: &str) -> Result<Cow<'_, str>> {
    let inner = text.get(1..text.len() - 1).unwrap_or_default();
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str(text).map(Cow::Owned).map_err(|error| invalid(&error))
}

/// Collects the parts of an array or a map. What is wrong with a part goes into `failure`: serde's errors carry only text.
struct Parts<'a, T> {
    part: &'a dyn Fn(usize, &str, &str) -> Result<T>,
    failure: &'a mut Option<SerdeError>,
}

impl<T> Parts<'_, T> {
    fn keep<E: serde::de::Error>(&mut self, part: Result<T>, parts: &mut Vec<T>) -> Result<(), E> {
        match part {
            Ok(part) => parts.push(part),
            Err(error) => {
                *self.failure = Some(error);
                return Err(E::custom(""));
            }
        }
        Ok(())
    }
}

impl<'de, T> Visitor<'de> for Parts<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Vec<T>, A::Error> {
        let mut parts = Vec::new();
        while let Some(raw) = access.next_element::<&RawValue>()? {
            let part = (self.part)(parts.len(), "", raw.get());
            self.keep(part, &mut parts)?;
        }
        Ok(parts)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Vec<T>, A::Error> {
        let mut parts = Vec::new();
        while let Some((key, raw)) = access.next_entry::<&RawValue, &RawValue>()? {
            let key = unquote(key.get()).map_err(A::Error::custom)?;
            let part = (self.part)(parts.len(), &key, raw.get());
            self.keep(part, &mut parts)?;
        }
        Ok(parts)
    }
}

fn parts<T>(text: &str, part: &dyn Fn(usize, &str, &str) -> Result<T>) -> Result<Vec<T>> {
    let mut failure = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let found = json.deserialize_any(Parts { part, failure: &mut failure });
    found.map_err(|error| failure.unwrap_or_else(|| invalid(&error)))
}

fn elements(text: &str, kind: &SqlType) -> Result<Value> {
    let values = parts(text, &|index, _, raw| {
        value(raw, kind).map_err(|error| error.within(format_args!("[{index}]")))
    })?;
    Ok(Value::Array(values.into()))
}

fn entries(text: &str, key_type: &SqlType, value_type: &SqlType) -> Result<Value> {
    if *key_type != SqlType::String {
        return Err(SerdeError::not_of_type(key_type));
    }
    let entries = parts(text, &|_, key, raw| {
        let value = value(raw, value_type).map_err(|error| error.within(format_args!(".{key}.value")))?;
        Ok((Value::string(key), value))
    })?;
    Ok(Value::Map(entries.into_iter().collect::<MapValue>().into()))
}
