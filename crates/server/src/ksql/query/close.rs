//! `POST /close-query`: ends a query whose rows go to a client.
use std::sync::Arc;

use axum::http::StatusCode;
use bytes::Bytes;
use lentic_ksql_api::{CloseQuery, ErrorBody, ErrorCode, Request as _};

use crate::call::Call;
use crate::error::Result;
use crate::http::{APPLICATION_JSON, Response};
use crate::ksql::hosts::Hosts;
use crate::ksql::{Rights, answer, error_body, failed};

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
    let (rights, hosts) = (Rights::of(call), Hosts::new(&call.state));
    if rights.administers().is_err() {
        let (asked, id) = (hosts.clone(), request.query_id.clone());
        let (ksql, deadline) = (Arc::clone(&ksql), call.deadline);
        let text = move || {
            let reports = asked.reports(&ksql).into_iter().filter_map(|host| host.told);
            let mut running = reports.flat_map(|report| report.push);
            running.find(|(known, _)| known.eq_ignore_ascii_case(&id)).map(|(_, text)| text)
        };
        let text = call.state.block(deadline, text).await.map_err(|error| error_body(&error))?;
        text.map_or(Ok(()), |text| rights.ends(&text))?;
    }
    if ksql.running.close(&request.query_id) || hosts.close(&request.query_id).await {
        return Ok(());
    }
    Err(ErrorBody::new(ErrorCode::BAD_REQUEST, format!("No query with id {}", request.query_id)))
}
