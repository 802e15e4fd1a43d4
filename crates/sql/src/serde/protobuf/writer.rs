//! Rows as messages.
use super::wire::{push_bytes, push_fixed64, push_message, push_number, push_varint};
use super::{is_packed, is_scalar, known};
use crate::serde::{Nullable, Result, SerdeError};
use crate::types::Field;
use crate::value::MapValue;
use crate::{SqlType, Value};

/// Appends the message of a row: what a record holds, and `protobufBytes` in replies.
pub fn write_message(
    row: &[Value],
    columns: &[Field],
    nullable: Option<Nullable>,
    out: &mut Vec<u8>,
) -> Result<()> {
    write_fields(row, columns, nullable, out).map_err(SerdeError::rooted)
}

fn write_fields(
    row: &[Value],
    columns: &[Field],
    nullable: Option<Nullable>,
    out: &mut Vec<u8>,
) -> Result<()> {
    for (number, (value, column)) in (1..).zip(row.iter().zip(columns)) {
        write_field(number, value, &column.kind, nullable, out)
            .map_err(|error| error.within(format_args!(".{}", column.name)))?;
    }
    Ok(())
}

/// Appends the message that a single column is.
pub(in crate::serde) fn write_unwrapped(
    value: &Value,
    kind: &SqlType,
    nullable: Option<Nullable>,
    out: &mut Vec<u8>,
) -> Result<()> {
    match (value, kind) {
        (Value::Struct(row), SqlType::Struct(structure)) => {
            write_fields(row, structure.fields(), nullable, out)
        }
        _ => write_field(1, value, kind, nullable, out),
    }
}

/// NULL is not written. Nor is the default of a scalar, unless the field says whether it is there.
fn write_field(
    number: u64,
    value: &Value,
    kind: &SqlType,
    nullable: Option<Nullable>,
    out: &mut Vec<u8>,
) -> Result<()> {
    match (value, kind) {
        (Value::Null, _) => Ok(()),
        (_, scalar) if is_scalar(scalar) => match nullable {
            None if is_default(value) => Ok(()),
            None | Some(Nullable::Optional) => write_scalar(number, value, kind, out),
            Some(Nullable::Wrapper) => write_wrapper(number, value, kind, out),
        },
        (Value::Array(values), SqlType::Array(element)) => {
            write_array(number, values, element, nullable, out)
        }
        (Value::Map(map), SqlType::Map(key, value)) => write_map(number, map, key, value, nullable, out),
        (_, SqlType::Array(_) | SqlType::Map(..)) => Err(SerdeError::not_of_type(kind)),
        _ => write_nested(number, value, kind, nullable, out),
    }
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Boolean(truth) => !truth,
        Value::Integer(number) => *number == 0,
        Value::Bigint(number) => *number == 0,
        // -0.0 is not the default.
        Value::Double(number) => number.to_bits() == 0,
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        _ => false,
    }
}

fn write_scalar(number: u64, value: &Value, kind: &SqlType, out: &mut Vec<u8>) -> Result<()> {
    match (value, kind) {
        (Value::Boolean(truth), SqlType::Boolean) => push_number(number, u64::from(*truth), out),
        (Value::Integer(integer), SqlType::Integer) => push_number(number, i64::from(*integer) as u64, out),
        (Value::Bigint(bigint), SqlType::Bigint) => push_number(number, *bigint as u64, out),
        (Value::Double(double), SqlType::Double) => push_fixed64(number, double.to_bits(), out),
        (Value::String(text), SqlType::String) => push_bytes(number, text.as_bytes(), out),
        (Value::Bytes(bytes), SqlType::Bytes) => push_bytes(number, bytes, out),
        _ => return Err(SerdeError::not_of_type(kind)),
    }
    Ok(())
}

fn write_wrapper(number: u64, value: &Value, kind: &SqlType, out: &mut Vec<u8>) -> Result<()> {
    push_message(number, out, |out| {
        if is_default(value) || value.is_null() { Ok(()) } else { write_scalar(1, value, kind, out) }
    })
}

/// A message field: a STRUCT or one of the well-known messages.
fn write_nested(
    number: u64,
    value: &Value,
    kind: &SqlType,
    nullable: Option<Nullable>,
    out: &mut Vec<u8>,
) -> Result<()> {
    push_message(number, out, |out| match (value, kind) {
        (Value::Null, _) => Ok(()),
        (Value::Struct(row), SqlType::Struct(structure)) => {
            write_fields(row, structure.fields(), nullable, out)
        }
        (Value::Decimal(_), SqlType::Decimal(_))
        | (Value::Date(_), SqlType::Date)
        | (Value::Time(_), SqlType::Time)
        | (Value::Timestamp(_), SqlType::Timestamp)
            if known::write(value, out) =>
        {
            Ok(())
        }
        _ => Err(SerdeError::not_of_type(kind)),
    })
}

/// A NULL among the elements becomes the default of their type: what is repeated has no gaps.
fn write_array(
    number: u64,
    values: &[Value],
    kind: &SqlType,
    nullable: Option<Nullable>,
    out: &mut Vec<u8>,
) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    if is_packed(kind) && nullable != Some(Nullable::Wrapper) {
        return push_message(number, out, |out| {
            values.iter().try_for_each(|value| write_packed(value, kind, out))
        });
    }
    for value in values {
        match (value, kind) {
            (_, scalar) if is_scalar(scalar) && nullable == Some(Nullable::Wrapper) => {
                write_wrapper(number, value, kind, out)?;
            }
            (Value::Null, SqlType::String | SqlType::Bytes) => push_bytes(number, b"", out),
            (_, SqlType::String | SqlType::Bytes) => write_scalar(number, value, kind, out)?,
            (_, SqlType::Array(_) | SqlType::Map(..)) => return Err(SerdeError::not_of_type(kind)),
            _ => write_nested(number, value, kind, nullable, out)?,
        }
    }
    Ok(())
}

fn write_packed(value: &Value, kind: &SqlType, out: &mut Vec<u8>) -> Result<()> {
    match (value, kind) {
        (Value::Null, SqlType::Double) => out.extend_from_slice(&[0; 8]),
        (Value::Null, _) => out.push(0),
        (Value::Boolean(truth), SqlType::Boolean) => out.push(u8::from(*truth)),
        (Value::Integer(number), SqlType::Integer) => push_varint(i64::from(*number) as u64, out),
        (Value::Bigint(number), SqlType::Bigint) => push_varint(*number as u64, out),
        (Value::Double(number), SqlType::Double) => out.extend_from_slice(&number.to_bits().to_le_bytes()),
        _ => return Err(SerdeError::not_of_type(kind)),
    }
    Ok(())
}

fn write_map(
    number: u64,
    map: &MapValue,
    key_type: &SqlType,
    value_type: &SqlType,
    nullable: Option<Nullable>,
    out: &mut Vec<u8>,
) -> Result<()> {
    for (key, value) in map.iter() {
        push_message(number, out, |out| {
            write_field(1, key, key_type, nullable, out)?;
            write_field(2, value, value_type, nullable, out)
        })?;
    }
    Ok(())
}
