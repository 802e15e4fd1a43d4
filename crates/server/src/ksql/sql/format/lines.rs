//! An object a line; rows that are gone have `"@deleted":true`, and the last line may be an error.
use lentic_ksql_api::ErrorBody;
use lentic_sql::plan::Row;
use lentic_sql::serde::{SerdeError, write_rest_value};

use super::super::error::told;
use crate::ksql::query::{Answer, Columns};

pub(super) struct Lines;

impl Answer for Lines {
    fn header(&mut self, _: &str, _: &Columns, _: &mut Vec<u8>) {}

    fn row(&mut self, row: &Row, columns: &Columns, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        line(row, columns, false, out)
    }

    fn tombstone(&mut self, row: &Row, columns: &Columns, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        line(row, columns, true, out)
    }

    fn end(&mut self, _: Option<&str>, _: &mut Vec<u8>) {}

    fn failed(&mut self, error: &ErrorBody, out: &mut Vec<u8>) {
        out.extend_from_slice(told(error.clone()).document().to_string().as_bytes());
        out.push(b'\n');
    }
}

fn line(row: &Row, columns: &Columns, is_gone: bool, out: &mut Vec<u8>) -> Result<(), SerdeError> {
    let begin = out.len();
    out.push(b'{');
    for (index, (value, field)) in row.iter().zip(columns.fields.iter()).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(serde_json::Value::from(&*field.name).to_string().as_bytes());
        out.push(b':');
        if let Err(error) = write_rest_value(value, &field.kind, out) {
            out.truncate(begin);
            return Err(error);
        }
    }
    out.extend_from_slice(if is_gone { b",\"@deleted\":true}\n" } else { b"}\n" });
    Ok(())
}
