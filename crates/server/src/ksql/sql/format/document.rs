//! One JSON document.
use lentic_ksql_api::ErrorBody;
use lentic_sql::plan::Row;
use lentic_sql::serde::{SerdeError, write_rest_row};

use super::super::error::told;
use crate::ksql::query::{Answer, Columns};

#[derive(Default)]
pub(super) struct Document {
    has_rows: bool,
}

impl Answer for Document {
    fn header(&mut self, id: &str, columns: &Columns, out: &mut Vec<u8>) {
        let columns: Vec<_> = columns
            .columns
            .iter()
            .map(|column| serde_json::json!({"name": column.name, "type": column.kind}))
            .collect();
        let head = serde_json::json!({"query_id": id, "columns": columns}).to_string();
        // The object stays open: rows follow.
        out.extend_from_slice(&head.as_bytes()[..head.len() - 1]);
        out.extend_from_slice(b",\"rows\":[");
    }

    fn row(&mut self, row: &Row, columns: &Columns, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        let begin = out.len();
        out.extend_from_slice(if self.has_rows { b",\n" } else { b"\n" });
        let written = write_rest_row(row, &columns.fields, out);
        match &written {
            Ok(()) => self.has_rows = true,
            Err(_) => out.truncate(begin),
        }
        written
    }

    /// Left out: a document has the rows that there are.
    fn tombstone(&mut self, _: &Row, _: &Columns, _: &mut Vec<u8>) -> Result<(), SerdeError> {
        Ok(())
    }

    fn end(&mut self, _: Option<&str>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"]}\n");
    }

    fn failed(&mut self, error: &ErrorBody, out: &mut Vec<u8>) {
        out.extend_from_slice(b"],\"error\":");
        let document = told(error.clone()).document();
        out.extend_from_slice(document["error"].to_string().as_bytes());
        out.extend_from_slice(b"}\n");
    }
}
