//! Values as CAST(.. AS STRING) and ARRAY_JOIN write them: the way that Java prints what stands for them.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::decimal::decimal_text;
use super::double::double_text;
use super::temporal::{date_text, time_text, timestamp_text};
use super::{MapValue, Value};
use crate::types::{Field, SqlType};

/// Appends the text of a value of this type: `null`, `1.5`, `[1, 2]`, `{key=value}`, `Struct{F=1,G=x}` (without the fields
/// that are NULL). BYTES, for which ksqlDB has no text, are written in base64.
pub fn print(value: &Value, kind: &SqlType, out: &mut String) {
    match (value, kind) {
        (Value::Null, _) => out.push_str("null"),
        (Value::Boolean(truth), _) => out.push_str(if *truth { "true" } else { "false" }),
        (Value::Integer(number), _) => out.push_str(&number.to_string()),
        (Value::Bigint(number), _) => out.push_str(&number.to_string()),
        (Value::Double(number), _) => out.push_str(&double_text(*number)),
        (Value::Decimal(number), _) => out.push_str(&decimal_text(number)),
        (Value::String(text), _) => out.push_str(text),
        (Value::Bytes(bytes), _) => STANDARD.encode_string(bytes, out),
        (Value::Date(days), _) => out.push_str(&date_text(*days)),
        (Value::Time(ms), _) => out.push_str(&time_text(*ms)),
        (Value::Timestamp(ms), _) => out.push_str(&timestamp_text(*ms)),
        (Value::Array(values), SqlType::Array(element)) => array(values, element, out),
        (Value::Map(map), SqlType::Map(key, value)) => entries(map, key, value, out),
        (Value::Struct(values), SqlType::Struct(structure)) => fields(values, structure.fields(), out),
        // A value that is not of its type has no text of its own.
        (Value::Array(_) | Value::Map(_) | Value::Struct(_), _) => out.push_str("null"),
    }
}

fn array(values: &[Value], element: &SqlType, out: &mut String) {
    out.push('[');
    for (index, value) in values.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        print(value, element, out);
    }
    out.push(']');
}

fn entries(map: &MapValue, key_type: &SqlType, value_type: &SqlType, out: &mut String) {
    out.push('{');
    for (index, (key, value)) in map.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        print(key, key_type, out);
        out.push('=');
        print(value, value_type, out);
    }
    out.push('}');
}

fn fields(values: &[Value], fields: &[Field], out: &mut String) {
    out.push_str("Struct{");
    let shown = values.iter().zip(fields).filter(|(value, _)| !value.is_null());
    for (index, (value, field)) in shown.enumerate() {
        out.push_str(if index == 0 { "" } else { "," });
        out.push_str(&field.name);
        out.push('=');
        print(value, &field.kind, out);
    }
    out.push('}');
}
