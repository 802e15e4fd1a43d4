//! The facade's errors as answers.
use axum::http::header::ETAG;
use lentic::log;
use lentic::{ReadError, TableError, WriteError};

use super::{Code, Error};
use crate::http::etag;

impl From<log::Error> for Error {
    fn from(error: log::Error) -> Self {
        let code = match &error {
            log::Error::Unavailable(_) => Code::LogUnavailable,
            log::Error::Unknown(_) => Code::WriteOutcomeUnknown,
            log::Error::QueueFull => Code::TooManyWrites,
            log::Error::NoSuchTopic(_) => Code::TopicNotFound,
            log::Error::TooLarge(_) => Code::TooLarge,
            log::Error::Closed => Code::Stopping,
            log::Error::Broken(_) | log::Error::Fenced => Code::NodeFailed,
            _ => Code::LogRefused,
        };
        Self::new(code, error.to_string())
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        let message = error.to_string();
        match error {
            ReadError::CatchingUp { done, .. } => Self::new(Code::CatchingUp, message).field("done", done),
            ReadError::NotReached { position, .. } => {
                Self::new(Code::NotReached, message).field("position", position.0)
            }
            ReadError::TooStale { staleness_ms, .. } => {
                Self::new(Code::TooStale, message).field("staleness_ms", staleness_ms)
            }
            ReadError::ForeignToken(_) => Self::new(Code::BadToken, message),
            ReadError::NotKept(_) => Self::new(Code::PartitionNotKept, message),
            ReadError::NotVersioned => Self::new(Code::NotVersioned, message),
            ReadError::Late => Self::new(Code::Timeout, message),
            ReadError::InvalidEventId => Self::new(Code::BadEventId, message),
            ReadError::Failed(_) => Self::new(Code::TableFailed, message),
            ReadError::TooMany(_) => Self::new(Code::Overloaded, message),
            ReadError::Store(_) => store_failed(message),
            ReadError::Log(error) => error.into(),
            ReadError::Closed => Self::new(Code::TableNotFound, "the table was dropped"),
            _ => Self::new(Code::Internal, message),
        }
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        let message = error.to_string();
        match error {
            WriteError::ReadOnly => Self::new(Code::ReadOnly, message),
            WriteError::MixedPartitioning => Self::new(Code::MixedPartitioning, message),
            WriteError::PartitionsChanged(..) => Self::new(Code::MixedPartitioning, message)
                .hint("DELETE /v1/tables/{table} (its topic stays) and declare it anew."),
            WriteError::Precondition { current: Some(token), .. } => {
                let tag = etag::of(&token);
                Self::new(Code::PreconditionFailed, message)
                    .header(ETAG, tag)
                    .field("token", token.to_string())
            }
            WriteError::Precondition { current: None, .. } => {
                Self::new(Code::PreconditionFailed, message).field("token", ())
            }
            WriteError::TooLarge(..) => Self::new(Code::TooLarge, message),
            WriteError::Undecided(_) => Self::new(Code::Undecided, message),
            WriteError::Log(error) => error.into(),
            WriteError::Read(error) => error.into(),
            WriteError::Closed => Self::new(Code::TableNotFound, "the table was dropped"),
            _ => Self::new(Code::Internal, message),
        }
    }
}

impl From<TableError> for Error {
    fn from(error: TableError) -> Self {
        let message = error.to_string();
        match error {
            TableError::NotFound(_) => Self::new(Code::TableNotFound, message),
            TableError::Differs(fields) => {
                let names: Vec<_> = fields.iter().map(|(field, ..)| *field).collect();
                Self::new(Code::TableDiffers, message).field("fields", names)
            }
            TableError::TopicNotFound(_) => Self::new(Code::TopicNotFound, message),
            TableError::TopicInUse(..) => Self::new(Code::TopicInUse, message),
            TableError::TopicReadOnly(_) => Self::new(Code::ReadOnly, message),
            TableError::Invalid(_) => Self::new(Code::BadTable, message),
            TableError::OlderNode { .. } => Self::new(Code::OlderNode, message),
            // Nothing of a table is lost or doubled by declaring it again.
            TableError::Log(log::Error::Unknown(_)) => Self::new(Code::LogUnavailable, message),
            TableError::Log(error) => error.into(),
            TableError::Store(_) => store_failed(message),
            TableError::Closed => Self::plain(Code::Stopping),
            _ => Self::new(Code::Internal, message),
        }
    }
}

fn store_failed(message: String) -> Error {
    tracing::error!("{message}");
    Error::new(Code::Internal, message)
}
