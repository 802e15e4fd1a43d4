//! CAST: explicit conversion between types.
mod number;
mod text;

use std::fmt;

use crate::error::Result;
use crate::types::{SqlType, StructType};
use crate::value::calendar::DAY_MS;
use crate::value::{MapValue, Value, print};

/// A conversion from one type to another that exists (ksqlDB's documentation of CAST).
#[derive(Clone, Debug)]
pub struct Cast {
    from: SqlType,
    to: SqlType,
}

/// Two types with no conversion between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedCast {
    /// What was to be converted.
    pub from: SqlType,
    /// Into what.
    pub to: SqlType,
}

impl fmt::Display for UnsupportedCast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cast of {} to {} is not supported", self.from, self.to)
    }
}

impl std::error::Error for UnsupportedCast {}

impl Cast {
    /// The conversion, if there is one.
    pub fn new(from: &SqlType, to: &SqlType) -> Result<Self, UnsupportedCast> {
        if exists(from, to) {
            Ok(Self { from: from.clone(), to: to.clone() })
        } else {
            Err(UnsupportedCast { from: from.clone(), to: to.clone() })
        }
    }

    /// Converts a value of the first type; NULL stays NULL. An error is text that is no number or date, or a number with too
    /// many digits for its DECIMAL.
    pub fn apply(&self, value: &Value) -> Result<Value> {
        cast(value, &self.from, &self.to)
    }
}

fn exists(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::{Array, Boolean, Bytes, Date, Map, String, Struct, Time, Timestamp};
    match (from, to) {
        (Bytes, String) => false,
        (_, String) | (String, Boolean | Date | Time | Timestamp) => true,
        (Timestamp, Date | Time) | (Date, Timestamp) => true,
        (String, to) if to.is_number() => true,
        (Array(from), Array(to)) => exists(from, to),
        (Map(from_key, from_value), Map(to_key, to_value)) => {
            exists(from_key, to_key) && exists(from_value, to_value)
        }
        (Struct(from), Struct(to)) => to.fields().iter().all(|field| {
            from.position(&field.name).is_none_or(|at| exists(&from.fields()[at].kind, &field.kind))
        }),
        (from, to) => from == to || (from.is_number() && to.is_number()),
    }
}

/// Converts by a rule that [`exists`].
pub(crate) fn cast(value: &Value, from: &SqlType, to: &SqlType) -> Result<Value> {
    if value.is_null() || from == to {
        return Ok(value.clone());
    }
    match (value, from, to) {
        (Value::String(text), _, to) => text::read(text, to),
        (value, from, SqlType::String) => {
            let mut text = String::new();
            print(value, from, &mut text);
            Ok(text.into())
        }
        (Value::Timestamp(ms), _, SqlType::Date) => Ok(Value::Date(ms.div_euclid(DAY_MS) as i32)),
        (Value::Timestamp(ms), _, SqlType::Time) => Ok(Value::Time(ms.rem_euclid(DAY_MS) as i32)),
        (Value::Date(days), _, SqlType::Timestamp) => Ok(Value::Timestamp(i64::from(*days) * DAY_MS)),
        (Value::Array(values), SqlType::Array(from), SqlType::Array(to)) => {
            let values: Result<_> = values.iter().map(|value| cast(value, from, to)).collect();
            values.map(Value::Array)
        }
        (Value::Map(map), SqlType::Map(fk, fv), SqlType::Map(tk, tv)) => {
            let entries = map.iter().map(|(key, value)| Ok((cast(key, fk, tk)?, cast(value, fv, tv)?)));
            entries.collect::<Result<MapValue>>().map(|map| Value::Map(map.into()))
        }
        (Value::Struct(values), SqlType::Struct(from), SqlType::Struct(to)) => fields(values, from, to),
        (number, _, to) => number::convert(number, to),
    }
}

/// Fields go by name, in exactly its case; those that are missing are NULL.
fn fields(values: &[Value], from: &StructType, to: &StructType) -> Result<Value> {
    let fields = to.fields().iter().map(|field| {
        let found =
            from.position(&field.name).and_then(|at| Some((values.get(at)?, &from.fields()[at].kind)));
        found.map_or(Ok(Value::Null), |(value, kind)| cast(value, kind, &field.kind))
    });
    fields.collect::<Result<_>>().map(Value::Struct)
}
