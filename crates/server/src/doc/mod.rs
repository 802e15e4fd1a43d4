//! The documentation that the node serves: OpenAPI, and a page that is readable without it.
mod openapi;
mod page;

use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
pub(crate) use openapi::{json, openapi};
pub(crate) use page::page;

use crate::call::{Call, bytes};
use crate::error::Result;
use crate::http::{APPLICATION_JSON, Response};

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "Node",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json")))]
pub(crate) async fn openapi_json(call: Call) -> Result<Response> {
    call.query(&[])?;
    Ok(bytes(call.state.openapi.clone(), APPLICATION_JSON))
}

/// The same to read, without a network.
#[utoipa::path(get, path = "/docs", tag = "Node",
    responses((status = 200, description = "A page", content_type = "text/html")))]
pub(crate) async fn docs(call: Call) -> Result<Response> {
    call.query(&[])?;
    let mut response = bytes(call.state.docs.clone(), HeaderValue::from_static("text/html; charset=utf-8"));
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}
