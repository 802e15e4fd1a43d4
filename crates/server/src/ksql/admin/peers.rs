//! `POST /heartbeat` and `POST /lag`: what ksqlDB's servers tell each other. Nodes of this service have another way for that; who
//! asks is answered, and what is told changes nothing.
use axum::http::StatusCode;
use lentic_ksql_api::{Heartbeat, LagReport, PeerReply, Request};

use super::cluster::is_enabled;
use crate::call::Call;
use crate::error::Result;
use crate::http::Response;
use crate::ksql::answer::{failed, json};

/// `POST /heartbeat`
pub(crate) async fn heartbeat(call: Call) -> Result<Response> {
    taken::<Heartbeat>(call, "ksql.heartbeat.enable").await
}

/// `POST /lag`
pub(crate) async fn lag(call: Call) -> Result<Response> {
    taken::<LagReport>(call, "ksql.lag.reporting.enable").await
}

async fn taken<T: Request>(mut call: Call, switch: &str) -> Result<Response> {
    if let Err(error) = is_enabled(&call, switch) {
        return Ok(failed(&error));
    }
    let body = crate::ksql::body(&mut call).await;
    Ok(match body.and_then(|body| T::from_json(&body)) {
        Ok(_) => json(StatusCode::OK, &PeerReply { ok: true }),
        Err(error) => failed(&error),
    })
}
