//! Messages as rows.
use super::wire::{Fields, Wire};
use super::{is_scalar, known};
use crate::serde::{Nullable, Result, SerdeError};
use crate::types::Field;
use crate::value::MapValue;
use crate::{SqlType, Value};

/// Fills the row from a message. What is missing is the default of its type, or NULL where the representation of nulls or
/// the type (a message) can say so. Unknown fields are ignored.
pub(in crate::serde) fn read_row(
    bytes: &[u8],
    columns: &[Field],
    nullable: Option<Nullable>,
    row: &mut [Value],
) -> Result<()> {
    let kind = |index: usize| columns.get(index).map(|column| &column.kind);
    read(bytes, &kind, nullable, row).map_err(|(index, error)| {
        match index.and_then(|index| columns.get(index)) {
            Some(column) => error.within(format_args!(".{}", column.name)),
            None => error,
        }
    })
}

/// The message that a single column is.
pub(in crate::serde) fn read_unwrapped(
    bytes: &[u8],
    kind: &SqlType,
    nullable: Option<Nullable>,
) -> Result<Value> {
    if let SqlType::Struct(_) = kind {
        return one(Wire::Bytes(bytes), kind, nullable);
    }
    let mut row = [Value::Null];
    read(bytes, &|index| (index == 0).then_some(kind), nullable, &mut row).map_err(|(_, error)| error)?;
    let [value] = row;
    Ok(value)
}

/// Elements of repeated fields while they are collected; of maps keys and values in turn.
type Lists = Vec<(usize, Vec<Value>)>;

fn read<'a>(
    bytes: &[u8],
    kind_of: &dyn Fn(usize) -> Option<&'a SqlType>,
    nullable: Option<Nullable>,
    row: &mut [Value],
) -> Result<(), (Option<usize>, SerdeError)> {
    let mut lists = Lists::new();
    for (index, place) in row.iter_mut().enumerate() {
        match kind_of(index) {
            Some(SqlType::Array(_) | SqlType::Map(..)) => lists.push((index, Vec::new())),
            Some(kind) => *place = missing(kind, nullable),
            None => {}
        }
    }
    let mut fields = Fields(bytes);
    while let Some((number, wire)) = fields.next().map_err(|error| (None, error))? {
        let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
        let Some((kind, place)) = kind_of(index).zip(row.get_mut(index)) else { continue };
        let list = lists.iter_mut().find(|(list, _)| *list == index).map(|(_, list)| list);
        let read = match (kind, list) {
            (SqlType::Array(element), Some(list)) => elements(wire, element, nullable, list),
            (SqlType::Map(key, value), Some(list)) => entry(wire, key, value, nullable, list),
            _ => one(wire, kind, nullable).map(|value| *place = value),
        };
        read.map_err(|error| (Some(index), error))?;
    }
    for (index, list) in lists {
        if let (Some(kind), Some(place)) = (kind_of(index), row.get_mut(index)) {
            *place = collected(list, kind);
        }
    }
    Ok(())
}

fn collected(list: Vec<Value>, kind: &SqlType) -> Value {
    if let SqlType::Array(_) = kind {
        return Value::Array(list.into());
    }
    let mut values = list.into_iter();
    let entries = std::iter::from_fn(|| values.next().zip(values.next()));
    Value::Map(entries.collect::<MapValue>().into())
}

fn missing(kind: &SqlType, nullable: Option<Nullable>) -> Value {
    if nullable.is_some() {
        return Value::Null;
    }
    default_of(kind)
}

fn default_of(kind: &SqlType) -> Value {
    match kind {
        SqlType::Boolean => Value::Boolean(false),
        SqlType::Integer => Value::Integer(0),
        SqlType::Bigint => Value::Bigint(0),
        SqlType::Double => Value::Double(0.0),
        SqlType::String => Value::string(""),
        SqlType::Bytes => Value::bytes([]),
        _ => Value::Null,
    }
}

/// A value that is not repeated.
fn one(wire: Wire<'_>, kind: &SqlType, nullable: Option<Nullable>) -> Result<Value> {
    match (kind, wire) {
        (scalar, Wire::Bytes(bytes)) if is_scalar(scalar) && nullable == Some(Nullable::Wrapper) => {
            let mut value = default_of(kind);
            let mut fields = Fields(bytes);
            while let Some((number, wire)) = fields.next()? {
                if number == 1 {
                    value = scalar_of(wire, kind)?;
                }
            }
            Ok(value)
        }
        (scalar, _) if is_scalar(scalar) => scalar_of(wire, kind),
        (SqlType::Struct(structure), Wire::Bytes(bytes)) => {
            let mut row = vec![Value::Null; structure.fields().len()];
            read_row(bytes, structure.fields(), nullable, &mut row)?;
            Ok(Value::Struct(row.into()))
        }
        (_, Wire::Bytes(bytes)) => known::read(bytes, kind),
        _ => Err(mismatch(kind)),
    }
}

fn mismatch(kind: &SqlType) -> SerdeError {
    SerdeError::new(format!("Invalid protobuf: the field is no {kind}"))
}

fn scalar_of(wire: Wire<'_>, kind: &SqlType) -> Result<Value> {
    Ok(match (kind, wire) {
        (SqlType::Boolean, Wire::Varint(number)) => Value::Boolean(number != 0),
        (SqlType::Integer, Wire::Varint(number)) => Value::Integer(number as i32),
        (SqlType::Bigint, Wire::Varint(number)) => Value::Bigint(number as i64),
        (SqlType::Double, Wire::Fixed64(bits)) => Value::Double(f64::from_bits(bits)),
        (SqlType::String, Wire::Bytes(bytes)) => {
            let text = std::str::from_utf8(bytes);
            Value::string(text.map_err(|_| SerdeError::new("Invalid protobuf: the string is not UTF-8"))?)
        }
        (SqlType::Bytes, Wire::Bytes(bytes)) => Value::bytes(bytes),
        _ => return Err(mismatch(kind)),
    })
}

/// One element, or a block of them.
fn elements(wire: Wire<'_>, kind: &SqlType, nullable: Option<Nullable>, list: &mut Vec<Value>) -> Result<()> {
    let at = list.len();
    let read = match wire {
        Wire::Bytes(bytes) if super::is_packed(kind) && nullable != Some(Nullable::Wrapper) => {
            packed(bytes, kind, list)
        }
        _ => one(wire, kind, nullable).map(|value| list.push(value)),
    };
    read.map_err(|error| error.within(format_args!("[{at}]")))
}

fn packed(bytes: &[u8], kind: &SqlType, list: &mut Vec<Value>) -> Result<()> {
    let mut block = Fields(bytes);
    while !block.0.is_empty() {
        let wire = match kind {
            SqlType::Double => Wire::Fixed64(block.fixed64()?),
            _ => Wire::Varint(block.varint()?),
        };
        list.push(scalar_of(wire, kind)?);
    }
    Ok(())
}

fn entry(
    wire: Wire<'_>,
    key: &SqlType,
    value: &SqlType,
    nullable: Option<Nullable>,
    list: &mut Vec<Value>,
) -> Result<()> {
    let Wire::Bytes(bytes) = wire else {
        return Err(SerdeError::new("Invalid protobuf: the field is no MAP"));
    };
    let mut row = [Value::Null, Value::Null];
    let kind = |index: usize| [key, value].get(index).copied();
    read(bytes, &kind, nullable, &mut row).map_err(|(_, error)| error.within(".value"))?;
    list.extend(row);
    Ok(())
}
