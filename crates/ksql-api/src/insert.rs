//! What `POST /inserts-stream` answers, a line per row.
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::error::{ErrorBody, ErrorCode};
use crate::media::MediaType;

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InsertAck {
    /// It is in the log.
    Ok {
        /// Its place in the request, from 0.
        seq: u64,
    },
    /// It is not.
    Error {
        /// Its place in the request, from 0.
        seq: u64,
        /// The code.
        code: ErrorCode,
        /// Why not.
        message: String,
    },
}

impl InsertAck {
    /// The row was refused.
    pub fn error(seq: u64, error: &ErrorBody) -> Self {
        Self::Error { seq, code: error.code, message: error.message.clone() }
    }

    /// Appends its JSON, without the line's end.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        crate::json::append(&self.line(), out);
    }

    /// Reads a line.
    pub fn from_json(line: &[u8]) -> Result<Self, serde_json::Error> {
        let line: Line<'_> = serde_json::from_slice(line)?;
        let (seq, message) = (line.seq, line.message.unwrap_or_default().into_owned());
        Ok(match line.error_code {
            Some(code) => Self::Error { seq, code, message },
            None => Self::Ok { seq },
        })
    }

    fn line(&self) -> Line<'_> {
        match self {
            Self::Ok { seq } => Line { seq: *seq, status: "ok".into(), ..Line::default() },
            Self::Error { seq, code, message } => Line {
                kind: Some("generic_error".into()),
                error_code: Some(*code),
                message: Some(message.into()),
                seq: *seq,
                status: "error".into(),
            },
        }
    }
}

/// Writes the acknowledgements of one request, as lines or as a JSON array.
#[derive(Debug)]
pub struct AckWriter {
    in_lines: bool,
    is_begun: bool,
}

impl AckWriter {
    /// The writer of what `accept`, the value of an `Accept` header, asks for, and its media type; `None` is a 406.
    pub fn for_accept(accept: Option<&str>) -> Option<(Self, MediaType)> {
        let media = MediaType::negotiate(accept, &[MediaType::Delimited, MediaType::Json])?;
        Some((Self { in_lines: media == MediaType::Delimited, is_begun: false }, media))
    }

    /// What became of a row.
    pub fn ack(&mut self, ack: &InsertAck, out: &mut Vec<u8>) {
        if !self.in_lines {
            out.push(if self.is_begun { b',' } else { b'[' });
        }
        self.is_begun = true;
        ack.append_to(out);
        if self.in_lines {
            out.push(b'\n');
        }
    }

    /// The end.
    pub fn end(&self, out: &mut Vec<u8>) {
        if !self.in_lines {
            out.extend_from_slice(if self.is_begun { b"]" } else { b"[]" });
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Line<'a> {
    #[serde(rename = "@type", skip_serializing_if = "Option::is_none")]
    kind: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<ErrorCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'a, str>>,
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    status: Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_are_lines_or_an_array() {
        for (accept, count, expected) in [
            (None, 0, ""),
            (Some("*/*"), 2, "{\"seq\":0,\"status\":\"ok\"}\n{\"seq\":1,\"status\":\"ok\"}\n"),
            (Some("application/json"), 0, "[]"),
            (Some("application/json"), 2, "[{\"seq\":0,\"status\":\"ok\"},{\"seq\":1,\"status\":\"ok\"}]"),
        ] {
            let (mut writer, _) = AckWriter::for_accept(accept).unwrap();
            let mut written = Vec::new();
            for seq in 0..count {
                writer.ack(&InsertAck::Ok { seq }, &mut written);
            }
            writer.end(&mut written);
            assert_eq!(String::from_utf8(written).unwrap(), expected);
        }
        assert!(AckWriter::for_accept(Some("text/html")).is_none());
    }

    #[test]
    fn acknowledgements_are_written_and_read() {
        let refused = ErrorBody::new(ErrorCode::BAD_REQUEST, "Key field must be specified: K");
        for (ack, json) in [
            (InsertAck::Ok { seq: 0 }, r#"{"seq":0,"status":"ok"}"#),
            (
                InsertAck::error(7, &refused),
                concat!(
                    r#"{"@type":"generic_error","error_code":40000,"#,
                    r#""message":"Key field must be specified: K","seq":7,"status":"error"}"#
                ),
            ),
        ] {
            let mut written = Vec::new();
            ack.append_to(&mut written);
            assert_eq!(String::from_utf8(written).unwrap(), json);
            assert_eq!(InsertAck::from_json(json.as_bytes()).unwrap(), ack);
        }
    }
}
