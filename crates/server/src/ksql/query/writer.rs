//! Rows in the format that the client wants.
use lentic_ksql_api::{ErrorBody, Header, ResultFormat, ResultWriter};
use lentic_sql::plan::Row;
use lentic_sql::serde::{SerdeError, message_text, write_message, write_rest_row};

use super::Columns;

/// What an answer tells, one after the other: a header, rows, and how it ended.
pub(crate) trait Answer: Send {
    fn header(&mut self, id: &str, columns: &Columns, out: &mut Vec<u8>);
    fn row(&mut self, row: &Row, columns: &Columns, out: &mut Vec<u8>) -> Result<(), SerdeError>;
    /// The row of a table is gone.
    fn tombstone(&mut self, row: &Row, columns: &Columns, out: &mut Vec<u8>) -> Result<(), SerdeError>;
    /// The last thing but an error; the text is for those who are told why.
    fn end(&mut self, message: Option<&str>, out: &mut Vec<u8>);
    fn failed(&mut self, error: &ErrorBody, out: &mut Vec<u8>);
}

/// As `POST /query` and `POST /query-stream` answer.
pub(crate) struct Rows {
    format: ResultFormat,
    writer: ResultWriter,
}

impl Rows {
    pub(crate) fn new(format: ResultFormat) -> Self {
        Self { format, writer: ResultWriter::new(format) }
    }
}

impl Answer for Rows {
    fn header(&mut self, id: &str, columns: &Columns, out: &mut Vec<u8>) {
        let schema =
            (self.format == ResultFormat::StreamedProtobuf).then(|| message_text(&columns.fields, None));
        let header = Header { proto_schema: schema.as_deref(), ..Header::new(id, &columns.columns) };
        self.writer.header(&header, out);
    }

    fn row(&mut self, row: &Row, columns: &Columns, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        if self.format == ResultFormat::StreamedProtobuf {
            let mut message = Vec::new();
            write_message(row, &columns.fields, None, &mut message)?;
            self.writer.protobuf_row(&message, out);
            return Ok(());
        }
        self.writer.row_with(out, |out| write_rest_row(row, &columns.fields, out))
    }

    fn tombstone(&mut self, row: &Row, columns: &Columns, out: &mut Vec<u8>) -> Result<(), SerdeError> {
        self.writer.tombstone_with(out, |out| write_rest_row(row, &columns.fields, out))
    }

    fn end(&mut self, message: Option<&str>, out: &mut Vec<u8>) {
        if let Some(message) = message {
            self.writer.final_message(message, out);
        }
        self.writer.end(out);
    }

    fn failed(&mut self, error: &ErrorBody, out: &mut Vec<u8>) {
        self.writer.error(error, out);
        self.writer.end(out);
    }
}
