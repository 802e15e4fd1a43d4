//! Answers as ksqlDB sends them.
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use bytes::Bytes;
use lentic_ksql_api::{ErrorBody, ErrorCode};
use serde::Serialize;

use crate::error::{Code, Error};
use crate::http::{APPLICATION_JSON, Body, Response};

/// A JSON answer.
pub(crate) fn json(status: StatusCode, document: &impl Serialize) -> Response {
    match serde_json::to_vec(document) {
        Ok(body) => bytes(status, body.into(), APPLICATION_JSON),
        Err(error) => failed(&ErrorBody::new(ErrorCode::SERVER_ERROR, error.to_string())),
    }
}

/// An answer of bytes at hand.
pub(crate) fn bytes(status: StatusCode, body: Bytes, content_type: HeaderValue) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// The answer that tells of an error.
pub(crate) fn failed(error: &ErrorBody) -> Response {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = bytes(status, error.to_json().into(), APPLICATION_JSON);
    if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("10"));
    }
    response
}

/// An error of the node in ksqlDB's words: its status and message stay.
pub(crate) fn error_body(error: &Error) -> ErrorBody {
    let code = match error.code() {
        Code::Unauthorized => ErrorCode::UNAUTHORIZED,
        Code::Forbidden | Code::ForeignHost | Code::ForeignOrigin => ErrorCode::FORBIDDEN,
        Code::TooManyWrites | Code::Overloaded => ErrorCode::TOO_MANY_REQUESTS,
        Code::CatchingUp => ErrorCode::SERVER_NOT_READY,
        Code::Stopping => ErrorCode::SERVER_SHUTTING_DOWN,
        code => ErrorCode(u32::from(code.status()) * 100),
    };
    ErrorBody::new(code, error.message())
}
