//! KAFKA: one column in the bytes of Kafka's own serializers; no coercion.
use super::{Result, SerdeError};
use crate::{SqlType, Value};

/// Reads the whole record as one value.
pub(super) fn read(bytes: &[u8], kind: &SqlType) -> Result<Value> {
    let sized = |deserializer: &str, size: usize| {
        SerdeError::new(format!(
            "Size of data received by {deserializer} is not {size}: it has {} bytes",
            bytes.len()
        ))
    };
    Ok(match kind {
        SqlType::Integer => {
            let bytes = bytes.try_into().map_err(|_| sized("IntegerDeserializer", 4))?;
            Value::Integer(i32::from_be_bytes(bytes))
        }
        SqlType::Bigint => {
            let bytes = bytes.try_into().map_err(|_| sized("LongDeserializer", 8))?;
            Value::Bigint(i64::from_be_bytes(bytes))
        }
        SqlType::Double => {
            let bytes = bytes.try_into().map_err(|_| sized("DoubleDeserializer", 8))?;
            Value::Double(f64::from_be_bytes(bytes))
        }
        // Java replaces what is not UTF-8 instead of refusing it.
        SqlType::String => Value::string(String::from_utf8_lossy(bytes)),
        SqlType::Bytes => Value::bytes(bytes),
        other => return Err(SerdeError::not_of_type(other)),
    })
}

/// Appends the bytes of a value; says whether there is any record, which NULL is not.
pub(super) fn write(value: &Value, kind: &SqlType, out: &mut Vec<u8>) -> Result<bool> {
    match (value, kind) {
        (Value::Null, _) => return Ok(false),
        (Value::Integer(number), SqlType::Integer) => out.extend_from_slice(&number.to_be_bytes()),
        (Value::Bigint(number), SqlType::Bigint) => out.extend_from_slice(&number.to_be_bytes()),
        (Value::Double(number), SqlType::Double) => out.extend_from_slice(&number.to_be_bytes()),
        (Value::String(text), SqlType::String) => out.extend_from_slice(text.as_bytes()),
        (Value::Bytes(bytes), SqlType::Bytes) => out.extend_from_slice(bytes),
        _ => return Err(SerdeError::not_of_type(kind)),
    }
    Ok(true)
}
