//! Records as rows.
use std::sync::Arc;

use super::json::{read_row, read_value};
use super::{
    Format, FormatError, FormatName, Result, RowSchema, SerdeError, Wanted, delimited, kafka, protobuf,
};
use crate::Value;
use crate::types::Field;

/// Reads one side of the records of a topic.
#[derive(Clone, Debug)]
pub struct Deserializer {
    format: Format,
    columns: Arc<[Field]>,
    /// Whether the only column is the whole record.
    unwrapped: bool,
    wanted: Wanted,
}

impl Deserializer {
    /// For columns that the format can hold.
    pub fn new(format: &Format, schema: &RowSchema) -> Result<Self, FormatError> {
        format.check(schema)?;
        let (columns, unwrapped) = (schema.columns.clone(), schema.unwrapped().is_some());
        Ok(Self { format: *format, columns, unwrapped, wanted: Wanted::default() })
    }

    /// The same, of which columns may be left NULL that nobody wants. What is no value of a column's type is found all the same.
    pub(crate) fn with_wanted(self, wanted: Wanted) -> Self {
        Self { wanted, ..self }
    }

    /// Appends the values of the columns, in their order. False, with nothing appended, if there is no row: a tombstone, or
    /// what stands for one in the format (JSON's `null`), or a side without columns to read. Nothing is appended on errors.
    pub fn deserialize(&self, bytes: Option<&[u8]>, row: &mut Vec<Value>) -> Result<bool> {
        let Some(bytes) = bytes else { return Ok(false) };
        let start = row.len();
        row.resize(start + self.columns.len(), Value::Null);
        let found = self.read(bytes, &mut row[start..]);
        if !matches!(found, Ok(true)) {
            row.truncate(start);
        }
        found
    }

    /// How many columns there are.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Puts the values into a row of NULLs, as wide as there are columns. False if there is no row; what was put in then, or before an
    /// error, means nothing.
    pub(crate) fn read(&self, bytes: &[u8], row: &mut [Value]) -> Result<bool> {
        match (self.format.name, &*self.columns, &mut *row) {
            (FormatName::Kafka, [column], [place]) => {
                *place = kafka::read(bytes, &column.kind)?;
                Ok(true)
            }
            (FormatName::Json, [column], [place]) if self.unwrapped => {
                *place = read_value(bytes, &column.kind)?;
                Ok(!place.is_null())
            }
            (FormatName::Json, columns, row) => read_row(bytes, columns, &self.wanted, row),
            (FormatName::Delimited, columns, row) => {
                delimited::read_row(bytes, columns, self.format.delimiter.unwrap_or_default(), row)?;
                Ok(true)
            }
            (FormatName::ProtobufNosr, [column], [place]) if self.unwrapped => {
                *place = protobuf::read_unwrapped(bytes, &column.kind, self.format.nullable)
                    .map_err(SerdeError::rooted)?;
                Ok(true)
            }
            (FormatName::ProtobufNosr, columns, row) => {
                protobuf::read_row(bytes, columns, self.format.nullable, row).map_err(SerdeError::rooted)?;
                Ok(true)
            }
            // NONE, and KAFKA without a column; the rest is refused by the check.
            _ => Ok(false),
        }
    }
}
