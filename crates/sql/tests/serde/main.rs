//! The row formats: tables of bytes and values, and what each format refuses.
mod delimited;
mod formats;
mod json;
mod kafka;
mod protobuf;
mod replies;
mod round_trip;

use lentic_sql::serde::{Deserializer, Format, RowSchema, Serializer};
use lentic_sql::value::decimal::parse_decimal;
use lentic_sql::{SqlType, Value};

/// The row of a record, `None` for none; errors as text.
fn read(format: &Format, schema: &RowSchema, bytes: &[u8]) -> Result<Option<Vec<Value>>, String> {
    let deserializer = Deserializer::new(format, schema).expect("a format that holds the columns");
    let mut row = vec![Value::Boolean(true)];
    let found = deserializer.deserialize(Some(bytes), &mut row).map_err(|error| error.to_string());
    // What the row held before stays; without a row nothing is added.
    assert_eq!(row.remove(0), Value::Boolean(true));
    if found != Ok(true) {
        assert_eq!(row, []);
    }
    found.map(|found| found.then_some(row))
}

fn write(format: &Format, schema: &RowSchema, row: &[Value]) -> Result<Option<Vec<u8>>, String> {
    let serializer = Serializer::new(format, schema).expect("a format that holds the columns");
    let bytes = serializer.serialize(row).map_err(|error| error.to_string());
    let mut out = b"before".to_vec();
    let written = serializer.serialize_into(row, &mut out).map_err(|error| error.to_string());
    assert_eq!(written, bytes.as_ref().map(Option::is_some).map_err(Clone::clone));
    assert_eq!(&out[6..], bytes.as_ref().ok().and_then(Option::as_deref).unwrap_or_default());
    bytes
}

fn decimal(text: &str) -> Value {
    Value::decimal(parse_decimal(text).expect("a decimal"))
}

fn decimal_type(precision: u32, scale: u32) -> SqlType {
    SqlType::decimal(precision, scale).expect("a type")
}

fn int(number: i32) -> Value {
    Value::Integer(number)
}
