//! Values as JSON.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::types::SqlType;
use crate::value::decimal::decimal_text;
use crate::value::double::double_text;
use crate::value::temporal::{date_text, time_text, timestamp_text};
use crate::value::{Value, print};

use super::document::quote;

/// Appends the JSON of a value of this type. NaN and the infinities are strings, BYTES are base64, dates and times ISO 8601.
pub(super) fn write(value: &Value, kind: &SqlType, out: &mut String) {
    match (value, kind) {
        (Value::Null, _) => out.push_str("null"),
        (Value::Boolean(truth), _) => out.push_str(if *truth { "true" } else { "false" }),
        (Value::Integer(number), _) => out.push_str(&number.to_string()),
        (Value::Bigint(number), _) => out.push_str(&number.to_string()),
        (Value::Double(number), _) if number.is_finite() => out.push_str(&double_text(*number)),
        (Value::Double(number), _) => out.push_str(&quote(&double_text(*number))),
        (Value::Decimal(number), _) => out.push_str(&decimal_text(number)),
        (Value::String(text), _) => out.push_str(&quote(text)),
        (Value::Bytes(bytes), _) => out.push_str(&quote(&STANDARD.encode(bytes))),
        (Value::Date(days), _) => out.push_str(&quote(&date_text(*days))),
        (Value::Time(ms), _) => out.push_str(&quote(&time_text(*ms))),
        (Value::Timestamp(ms), _) => out.push_str(&quote(&timestamp_text(*ms))),
        (Value::Array(values), SqlType::Array(element)) => {
            list(('[', ']'), values.iter(), out, |value, out| write(value, element, out));
        }
        (Value::Map(map), SqlType::Map(key_type, value_type)) => {
            list(('{', '}'), map.iter(), out, |(key, value), out| {
                let mut name = String::new();
                print(key, key_type, &mut name);
                out.push_str(&quote(&name));
                out.push(':');
                write(value, value_type, out);
            });
        }
        (Value::Struct(values), SqlType::Struct(structure)) => {
            list(('{', '}'), values.iter().zip(structure.fields()), out, |(value, field), out| {
                out.push_str(&quote(&field.name));
                out.push(':');
                write(value, &field.kind, out);
            });
        }
        (Value::Array(_) | Value::Map(_) | Value::Struct(_), _) => out.push_str("null"),
    }
}

fn list<T>(
    (open, close): (char, char),
    items: impl Iterator<Item = T>,
    out: &mut String,
    each: impl Fn(T, &mut String),
) {
    out.push(open);
    for (index, item) in items.enumerate() {
        out.push_str(if index == 0 { "" } else { "," });
        each(item, out);
    }
    out.push(close);
}
