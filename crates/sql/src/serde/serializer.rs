//! Rows as records.
use std::sync::Arc;

use super::json::{Style, names_of_row, write_named_row, write_value};
use super::{
    Format, FormatError, FormatName, Result, RowSchema, SerdeError, Side, delimited, kafka, protobuf,
};
use crate::types::Field;
use crate::{SqlType, Value};

/// Writes one side of the records of a topic.
#[derive(Clone, Debug)]
pub struct Serializer {
    format: Format,
    side: Side,
    columns: Arc<[Field]>,
    /// Of JSON: what stands before the value of each column.
    names: Arc<[Box<[u8]>]>,
    /// Whether the only column is the whole record.
    unwrapped: bool,
}

impl Serializer {
    /// For columns that the format can hold.
    pub fn new(format: &Format, schema: &RowSchema) -> Result<Self, FormatError> {
        format.check(schema)?;
        Ok(Self {
            format: *format,
            side: schema.side,
            columns: schema.columns.clone(),
            names: names_of_row(&schema.columns).collect(),
            unwrapped: schema.unwrapped().is_some(),
        })
    }

    /// The bytes of a row, which has the values of the columns in their order; `None` for what has no bytes: a side without
    /// columns, a single NULL as key, a single NULL that would be the whole of the value.
    pub fn serialize(&self, row: &[Value]) -> Result<Option<Vec<u8>>> {
        let mut out = Vec::new();
        Ok(self.serialize_into(row, &mut out)?.then_some(out))
    }

    /// Appends what [`Self::serialize`] gives; false for its `None`. Nothing is appended then, nor on errors.
    pub fn serialize_into(&self, row: &[Value], out: &mut Vec<u8>) -> Result<bool> {
        if row.len() != self.columns.len() {
            return Err(SerdeError::column_count("serialization", self.columns.len(), row.len()));
        }
        let start = out.len();
        let written = self.write(row, out);
        if !matches!(written, Ok(true)) {
            out.truncate(start);
        }
        written
    }

    /// Whether this is a single value of which it is known without a try that it has bytes.
    pub(crate) fn is_plain(&self, row: &[Value]) -> bool {
        let is_single = match self.format.name {
            FormatName::Kafka => true,
            FormatName::Json => self.unwrapped,
            _ => false,
        };
        let [column] = &*self.columns else { return false };
        is_single
            && matches!(
                (row, &column.kind),
                ([Value::String(_)], SqlType::String)
                    | ([Value::Integer(_)], SqlType::Integer)
                    | ([Value::Bigint(_)], SqlType::Bigint)
            )
    }

    fn write(&self, row: &[Value], out: &mut Vec<u8>) -> Result<bool> {
        match row {
            [] if self.side == Side::Key => return Ok(false),
            [Value::Null] if self.unwrapped && (self.side == Side::Key || self.format.name.has_choice()) => {
                return Ok(false);
            }
            _ => {}
        }
        match (self.format.name, &*self.columns, row) {
            (FormatName::Kafka, [column], [value]) => return kafka::write(value, &column.kind, out),
            (FormatName::Json, [column], [value]) if self.unwrapped => {
                write_value(value, &column.kind, Style::Topic, out).map_err(|error| error.within("$"))?;
            }
            (FormatName::Json, columns, row) => {
                write_named_row(row, columns, &self.names, out).map_err(|error| error.within("$"))?;
            }
            (FormatName::Delimited, columns, row) => {
                delimited::write_row(row, columns, self.format.delimiter.unwrap_or_default(), out)?;
            }
            (FormatName::ProtobufNosr, [column], [value]) if self.unwrapped => {
                protobuf::write_unwrapped(value, &column.kind, self.format.nullable, out)
                    .map_err(SerdeError::rooted)?;
            }
            (FormatName::ProtobufNosr, columns, row) => {
                protobuf::write_message(row, columns, self.format.nullable, out)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
