//! Bytes to rows.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::element::Elements;
use crate::column::{Column, columns_of};
use crate::error::ErrorBody;
use crate::media::ResultFormat;

/// The columns of a row, each as the JSON that was sent: numbers have all their digits.
pub type Values = Vec<Box<RawValue>>;

/// A message of a stream.
#[derive(Clone, Debug)]
pub enum Event {
    /// What comes before the rows.
    Header(ResultHeader),
    /// A row.
    Row(Values),
    /// A row of a table that is gone.
    Tombstone(Values),
    /// A row in protobuf.
    ProtobufRow(Vec<u8>),
    /// Why there are no more rows.
    Final(String),
    /// What happened after the header was sent.
    Error(ErrorBody),
    /// Where a push query can be resumed.
    ContinuationToken(String),
    /// What a later query must have seen.
    ConsistencyToken(String),
}

/// What comes before the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultHeader {
    /// The id of the query, by which it can be closed. Older servers do not tell that of a pull query.
    pub query_id: Option<String>,
    /// The columns of the rows.
    pub columns: Vec<Column>,
    /// The schema of rows in protobuf, as proto3 text.
    pub proto_schema: Option<String>,
}

/// Why a stream cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A message is no message of ksqlDB's.
    #[error("the server sent what is no row: {0}")]
    NoMessage(String),
    /// A message is longer than any may be.
    #[error("the server sent a row of more than 64 MiB; select fewer or smaller columns")]
    TooLong,
}

/// Reads one answer as it comes.
#[derive(Debug)]
pub struct ResultReader {
    elements: Elements,
}

impl ResultReader {
    /// A reader of one answer.
    pub fn new(format: ResultFormat) -> Self {
        Self { elements: Elements::new(format) }
    }

    /// Takes what has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.elements.push(bytes);
    }

    /// The next message that has come whole.
    pub fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        match self.elements.next() {
            Ok(message) => message.map(read).transpose(),
            Err(_) => Err(ReadError::TooLong),
        }
    }

    /// What is left when the answer has ended and [`ResultReader::next_event`] has nothing more: a last line without its end.
    /// An error means that the answer broke off.
    pub fn finish(&mut self) -> Result<Option<Event>, ReadError> {
        match self.elements.rest() {
            b"" => Ok(None),
            rest => read(rest).map(Some),
        }
    }
}

fn read(message: &[u8]) -> Result<Event, ReadError> {
    parse(message).ok_or_else(|| {
        let text = String::from_utf8_lossy(message);
        ReadError::NoMessage(text.chars().take(200).collect())
    })
}

fn parse(message: &[u8]) -> Option<Event> {
    if message.trim_ascii_start().starts_with(b"[") {
        return serde_json::from_slice(message).ok().map(Event::Row);
    }
    let message: Sent = serde_json::from_slice(message).ok()?;
    if let Some(row) = message.row {
        return Some(match (row.columns, row.protobuf_bytes) {
            (Some(columns), _) if row.tombstone == Some(true) => Event::Tombstone(columns),
            (Some(columns), _) => Event::Row(columns),
            (None, Some(bytes)) => Event::ProtobufRow(STANDARD.decode(bytes).ok()?),
            (None, None) => Event::Row(Vec::new()),
        });
    }
    if let Some(header) = message.header {
        return Some(Event::Header(ResultHeader {
            query_id: header.query_id,
            columns: columns_of(header.schema.as_deref().unwrap_or_default()),
            proto_schema: header.proto_schema,
        }));
    }
    if let Some(names) = message.column_names {
        let mut kinds = message.column_types.unwrap_or_default().into_iter();
        let columns = names.into_iter().map(|name| Column::value(name, kinds.next().unwrap_or_default()));
        return Some(Event::Header(ResultHeader {
            query_id: message.query_id,
            columns: columns.collect(),
            proto_schema: None,
        }));
    }
    if let Some(error) = message.error_message {
        return Some(Event::Error(error));
    }
    if let Some(code) = message.error_code {
        return Some(Event::Error(ErrorBody::new(code, message.message.unwrap_or_default())));
    }
    let token = |token: Token| match token {
        Token::Plain(token) => token,
        Token::Wrapped(wrapped) => {
            wrapped.continuation_token.or(wrapped.consistency_token).unwrap_or_default()
        }
    };
    message
        .final_message
        .map(Event::Final)
        .or(message.continuation_token.map(token).map(Event::ContinuationToken))
        .or(message.consistency_token.map(token).map(Event::ConsistencyToken))
}

/// Any message but a row of the delimited format: exactly one of the groups is there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    header: Option<StreamedHeader>,
    row: Option<StreamedRow>,
    error_message: Option<ErrorBody>,
    final_message: Option<String>,
    continuation_token: Option<Token>,
    consistency_token: Option<Token>,

    query_id: Option<String>,
    column_names: Option<Vec<String>>,
    column_types: Option<Vec<String>>,

    #[serde(rename = "error_code")]
    error_code: Option<crate::error::ErrorCode>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StreamedHeader {
    query_id: Option<String>,
    schema: Option<String>,
    proto_schema: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StreamedRow {
    columns: Option<Values>,
    protobuf_bytes: Option<String>,
    tombstone: Option<bool>,
}

/// A token, alone or within an object of the same name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Token {
    Plain(String),
    Wrapped(WrappedToken),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrappedToken {
    continuation_token: Option<String>,
    consistency_token: Option<String>,
}
