//! The formats of a stream or table, and that they can carry its columns.
use super::{Properties, Schema};
use crate::Refusal;
use crate::serde::{Delimiter, Format, FormatError, FormatName, Nullable, RowSchema};

/// How keys and values lie in records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formats {
    /// Of keys.
    pub key: Format,
    /// Of values.
    pub value: Format,
    /// The columns of keys, in the order in which they lie there.
    pub key_columns: RowSchema,
    /// The columns of values.
    pub value_columns: RowSchema,
}

impl Formats {
    /// Of a source whose format names are given. `wraps`: `ksql.persistence.wrap.single.values`.
    pub fn new(properties: &Properties, schema: &Schema, wraps: bool) -> Result<Self, Refusal> {
        let (key, value) = Self::names(properties)?;
        let columns = |column: &super::Column| (std::sync::Arc::clone(&column.name), column.kind.clone());
        let key_columns = RowSchema::key(schema.key().map(columns)).with_wrapping(key.name.key_wrapping());
        let count = schema.value().count();
        let wrapping =
            value.name.value_wrapping(properties.wrap_single_value, count, wraps).map_err(refusal)?;
        let value_columns = RowSchema::value(schema.value().map(columns)).with_wrapping(wrapping);
        key.check(&key_columns).map_err(refusal)?;
        value.check(&value_columns).map_err(refusal)?;
        Ok(Self { key, value, key_columns, value_columns })
    }

    /// Those of keys and values whatever the columns are, with properties that they have.
    pub(super) fn names(properties: &Properties) -> Result<(Format, Format), Refusal> {
        let value = Side {
            name: properties.value_format.as_deref(),
            delimiter: properties.value_delimiter.as_deref(),
            nullable: properties.value_nullable.as_deref(),
            prefix: "VALUE",
        };
        let (key, value) = (Self::key_format(properties)?, value.format()?);
        key.check_properties().map_err(refusal)?;
        value.check_properties().map_err(refusal)?;
        Ok((key, value))
    }

    /// That of keys alone.
    pub(crate) fn key_format(properties: &Properties) -> Result<Format, Refusal> {
        let key = Side {
            name: properties.key_format.as_deref(),
            delimiter: properties.key_delimiter.as_deref(),
            nullable: properties.key_nullable.as_deref(),
            prefix: "KEY",
        };
        key.format()
    }
}

/// What is said of one side.
struct Side<'a> {
    name: Option<&'a str>,
    delimiter: Option<&'a str>,
    nullable: Option<&'a str>,
    prefix: &'static str,
}

impl Side<'_> {
    fn format(&self) -> Result<Format, Refusal> {
        let name: FormatName = self.name.unwrap_or("NONE").parse().map_err(refusal)?;
        let invalid = |property: &str, error: &FormatError| {
            Refusal::new(format!("Configuration {}_{property} is invalid: {error}", self.prefix))
        };
        let mut format = Format::new(name);
        if let Some(text) = self.delimiter {
            let delimiter = Delimiter::parse(text).map_err(|error| invalid("DELIMITER", &error))?;
            format = format.with_delimiter(delimiter);
        }
        if let Some(text) = self.nullable {
            let nullable: Nullable =
                text.parse().map_err(|error| invalid("PROTOBUF_NULLABLE_REPRESENTATION", &error))?;
            format = format.with_nullable(nullable);
        }
        Ok(format)
    }
}

fn refusal(error: FormatError) -> Refusal {
    Refusal::new(error.to_string())
}
