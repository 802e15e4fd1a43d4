//! Records as the test tools write and read them: by generic serdes of the formats, not by those under test.
use std::collections::BTreeMap;

use lentic_sql::Value;
use lentic_sql::catalog::{Source, SourceWindow};
use lentic_sql::serde::{Deserializer, Format, FormatName, RowSchema, Serializer};
use lentic_sql::{SqlType, value};

use super::{Actual, Json, RecordWindow};

/// How the records of a topic look.
#[derive(Clone, Debug)]
pub struct TopicCodec {
    key: SideCodec,
    value: SideCodec,
    window: Option<SourceWindow>,
}

/// One side of them.
#[derive(Clone, Debug)]
struct SideCodec {
    format: Format,
    columns: RowSchema,
    /// Whether JSON numbers with a point are compared by their digits.
    is_exact: bool,
}

impl TopicCodec {
    /// Of the topic of a stream or table. `is_exact`: decimals in JSON are compared digit by digit.
    pub fn of(source: &Source, is_exact: bool) -> Self {
        let formats = &source.formats;
        let side =
            |format: Format, columns: &RowSchema| SideCodec { format, columns: columns.clone(), is_exact };
        Self {
            key: side(formats.key, &formats.key_columns),
            value: side(formats.value, &formats.value_columns),
            window: source.properties.window,
        }
    }

    /// The bytes of a key.
    pub fn write_key(&self, key: &Json, window: Option<&RecordWindow>) -> Result<Option<Vec<u8>>, String> {
        let Some(mut bytes) = self.key.write(key)? else { return Ok(None) };
        if let Some(window) = window {
            if window.kind == "session" {
                bytes.extend(window.end.to_be_bytes());
            }
            bytes.extend(window.start.to_be_bytes());
        }
        Ok(Some(bytes))
    }

    /// The bytes of a value.
    pub fn write_value(&self, value: &Json) -> Result<Option<Vec<u8>>, String> {
        self.value.write(value)
    }

    /// A key and its window.
    pub fn read_key(&self, bytes: Option<&[u8]>) -> Result<(Actual, Option<RecordWindow>), String> {
        let (Some(bytes), Some(window)) = (bytes, self.window) else {
            return Ok((self.key.read(bytes)?, None));
        };
        let (inner, window) = split_window(bytes, window).ok_or("a windowed key is too short")?;
        Ok((self.key.read(Some(inner))?, Some(window)))
    }

    /// A value.
    pub fn read_value(&self, bytes: Option<&[u8]>) -> Result<Actual, String> {
        self.value.read(bytes)
    }
}

/// A windowed key in its parts, as Kafka Streams' serdes of windows lay them out.
pub fn split_window(bytes: &[u8], window: SourceWindow) -> Option<(&[u8], RecordWindow)> {
    let number = |bytes: &[u8]| bytes.try_into().ok().map(i64::from_be_bytes);
    let (rest, start) = bytes.split_at_checked(bytes.len().checked_sub(8)?)?;
    let start = number(start)?;
    match window {
        SourceWindow::Session => {
            let (inner, end) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
            Some((inner, RecordWindow { start, end: number(end)?, kind: "session".to_owned() }))
        }
        SourceWindow::Tumbling(size) | SourceWindow::Hopping(size) => {
            Some((rest, RecordWindow { start, end: start.saturating_add(size), kind: "time".to_owned() }))
        }
    }
}

impl SideCodec {
    fn write(&self, json: &Json) -> Result<Option<Vec<u8>>, String> {
        if *json == Json::Null {
            return Ok(None);
        }
        match self.format.name {
            FormatName::None => Ok(None),
            FormatName::Json => Ok(Some(json.to_string().into_bytes())),
            FormatName::Delimited => Ok(Some(text(json).into_bytes())),
            FormatName::Kafka => self.write_kafka(json).map(Some),
            FormatName::ProtobufNosr => {
                // The columns as JSON has them are the columns as a message has them.
                let read = Deserializer::new(&Format::new(FormatName::Json), &self.columns).map_err(told)?;
                let mut row = Vec::new();
                read.deserialize(Some(json.to_string().as_bytes()), &mut row).map_err(told)?;
                row.resize(self.columns.columns.len(), Value::Null);
                Serializer::new(&self.format, &self.columns).map_err(told)?.serialize(&row).map_err(told)
            }
            other => Err(format!("{other} needs a schema registry")),
        }
    }

    fn write_kafka(&self, json: &Json) -> Result<Vec<u8>, String> {
        let text = text(json);
        let number = || text.parse::<f64>().map_err(|_| format!("{json} is no number"));
        let whole = || text.parse::<i64>().or_else(|_| number().map(|number| number as i64));
        Ok(match self.columns.columns.first().map(|column| &column.kind) {
            Some(SqlType::Integer) => (whole()? as i32).to_be_bytes().to_vec(),
            Some(SqlType::Bigint) => whole()?.to_be_bytes().to_vec(),
            Some(SqlType::Double) => number()?.to_be_bytes().to_vec(),
            _ => text.into_bytes(),
        })
    }

