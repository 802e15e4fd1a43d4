//! A value of a row as text.
use serde_json::Value;
use serde_json::value::RawValue;

use super::width::printable;

/// A value as it stands in a table. Numbers have all the digits that were sent.
pub(crate) fn cell(value: &RawValue) -> String {
    let json = value.get();
    match json.as_bytes().first() {
        Some(b'"') => {
            serde_json::from_str::<String>(json).map_or_else(|_| printable(json), |text| printable(&text))
        }
        Some(b'n') => "NULL".to_owned(),
        _ => printable(json),
    }
}

/// A value of a row that is gone: only its key is left.
pub(crate) fn tombstone_cell(value: &RawValue) -> String {
    if value.get() == "null" { "<TOMBSTONE>".to_owned() } else { cell(value) }
}

/// A value that is not of a row.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
