//! Rows as messages of a WebSocket, each a line until it is sent.
use lentic_ksql_api::ErrorBody;
use lentic_ksql_api::entity::FieldInfo;
use lentic_sql::plan::Row;
use lentic_sql::serde::{SerdeError, write_rest_row};

use super::{Answer, Columns};
use crate::ksql::entity::schema_info;

pub(crate) struct Frames;

impl Frames {
    /// Before the text of an error, which is no message but the reason of the close. No JSON begins so.
    pub(crate) const ERROR: &[u8] = b"\x01";
}

impl Answer for Frames {
    fn header(&mut self, _: &str, columns: &Columns, out: &mut Vec<u8>) {
        let field = |field: &lentic_sql::types::Field| FieldInfo {
            name: field.name.to_string(),
            schema: schema_info(&field.kind),
            ..FieldInfo::default()
        };
        let fields: Vec<_> = columns.fields.iter().map(field).collect();
        out.extend_from_slice(&serde_json::to_vec(&fields).unwrap_or_default());
        out.push(b'\n');
    }

    fn row(&mut self, row: &Row, columns: &Columns, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        let begin = out.len();
        out.extend_from_slice(br#"{"row":{"columns":"#);
        let written = write_rest_row(row, &columns.fields, out);
        match &written {
            Ok(()) => out.extend_from_slice(b"}}\n"),
            Err(_) => out.truncate(begin),
        }
        written
    }

    /// ksqlDB leaves them out here.
    fn tombstone(&mut self, _: &Row, _: &Columns, _: &mut Vec<u8>) -> Result<(), SerdeError> {
        Ok(())
    }

    fn end(&mut self, _: Option<&str>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"error\":\"done\"}\n");
    }

    fn failed(&mut self, error: &ErrorBody, out: &mut Vec<u8>) {
        out.extend_from_slice(Self::ERROR);
        out.extend_from_slice(error.message.replace('\n', " ").as_bytes());
        out.push(b'\n');
    }
}
