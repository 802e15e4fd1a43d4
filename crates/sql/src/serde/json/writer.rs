//! Values as JSON text.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::serde::scalar::{push_decimal, push_double, temporal_number};
use crate::serde::{Result, SerdeError};
use crate::types::Field;
use crate::value::temporal::{date_text, time_text, timestamp_text};
use crate::value::{MapValue, print};
use crate::{SqlType, Value};

/// Two dialects that differ in what JSON has no type for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::serde) enum Style {
    /// In topics DATE, TIME and TIMESTAMP are numbers.
    Topic,
    /// In replies they are text, and the keys of maps may be of any type.
    Reply,
}

/// Appends an object of the columns, NULLs included.
fn write_row(row: &[Value], fields: &[Field], style: Style, out: &mut Vec<u8>) -> Result<()> {
    out.push(b'{');
    for (index, (value, field)) in row.iter().zip(fields).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(&field.name, out);
        out.push(b':');
        write_value(value, &field.kind, style, out)
            .map_err(|error| error.within(format_args!(".{}", field.name)))?;
    }
    out.push(b'}');
    Ok(())
}

/// What stands before the value of each column in an object of these.
pub(in crate::serde) fn names_of_row(fields: &[Field]) -> impl Iterator<Item = Box<[u8]>> + '_ {
    fields.iter().enumerate().map(|(index, field)| {
        let mut text = vec![if index == 0 { b'{' } else { b',' }];
        write_string(&field.name, &mut text);
        text.push(b':');
        text.into_boxed_slice()
    })
}

/// As [`write_row`] for a topic, with the names at hand.
pub(in crate::serde) fn write_named_row(
    row: &[Value],
    fields: &[Field],
    names: &[Box<[u8]>],
    out: &mut Vec<u8>,
) -> Result<()> {
    if row.is_empty() {
        out.push(b'{');
    }
    for ((value, field), name) in row.iter().zip(fields).zip(names) {
        out.extend_from_slice(name);
        write_value(value, &field.kind, Style::Topic, out)
            .map_err(|error| error.within(format_args!(".{}", field.name)))?;
    }
    out.push(b'}');
    Ok(())
}

/// Appends a value of the type.
pub(in crate::serde) fn write_value(
    value: &Value,
    kind: &SqlType,
    style: Style,
    out: &mut Vec<u8>,
) -> Result<()> {
    match (value, kind) {
        (Value::Null, _) => out.extend_from_slice(b"null"),
        (Value::Boolean(truth), SqlType::Boolean) => {
            out.extend_from_slice(if *truth { b"true" } else { b"false" });
        }
        (Value::Integer(number), SqlType::Integer) => push_number(i64::from(*number), out),
        (Value::Bigint(number), SqlType::Bigint) => push_number(*number, out),
        (Value::Double(number), SqlType::Double) => {
            let quote: &[u8] = if number.is_finite() { b"" } else { b"\"" };
            out.extend_from_slice(quote);
            push_double(*number, out);
            out.extend_from_slice(quote);
        }
        (Value::Decimal(number), SqlType::Decimal(_)) => push_decimal(number, out),
        (Value::String(text), SqlType::String) => write_string(text, out),
        (Value::Bytes(bytes), SqlType::Bytes) => push_base64(bytes, out),
        (Value::Date(_), SqlType::Date)
        | (Value::Time(_), SqlType::Time)
        | (Value::Timestamp(_), SqlType::Timestamp) => write_temporal(value, style, out),
        (Value::Array(values), SqlType::Array(element)) => write_array(values, element, style, out)?,
        (Value::Map(map), SqlType::Map(key, value)) => write_map(map, key, value, style, out)?,
        (Value::Struct(row), SqlType::Struct(structure)) => write_row(row, structure.fields(), style, out)?,
        _ => return Err(SerdeError::not_of_type(kind)),
    }
    Ok(())
}

fn push_number(number: i64, out: &mut Vec<u8>) {
    serde_json::to_writer(out, &number).expect("a Vec takes everything");
}

fn push_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, b'=');
    let written = STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
    out.push(b'"');
}

fn write_temporal(value: &Value, style: Style, out: &mut Vec<u8>) {
    let text = match (style, value) {
        (Style::Topic, _) => return push_number(temporal_number(value).unwrap_or(0), out),
        (Style::Reply, Value::Date(days)) => date_text(*days),
        // Replies drop the milliseconds.
        (Style::Reply, Value::Time(ms)) => time_text(ms - ms.rem_euclid(1000)),
        (Style::Reply, Value::Timestamp(ms)) => timestamp_text(*ms),
        (Style::Reply, _) => String::new(),
    };
    write_string(&text, out);
}

fn write_array(values: &[Value], kind: &SqlType, style: Style, out: &mut Vec<u8>) -> Result<()> {
    out.push(b'[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_value(value, kind, style, out).map_err(|error| error.within(format_args!("[{index}]")))?;
    }
    out.push(b']');
    Ok(())
}

fn write_map(
    map: &MapValue,
    key_type: &SqlType,
    value_type: &SqlType,
    style: Style,
    out: &mut Vec<u8>,
) -> Result<()> {
    out.push(b'{');
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match key {
            Value::String(text) => write_string(text, out),
            // Names of JSON are never null: this is how Java prints it.
            Value::Null => out.extend_from_slice(br#""null""#),
            other => {
                let mut text = String::new();
                print(other, key_type, &mut text);
                write_string(&text, out);
            }
        }
        out.push(b':');
        write_value(value, value_type, style, out).map_err(|error| error.within(".value"))?;
    }
    out.push(b'}');
    Ok(())
}

/// Appends a JSON string, escaped where it must be and as Jackson does it.
pub(in crate::serde) fn write_string(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.reserve(text.len() + 2);
    out.push(b'"');
    let bytes = text.as_bytes();
    // Without an early end this is a few instructions for many bytes, and most texts have nothing to escape.
    let is_escaped = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    if !bytes.iter().fold(false, |any, byte| any | is_escaped(byte)) {
        out.extend_from_slice(bytes);
        out.push(b'"');
        return;
    }
    let mut done = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            0..0x20 => 0,
            _ => continue,
        };
        out.extend_from_slice(&bytes[done..at]);
        match short {
            0 => {
                out.extend_from_slice(b"\\u00");
                out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            short => out.extend([b'\\', short]),
        }
        done = at + 1;
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}
