//! Rows to bytes.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::column::{Column, append_schema};
use crate::error::ErrorBody;
use crate::json;
use crate::media::ResultFormat;

/// What comes before the rows.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// The id of the query, by which it can be closed.
    pub query_id: &'a str,
    /// The columns of the rows.
    pub columns: &'a [Column],
    /// The schema of rows in protobuf, as proto3 text; [`ResultFormat::StreamedProtobuf`] needs it.
    pub proto_schema: Option<&'a str>,
}

impl<'a> Header<'a> {
    /// A header of rows in JSON.
    pub fn new(query_id: &'a str, columns: &'a [Column]) -> Self {
        Self { query_id, columns, proto_schema: None }
    }
}

/// Writes one answer: a header, rows and other messages, and the end. Bytes are appended to the `out` of each call, whole
/// messages at a time; what was appended may be sent at any time.
///
/// Nothing is allocated for a row beyond `out`.
#[derive(Debug)]
pub struct ResultWriter {
    format: ResultFormat,
    is_begun: bool,
    is_ended: bool,
}

impl ResultWriter {
    /// A writer of one answer.
    pub fn new(format: ResultFormat) -> Self {
        Self { format, is_begun: false, is_ended: false }
    }

    /// The columns. It comes first.
    pub fn header(&mut self, header: &Header<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        match self.format {
            ResultFormat::Streamed | ResultFormat::StreamedProtobuf => {
                let mut schema = String::new();
                append_schema(header.columns, &mut schema);
                let proto_schema =
                    header.proto_schema.filter(|_| self.format == ResultFormat::StreamedProtobuf);
                let header = StreamedHeader { query_id: header.query_id, schema: &schema, proto_schema };
                self.wrapped("header", &header, out);
            }
            ResultFormat::Delimited | ResultFormat::Array => {
                let names: Vec<&str> = header.columns.iter().map(|column| column.name.as_str()).collect();
                let types: Vec<&str> = header.columns.iter().map(|column| column.kind.as_str()).collect();
                let line =
                    DelimitedHeader { query_id: header.query_id, column_names: &names, column_types: &types };
                json::append(&line, out);
            }
        }
        self.finish(out);
    }

    /// A row, as a JSON array of its columns.
    pub fn row(&mut self, columns: &[u8], out: &mut Vec<u8>) {
        let Ok(()) = self.row_with(out, |out| {
            out.extend_from_slice(columns);
            Ok::<_, std::convert::Infallible>(())
        });
    }

    /// A row whose columns, a JSON array, are appended by `write`. If that fails, `out` is as it was before.
    pub fn row_with<E>(
        &mut self,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.columns_with(out, b"}}", write)
    }

    /// A row of a table that is gone; columns that are not of the key are null. Only the streamed formats can say so: in the
    /// others nothing is written.
    pub fn tombstone_with<E>(
        &mut self,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.is_streamed() {
            return Ok(());
        }
        self.columns_with(out, br#","tombstone":true}}"#, write)
    }

    /// A row in protobuf, for [`ResultFormat::StreamedProtobuf`].
    pub fn protobuf_row(&mut self, message: &[u8], out: &mut Vec<u8>) {
        self.begin(out);
        out.extend_from_slice(br#"{"row":{"protobufBytes":""#);
        let start = out.len();
        let length = base64::encoded_len(message.len(), true).unwrap_or(0);
        out.resize(start + length, 0);
        // The room is what the text needs.
        let written = STANDARD.encode_slice(message, &mut out[start..]).unwrap_or(0);
        out.truncate(start + written);
        out.extend_from_slice(br#""}}"#);
        self.finish(out);
    }

    /// Why there are no more rows: `Limit Reached`, `Query Completed`. Only the streamed formats say so.
    pub fn final_message(&mut self, message: &str, out: &mut Vec<u8>) {
        if self.is_streamed() {
            self.begin(out);
            self.wrapped("finalMessage", message, out);
            self.finish(out);
        }
    }

    /// Where a push query can be resumed.
    pub fn continuation_token(&mut self, token: &str, out: &mut Vec<u8>) {
        self.token("continuationToken", token, out);
    }

    /// What a later query must have seen.
    pub fn consistency_token(&mut self, token: &str, out: &mut Vec<u8>) {
        self.token("consistencyToken", token, out);
    }

    /// What happened after the header was sent. The end follows.
    pub fn error(&mut self, error: &ErrorBody, out: &mut Vec<u8>) {
        self.begin(out);
        if self.is_streamed() {
            self.wrapped("errorMessage", error, out);
        } else {
            json::append(error, out);
        }
        self.finish(out);
    }

    /// The end. What comes after it is not written.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if self.format != ResultFormat::Delimited && !self.is_ended {
            out.extend_from_slice(if self.is_begun { b"]" } else { b"[]" });
        }
        self.is_ended = true;
    }

    fn is_streamed(&self) -> bool {
        matches!(self.format, ResultFormat::Streamed | ResultFormat::StreamedProtobuf)
    }

    fn token(&mut self, name: &str, token: &str, out: &mut Vec<u8>) {
        self.begin(out);
        if self.is_streamed() {
            out.extend_from_slice(b"{\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            self.wrapped(name, token, out);
            out.push(b'}');
        } else {
            self.wrapped(name, token, out);
        }
        self.finish(out);
    }

    fn columns_with<E>(
        &mut self,
        out: &mut Vec<u8>,
        end: &[u8],
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (start, was_begun) = (out.len(), self.is_begun);
        self.begin(out);
        if self.is_streamed() {
            out.extend_from_slice(br#"{"row":{"columns":"#);
        }
        if let Err(error) = write(out) {
            out.truncate(start);
            self.is_begun = was_begun;
            return Err(error);
        }
        if self.is_streamed() {
            out.extend_from_slice(end);
        }
        self.finish(out);
        Ok(())
    }

    fn wrapped(&self, name: &str, value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        json::append(value, out);
        out.push(b'}');
    }

    /// What stands before a message.
    fn begin(&mut self, out: &mut Vec<u8>) {
        debug_assert!(!self.is_ended, "a message after the end");
        match (self.format, self.is_begun) {
            (ResultFormat::Delimited, _) => {}
            (_, false) => out.push(b'['),
            (ResultFormat::Array, true) => out.push(b','),
            (_, true) => out.extend_from_slice(b",\n"),
        }
        self.is_begun = true;
    }

    /// What stands after a message.
    fn finish(&self, out: &mut Vec<u8>) {
        if self.format == ResultFormat::Delimited {
            out.push(b'\n');
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamedHeader<'a> {
    query_id: &'a str,
    schema: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    proto_schema: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DelimitedHeader<'a> {
    query_id: &'a str,
    column_names: &'a [&'a str],
    column_types: &'a [&'a str],
}
