//! Rows as stores keep them: every value says what it is, so that columns that were added later read as NULL in rows of
//! before.
use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::BigInt;
use lentic_topology::{Codec, DataError, Encoding, Payload};
use lentic_types::FormatName;

use super::row::{PROJECTED, Row};
use crate::{MapValue, Value};

/// Rows of this many columns.
pub(super) fn rows(width: usize) -> Codec {
    Codec::new(FormatName::Bytes, None, "a row", Binary { width })
}

struct Binary {
    width: usize,
}

impl Encoding for Binary {
    fn encode(&self, payload: &Payload, out: &mut Vec<u8>) -> Result<bool, DataError> {
        for value in payload.get::<Row>() {
            write(value, out);
        }
        Ok(true)
    }

    fn has_bytes(&self, _: &Payload) -> Result<bool, DataError> {
        Ok(true)
    }

    fn decode(&self, bytes: Option<&[u8]>) -> Result<Option<Payload>, DataError> {
        let Some(mut bytes) = bytes else { return Ok(None) };
        let mut row = Row::with_capacity(self.width + PROJECTED);
        while !bytes.is_empty() {
            row.push(read(&mut bytes).ok_or_else(|| DataError {
                expected: "a row",
                text: "the bytes end within a value, or have an unknown tag".to_owned(),
            })?);
        }
        row.resize(self.width, Value::Null);
        Ok(Some(Payload::new(row)))
    }
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0),
        Value::Boolean(yes) => out.push(1 + u8::from(*yes)),
        Value::Integer(number) => tagged(3, &number.to_be_bytes(), out),
        Value::Bigint(number) => tagged(4, &number.to_be_bytes(), out),
        Value::Double(number) => tagged(5, &number.to_bits().to_be_bytes(), out),
        Value::Decimal(number) => {
            let (digits, scale) = number.as_bigint_and_scale();
            tagged(6, &scale.to_be_bytes(), out);
            sized(&digits.to_signed_bytes_be(), out);
        }
        Value::String(text) => {
            out.push(7);
            sized(text.as_bytes(), out);
        }
        Value::Bytes(bytes) => {
            out.push(8);
            sized(bytes, out);
        }
        Value::Date(days) => tagged(9, &days.to_be_bytes(), out),
        Value::Time(millis) => tagged(10, &millis.to_be_bytes(), out),
        Value::Timestamp(millis) => tagged(11, &millis.to_be_bytes(), out),
        Value::Array(values) => list(12, values, out),
        Value::Struct(values) => list(13, values, out),
        Value::Map(map) => {
            out.push(14);
            length(map.len(), out);
            for (key, value) in map.iter() {
                write(key, out);
                write(value, out);
            }
        }
    }
}

fn tagged(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

fn sized(bytes: &[u8], out: &mut Vec<u8>) {
    length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn list(tag: u8, values: &[Value], out: &mut Vec<u8>) {
    out.push(tag);
    length(values.len(), out);
    for value in values {
        write(value, out);
    }
}

/// Seven bits a byte, the lowest first.
fn length(mut length: usize, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

fn read(bytes: &mut &[u8]) -> Option<Value> {
    let (tag, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(match tag {
        0 => Value::Null,
        1 => Value::Boolean(false),
        2 => Value::Boolean(true),
        3 => Value::Integer(i32::from_be_bytes(chunk(bytes)?)),
        4 => Value::Bigint(i64::from_be_bytes(chunk(bytes)?)),
        5 => Value::Double(f64::from_bits(u64::from_be_bytes(chunk(bytes)?))),
        6 => {
            let scale = i64::from_be_bytes(chunk(bytes)?);
            Value::decimal(BigDecimal::new(BigInt::from_signed_bytes_be(take(bytes)?), scale))
        }
        7 => Value::string(std::str::from_utf8(take(bytes)?).ok()?),
        8 => Value::bytes(take(bytes)?),
        9 => Value::Date(i32::from_be_bytes(chunk(bytes)?)),
        10 => Value::Time(i32::from_be_bytes(chunk(bytes)?)),
        11 => Value::Timestamp(i64::from_be_bytes(chunk(bytes)?)),
        12 => Value::Array(items(bytes)?.into()),
        13 => Value::Struct(items(bytes)?.into()),
        14 => {
            let count = read_length(bytes)?;
            let entries: Option<MapValue> = (0..count).map(|_| Some((read(bytes)?, read(bytes)?))).collect();
            Value::Map(std::sync::Arc::new(entries?))
        }
        _ => return None,
    })
}

fn chunk<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*chunk)
}

fn read_length(bytes: &mut &[u8]) -> Option<usize> {
    let (mut length, mut shift) = (0, 0);
    loop {
        let [byte] = chunk(bytes)?;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(length);
        }
        shift += 7;
    }
}

fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = read_length(bytes)?;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn items(bytes: &mut &[u8]) -> Option<Vec<Value>> {
    let count = read_length(bytes)?;
    (0..count).map(|_| read(bytes)).collect()
}
