//! `POST /close-query`: ends a query whose rows go to a client.
use axum::http::StatusCode;
use bytes::Bytes;
use lentic_ksql_api::{CloseQuery, ErrorBody, ErrorCode, Request as _};

use crate::call::Call;
use crate::error::Result;
use crate::http::{APPLICATION_JSON, Response};
use crate::ksql::hosts::Hosts;
use crate::ksql::{answer, failed};

/// `POST /close-query`
pub(crate) async fn close(mut call: Call) -> Result<Response> {
    Ok(match closed(&mut call).await {
        Ok(()) => answer::bytes(StatusCode::OK, Bytes::new(), APPLICATION_JSON),
        Err(error) => failed(&error),
    })
}

async fn closed(call: &mut Call) -> Result<(), ErrorBody> {
    let ksql = crate::ksql::of(call)?;
    let request = CloseQuery::from_json(&crate::ksql::body(call).await?)?;
    if ksql.running.close(&request.query_id) || Hosts::new(&call.state).close(&request.query_id).await {
        return Ok(());
    }
    Err(ErrorBody::new(ErrorCode::BAD_REQUEST, format!("No query with id {}", request.query_id)))
}
