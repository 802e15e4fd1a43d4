//! Comma-separated values (RFC 4180): text as it is, NULL as nothing, what has parts as JSON. Rows that are gone are left out.
use lentic_ksql_api::ErrorBody;
use lentic_sql::plan::Row;
use lentic_sql::serde::{SerdeError, write_rest_value};

use crate::ksql::query::{Answer, Columns};

pub(super) struct Csv;

impl Answer for Csv {
    fn header(&mut self, _: &str, columns: &Columns, out: &mut Vec<u8>) {
        let names: Vec<_> = columns.columns.iter().map(|column| quoted(&column.name)).collect();
        out.extend_from_slice(names.join(",").as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    fn row(&mut self, row: &Row, columns: &Columns, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        let cells: Vec<_> = cells(row, columns)?.iter().map(|cell| quoted(cell)).collect();
        out.extend_from_slice(cells.join(",").as_bytes());
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn tombstone(&mut self, _: &Row, _: &Columns, _: &mut Vec<u8>) -> Result<(), SerdeError> {
        Ok(())
    }

    fn end(&mut self, _: Option<&str>, _: &mut Vec<u8>) {}

    fn failed(&mut self, error: &ErrorBody, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("# {}\r\n", error.message.replace('\n', " ")).as_bytes());
    }
}

/// The values as text.
pub(super) fn cells(row: &Row, columns: &Columns) -> Result<Vec<String>, SerdeError> {
    let cell = |(value, field): (&lentic_sql::Value, &lentic_sql::types::Field)| {
        if value.is_null() {
            return Ok(String::new());
        }
        let mut json = Vec::new();
        write_rest_value(value, &field.kind, &mut json)?;
        let text = serde_json::from_slice::<String>(&json);
        Ok(text.unwrap_or_else(|_| String::from_utf8_lossy(&json).into_owned()))
    };
    row.iter().zip(columns.fields.iter()).map(cell).collect()
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quotes_are_doubled() {
        for (text, expected) in [("a b", "a b"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("", "")] {
            assert_eq!(quoted(text), expected);
        }
    }
}
