//! SQL over HTTP: ksqlDB's REST API, and `/v1/sql`. A folder per family of endpoints.
mod admin;
mod answer;
mod entity;
mod hosts;
mod insert;
mod property;
mod query;
mod rights;
mod service;
pub(crate) mod sql;
mod statement;

use std::sync::Arc;

use bytes::Bytes;
use lentic_ksql_api::{ErrorBody, ErrorCode};

use crate::call::Call;

pub(crate) use admin::{
    alive, cluster_status, health, heartbeat, info, is_valid_property, lag, metadata, metadata_id, root,
    status, statuses, terminate,
};
pub(crate) use answer::{error_body, failed};
pub(crate) use hosts::{HOST_PATH, answer as answer_host};
pub(crate) use insert::inserts_stream;
pub(crate) use query::{close as close_query, query, query_stream, web_socket};
pub(crate) use rights::Rights;
pub use service::Ksql;
pub(crate) use sql::sql;
pub(crate) use statement::ksql;

/// The SQL of the node, if its program brought it.
pub(crate) fn of(call: &Call) -> Result<Arc<Ksql>, ErrorBody> {
    let ksql = call.state.options.ksql.clone();
    ksql.ok_or_else(|| {
        ErrorBody::new(
            ErrorCode::NOT_FOUND,
            "This program serves no SQL: it was started without an interpreter.",
        )
    })
}

/// The whole body of a request.
pub(crate) async fn body(call: &mut Call) -> Result<Bytes, ErrorBody> {
    let limit = call.state.config().max_body_bytes;
    call.body("max_body_bytes", limit).await.map_err(|error| error_body(&error))
}

/// Whether errors of a path are told in ksqlDB's words, even before it is known who asks.
pub(crate) fn is_endpoint(path: &str) -> bool {
    [
        "/ksql",
        "/query",
        "/close-query",
        "/inserts-stream",
        "/info",
        "/status",
        "/is_valid_property",
        "/clusterStatus",
    ]
    .iter()
    .any(|begin| path.starts_with(begin))
}