    fn read(&self, bytes: Option<&[u8]>) -> Result<Actual, String> {
        let Some(bytes) = bytes else { return Ok(Actual::Null) };
        match self.format.name {
            FormatName::None => Ok(Actual::Null),
            FormatName::Json => {
                let json =
                    Json::parse(&string(bytes)).map_err(|error| format!("{error}: {}", string(bytes)))?;
                Ok(of_json(json, self.is_exact))
            }
            FormatName::Delimited => Ok(Actual::String(string(bytes))),
            FormatName::Kafka => self.read_kafka(bytes),
            FormatName::ProtobufNosr => {
                let mut row = Vec::new();
                Deserializer::new(&self.format, &self.columns)
                    .map_err(told)?
                    .deserialize(Some(bytes), &mut row)
                    .map_err(told)?;
                let columns = &self.columns.columns;
                if let ([column], true) = (&**columns, self.is_unwrapped()) {
                    return Ok(of_value(row.first().unwrap_or(&Value::Null), &column.kind));
                }
                let fields = columns.iter().zip(&row);
                let fields =
                    fields.map(|(column, value)| (column.name.to_string(), of_value(value, &column.kind)));
                Ok(Actual::Object(fields.collect()))
            }
            other => Err(format!("{other} needs a schema registry")),
        }
    }

    fn is_unwrapped(&self) -> bool {
        self.columns.wrapping == lentic_sql::serde::Wrapping::Unwrapped
    }

    fn read_kafka(&self, bytes: &[u8]) -> Result<Actual, String> {
        let wrong = |_| format!("{} bytes are none of the type", bytes.len());
        Ok(match self.columns.columns.first().map(|column| &column.kind) {
            Some(SqlType::Integer) => {
                Actual::Whole(i64::from(i32::from_be_bytes(bytes.try_into().map_err(wrong)?)))
            }
            Some(SqlType::Bigint) => Actual::Whole(i64::from_be_bytes(bytes.try_into().map_err(wrong)?)),
            Some(SqlType::Double) => {
                let number = f64::from_be_bytes(bytes.try_into().map_err(wrong)?);
                Actual::Decimal(value::double::double_text(number))
            }
            _ => Actual::String(string(bytes)),
        })
    }
}

fn told(error: impl ToString) -> String {
    error.to_string()
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// As `Object.toString` of what JSON gives.
fn text(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

fn of_json(json: Json, is_exact: bool) -> Actual {
    match json {
        Json::Null => Actual::Null,
        Json::Boolean(truth) => Actual::Boolean(truth),
        Json::Number(text) => match text.parse::<i64>() {
            Ok(whole) => Actual::Whole(whole),
            Err(_) if is_exact => Actual::Decimal(text),
            Err(_) => text.parse().map_or(Actual::Decimal(text), Actual::Double),
        },
        Json::String(text) => Actual::String(text),
        Json::Array(elements) => {
            Actual::Array(elements.into_iter().map(|element| of_json(element, is_exact)).collect())
        }
        Json::Object(fields) => {
            let fields = fields.into_iter().map(|(name, field)| (name, of_json(field, is_exact)));
            Actual::Object(fields.collect())
        }
    }
}

/// As Kafka Connect hands the values of messages on.
fn of_value(value: &Value, kind: &SqlType) -> Actual {
    match (value, kind) {
        (Value::Null, _) => Actual::Null,
        (Value::Boolean(truth), _) => Actual::Boolean(*truth),
        (Value::Integer(number) | Value::Date(number) | Value::Time(number), _) => {
            Actual::Whole(i64::from(*number))
        }
        (Value::Bigint(number) | Value::Timestamp(number), _) => Actual::Whole(*number),
        (Value::Double(number), _) => Actual::Double(*number),
        (Value::Decimal(number), _) => Actual::Decimal(value::decimal::decimal_text(number)),
        (Value::String(text), _) => Actual::String(text.to_string()),
        (Value::Bytes(bytes), _) => Actual::Bytes(bytes.to_vec()),
        (Value::Array(elements), SqlType::Array(kind)) => {
            Actual::Array(elements.iter().map(|element| of_value(element, kind)).collect())
        }
        (Value::Map(map), SqlType::Map(_, kind)) => {
            let entries = map.iter().map(|(key, value)| {
                (key.as_str().map(str::to_owned).unwrap_or_default(), of_value(value, kind))
            });
            Actual::Object(entries.collect())
        }
        (Value::Struct(values), SqlType::Struct(structure)) => {
            let fields = structure.fields().iter().zip(&**values);
            let fields: BTreeMap<_, _> =
                fields.map(|(field, value)| (field.name.to_string(), of_value(value, &field.kind))).collect();
            Actual::Object(fields)
        }
        (other, kind) => Actual::String(format!("{other:?} of {kind}")),
    }
}
