//! A failing answer: a code of the table, a message with the facts, a hint.
mod code;
mod from;

use std::borrow::Cow;
use std::fmt;

use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use axum::http::{HeaderMap, Response as HttpResponse, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
pub use code::Code;
use serde_json::{Map, Value};

use crate::http::{APPLICATION_JSON, Body, LENTIC_ERROR, Response};

/// `Result` with an [`Error`].
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// What a request is answered with when it can't be met.
#[derive(Debug)]
pub(crate) struct Error {
    code: Code,
    message: Cow<'static, str>,
    hint: Option<String>,
    extra: Option<Box<Extra>>,
}

/// What few errors carry.
#[derive(Debug, Default)]
struct Extra {
    headers: HeaderMap,
    /// Beside `error` in the answer.
    fields: Map<String, Value>,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), hint: None, extra: None }
    }

    /// With the code's meaning as its message.
    pub(crate) fn plain(code: Code) -> Self {
        Self::new(code, code.meaning())
    }

    /// A hint that knows more than the code's.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.extra.get_or_insert_default().headers.insert(name, value);
        self
    }

    pub(crate) fn headers(mut self, headers: HeaderMap) -> Self {
        self.extra.get_or_insert_default().headers.extend(headers);
        self
    }

    /// A field beside `error` in the answer.
    pub(crate) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.get_or_insert_default().fields.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// As a part of an answer.
    pub(crate) fn failure(&self) -> crate::api::Failure {
        crate::api::Failure {
            code: self.code.as_str().to_owned(),
            message: self.message.to_string(),
            hint: self.hint.as_deref().unwrap_or(self.code.hint()).to_owned(),
        }
    }

    /// `{"error":{"code","message","hint"}, ...}`.
    pub(crate) fn document(&self) -> Value {
        let mut document = self.extra.as_ref().map(|extra| extra.fields.clone()).unwrap_or_default();
        document.insert(
            "error".to_owned(),
            serde_json::json!({
                "code": self.code.as_str(),
                "message": &*self.message,
                "hint": self.hint.as_deref().unwrap_or(self.code.hint()),
            }),
        );
        Value::Object(document)
    }

    pub(crate) fn response(self) -> Response {
        let mut body = self.document().to_string();
        body.push('\n');
        let mut response = HttpResponse::new(Body::from(Bytes::from(body)));
        *response.status_mut() =
            StatusCode::from_u16(self.code.status()).expect("the table has valid statuses only");
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, APPLICATION_JSON);
        headers.insert(&LENTIC_ERROR, HeaderValue::from_static(self.code.as_str()));
        if matches!(self.code.status(), 429 | 503) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(extra) = self.extra {
            headers.extend(extra.headers);
        }
        response
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> axum::response::Response {
        self.response().map(axum::body::Body::new)
    }
}
