//! Bodies of answers with a status from 400 on, and errors within a stream of rows.
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::entity::Entity;

/// What went wrong, as a number: the HTTP status times 100, plus which of the errors of that status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// The request is not one: its JSON, a property, the id of a query.
    pub const BAD_REQUEST: Self = Self(40_000);
    /// The statement cannot be parsed or planned.
    pub const BAD_STATEMENT: Self = Self(40_001);
    /// A SELECT or PRINT was sent to `/ksql`.
    pub const QUERY_ENDPOINT: Self = Self(40_002);
    /// There are as many push queries as there may be.
    pub const MAX_PUSH_QUERIES_EXCEEDED: Self = Self(40_003);
    /// The endpoint needs HTTP/2.
    pub const HTTP2_ONLY: Self = Self(40_004);
    /// The endpoint is for other nodes.
    pub const INTERNAL_ONLY: Self = Self(40_005);
    /// Nobody is logged in.
    pub const UNAUTHORIZED: Self = Self(40_100);
    /// Who is logged in may not.
    pub const FORBIDDEN: Self = Self(40_300);
    /// Kafka's ACLs say that this may not be done.
    pub const FORBIDDEN_KAFKA_ACCESS: Self = Self(40_301);
    /// There is no such thing.
    pub const NOT_FOUND: Self = Self(40_400);
    /// `ASSERT TOPIC` or `ASSERT SCHEMA` found it otherwise.
    pub const ASSERTION_FAILED: Self = Self(41_700);
    /// The server name of the TLS connection is not this host.
    pub const MISDIRECTED_REQUEST: Self = Self(42_100);
    /// The statement needs a schema registry, and none is configured.
    pub const SCHEMA_REGISTRY_UNCONFIGURED: Self = Self(42_801);
    /// Too many requests.
    pub const TOO_MANY_REQUESTS: Self = Self(42_900);
    /// The server failed.
    pub const SERVER_ERROR: Self = Self(50_000);
    /// The statements before `commandSequenceNumber` were not applied in time.
    pub const COMMAND_QUEUE_CATCHUP_TIMEOUT: Self = Self(50_301);
    /// The server is starting.
    pub const SERVER_NOT_READY: Self = Self(50_302);
    /// The server is going down.
    pub const SERVER_SHUTTING_DOWN: Self = Self(50_303);
    /// The server is down.
    pub const SERVER_SHUT_DOWN: Self = Self(50_304);

    /// The HTTP status that it comes with.
    pub fn status(self) -> u16 {
        u16::try_from(self.0 / 100).unwrap_or(500)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An error as it is sent: `{"@type":"generic_error","error_code":40000,"message":".."}`, or a `statement_error` which also
/// has `statementText` and `entities`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ErrorBody {
    /// The code.
    pub code: ErrorCode,
    /// What happened.
    pub message: String,
    /// The statement that failed, if it was one.
    pub statement: Option<StatementError>,
}

/// Which statement of a request failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatementError {
    /// Its text.
    pub text: String,
    /// What the statements before it were answered.
    pub entities: Vec<Entity>,
}

impl ErrorBody {
    /// An error of a request.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), statement: None }
    }

    /// The same as an error of a statement.
    pub fn of_statement(self, text: impl Into<String>, entities: Vec<Entity>) -> Self {
        Self { statement: Some(StatementError { text: text.into(), entities }), ..self }
    }

    /// A SELECT or PRINT was sent to `/ksql`.
    pub fn query_endpoint() -> Self {
        let message = "The following statement types should be issued to the websocket endpoint '/query': \n\t* PRINT\n\t* SELECT";
        Self::new(ErrorCode::QUERY_ENDPOINT, message)
    }

    /// `/close-query` named a query that does not run.
    pub fn unknown_query(id: &str) -> Self {
        Self::new(ErrorCode::BAD_REQUEST, format!("No query with id {id}"))
    }

    /// `/status` named a command that there is not.
    pub fn unknown_command() -> Self {
        Self::new(ErrorCode::NOT_FOUND, "Command not found")
    }

    /// The endpoint needs HTTP/2.
    pub fn http2_only() -> Self {
        Self::new(ErrorCode::HTTP2_ONLY, "This endpoint is only available when using HTTP2")
    }

    /// `/query-stream` takes one statement.
    pub fn not_one_statement(found: usize) -> Self {
        let message = format!("Expected exactly one KSQL statement; found {found} instead");
        Self::new(ErrorCode::BAD_STATEMENT, message)
    }

    /// `/query-stream` takes a query or PRINT.
    pub fn no_query() -> Self {
        Self::new(ErrorCode::BAD_STATEMENT, "Neither a query nor a print statement")
    }

    /// The body as bytes.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        crate::json::append(self, &mut out);
        out
    }

    /// What a body says, if it is one of these.
    pub fn from_json(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "@type")]
    kind: &'static str,
    error_code: ErrorCode,
    message: &'a str,
    #[serde(rename = "statementText", skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entities: Option<&'a [Entity]>,
}

#[derive(Deserialize)]
struct Read {
    // Without a code it is something else's error.
    error_code: ErrorCode,
    #[serde(default)]
    message: Option<String>,
    #[serde(rename = "statementText")]
    text: Option<String>,
    entities: Option<Vec<Entity>>,
}

impl Serialize for ErrorBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let statement = self.statement.as_ref();
        Written {
            kind: if statement.is_some() { "statement_error" } else { "generic_error" },
            error_code: self.code,
            message: &self.message,
            text: statement.map(|statement| statement.text.as_str()),
            entities: statement.map(|statement| statement.entities.as_slice()),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ErrorBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::deserialize(deserializer)?;
        let statement =
            read.text.map(|text| StatementError { text, entities: read.entities.unwrap_or_default() });
        Ok(Self { code: read.error_code, message: read.message.unwrap_or_default(), statement })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_written_and_read() {
        let bad = ErrorBody::new(ErrorCode::BAD_STATEMENT, "line 1:1: \"Syntax\" Error");
        for (error, json) in [
            (
                bad.clone(),
                r#"{"@type":"generic_error","error_code":40001,"message":"line 1:1: \"Syntax\" Error"}"#,
            ),
            (
                bad.of_statement("SELEC;", Vec::new()),
                concat!(
                    r#"{"@type":"statement_error","error_code":40001,"message":"line 1:1: \"Syntax\" Error","#,
                    r#""statementText":"SELEC;","entities":[]}"#
                ),
            ),
        ] {
            assert_eq!(String::from_utf8(error.to_json()).unwrap(), json);
            assert_eq!(ErrorBody::from_json(json.as_bytes()), Some(error), "{json}");
        }
        assert_eq!(ErrorBody::from_json(b"<html>"), None);
        assert_eq!(ErrorBody::from_json(br#"{"error":"not_found"}"#), None);
        // Older servers add a stack trace.
        let older = br#"{"error_code":50000,"message":null,"stackTrace":["a"]}"#;
        assert_eq!(ErrorBody::from_json(older), Some(ErrorBody::new(ErrorCode::SERVER_ERROR, "")));
    }

    #[test]
    fn a_code_names_its_status() {
        for (code, status) in [
            (ErrorCode::BAD_STATEMENT, 400),
            (ErrorCode::FORBIDDEN_KAFKA_ACCESS, 403),
            (ErrorCode::ASSERTION_FAILED, 417),
            (ErrorCode::SCHEMA_REGISTRY_UNCONFIGURED, 428),
            (ErrorCode::SERVER_NOT_READY, 503),
        ] {
            assert_eq!(code.status(), status);
        }
    }
}
