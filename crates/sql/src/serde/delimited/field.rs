//! Fields as the values of columns.
use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::line::Line;
use super::quoting::write_field;
use crate::serde::scalar::{
    decimal, no_coercion, push_decimal, push_display, push_double, temporal, temporal_number,
};
use crate::serde::{Delimiter, Result, SerdeError};
use crate::types::Field;
use crate::value::double::parse_double;
use crate::{SqlType, Value};

/// Fills the row from the fields of a line, of which there must be as many as columns.
pub(in crate::serde) fn read_row(
    bytes: &[u8],
    columns: &[Field],
    delimiter: Delimiter,
    row: &mut [Value],
) -> Result<()> {
    // Java replaces what is not UTF-8 instead of refusing it.
    let text = String::from_utf8_lossy(bytes);
    let Some(mut line) = Line::new(&text, delimiter) else {
        return Err(SerdeError::new("No fields in record"));
    };
    for (index, (place, column)) in row.iter_mut().zip(columns).enumerate() {
        let Some(field) = line.next() else {
            return Err(SerdeError::column_count("deserialization", columns.len(), index));
        };
        *place =
            read(&field?, &column.kind).map_err(|error| error.within(format_args!("$.{}", column.name)))?;
    }
    match line.count() {
        0 => Ok(()),
        more => Err(SerdeError::column_count("deserialization", columns.len(), columns.len() + more)),
    }
}

/// An empty field is NULL. White space around anything but a STRING does not count.
fn read(field: &str, kind: &SqlType) -> Result<Value> {
    let trimmed = field.trim_matches(|c: char| c <= ' ');
    let no = || no_coercion(kind);
    if field.is_empty() || (trimmed.is_empty() && *kind != SqlType::String) {
        return Ok(Value::Null);
    }
    Ok(match kind {
        SqlType::String => Value::string(field),
        SqlType::Boolean => Value::Boolean(trimmed.eq_ignore_ascii_case("true")),
        SqlType::Integer => Value::Integer(trimmed.parse().map_err(|_| no())?),
        SqlType::Bigint => Value::Bigint(trimmed.parse().map_err(|_| no())?),
        SqlType::Double => Value::Double(parse_double(trimmed).ok_or_else(no)?),
        SqlType::Decimal(digits) => decimal(trimmed, *digits).ok_or_else(no)??,
        SqlType::Bytes => Value::bytes(STANDARD.decode(trimmed).map_err(|_| no())?),
        SqlType::Date | SqlType::Time | SqlType::Timestamp => {
            temporal(trimmed.parse().map_err(|_| no())?, kind)?
        }
        SqlType::Array(_) | SqlType::Map(..) | SqlType::Struct(_) => {
            return Err(SerdeError::not_of_type(kind));
        }
    })
}

/// Appends the fields of a row. NULL is written as nothing, and not in quotes even where an empty STRING is.
pub(in crate::serde) fn write_row(
    row: &[Value],
    columns: &[Field],
    delimiter: Delimiter,
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut scratch = Vec::new();
    for (index, (value, column)) in row.iter().zip(columns).enumerate() {
        if index > 0 {
            out.extend_from_slice(delimiter.as_char().encode_utf8(&mut [0; 4]).as_bytes());
        }
        if !value.is_null() {
            let text = text(value, &column.kind, &mut scratch)
                .map_err(|error| error.within(format_args!("$.{}", column.name)))?;
            write_field(&text, index == 0, delimiter.as_char(), out);
        }
    }
    Ok(())
}

/// The text of a value, its own or in `scratch`.
fn text<'a>(value: &'a Value, kind: &SqlType, scratch: &'a mut Vec<u8>) -> Result<Cow<'a, str>> {
    scratch.clear();
    match (value, kind) {
        (Value::String(text), SqlType::String) => return Ok(Cow::Borrowed(text)),
        (Value::Boolean(truth), SqlType::Boolean) => push_display(truth, scratch),
        (Value::Integer(number), SqlType::Integer) => push_display(number, scratch),
        (Value::Bigint(number), SqlType::Bigint) => push_display(number, scratch),
        (Value::Date(_), SqlType::Date)
        | (Value::Time(_), SqlType::Time)
        | (Value::Timestamp(_), SqlType::Timestamp) => {
            push_display(temporal_number(value).unwrap_or(0), scratch);
        }
        (Value::Double(number), SqlType::Double) => push_double(*number, scratch),
        (Value::Decimal(number), SqlType::Decimal(_)) => push_decimal(number, scratch),
        (Value::Bytes(bytes), SqlType::Bytes) => return Ok(Cow::Owned(STANDARD.encode(bytes))),
        _ => return Err(SerdeError::not_of_type(kind)),
    }
    Ok(String::from_utf8_lossy(scratch))
}
