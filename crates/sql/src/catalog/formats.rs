//! The formats of a stream or table, and that they can carry its columns.
use lentic_sql_syntax::Position;

use super::{Properties, Schema};
use crate::Refusal;
use crate::serde::{Delimiter, Format, FormatError, FormatName, Nullable, RowSchema};
use lentic_sql_syntax::nearest;

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
        let wrapping = value.name.value_wrapping(properties.wrap_single_value, count, wraps);
        let wrapping = wrapping.map_err(refusal).map_err(placed(properties.place(&["WRAP_SINGLE_VALUE"])))?;
        let value_columns = RowSchema::value(schema.value().map(columns)).with_wrapping(wrapping);
        let topic = properties.topic.as_deref().unwrap_or_default();
        for (format, columns, place) in
            [(&key, &key_columns, key_place(properties)), (&value, &value_columns, value_place(properties))]
        {
            let checked = format.check_registry(topic).and_then(|()| format.check(columns));
            checked.map_err(refusal).map_err(placed(place))?;
        }
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
        let (key, value) =
            (Self::key_format(properties)?, value.format().map_err(placed(value_place(properties)))?);
        key.check_properties().map_err(refusal).map_err(placed(key_place(properties)))?;
        value.check_properties().map_err(refusal).map_err(placed(value_place(properties)))?;
        Ok((key, value))
    }

    /// Refuses formats of which a registry would have to tell the columns.
    pub(super) fn check_inference(properties: &Properties) -> Result<(), Refusal> {
        let (key, value) = Self::names(properties)?;
        for (format, place) in [(value, value_place(properties)), (key, key_place(properties))] {
            format.check_inference().map_err(refusal).map_err(placed(place))?;
        }
        Ok(())
    }

    /// That of keys alone.
    pub(crate) fn key_format(properties: &Properties) -> Result<Format, Refusal> {
        let key = Side {
            name: properties.key_format.as_deref(),
            delimiter: properties.key_delimiter.as_deref(),
            nullable: properties.key_nullable.as_deref(),
            prefix: "KEY",
        };
        key.format().map_err(placed(key_place(properties)))
    }
}

/// Where the format of keys is named.
fn key_place(properties: &Properties) -> Option<Position> {
    properties.place(&["KEY_FORMAT", "FORMAT"])
}

/// Where that of values is.
fn value_place(properties: &Properties) -> Option<Position> {
    properties.place(&["VALUE_FORMAT", "FORMAT"])
}

fn placed(place: Option<Position>) -> impl Fn(Refusal) -> Refusal {
    move |refusal| match place {
        Some(place) => refusal.within(place),
        None => refusal,
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
        let written = self.name.unwrap_or("NONE");
        let name: FormatName = written.parse().map_err(|error| {
            let near = nearest(written, FormatName::ALL.into_iter().map(FormatName::name));
            refusal(error).near(near)
        })?;
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
    let refusal = Refusal::new(error.to_string());
    if error.needs_registry() { refusal.for_want_of_registry() } else { refusal }
}
