//! Who the server is, and whether it is well.
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, LOCATION};
use bytes::Bytes;
use lentic::Readiness;
use lentic_ksql_api::{ClusterId, ErrorBody, Health, HealthDetail, Info, Metadata, ServerInfo};

use crate::call::Call;
use crate::error::Result;
use crate::http::{APPLICATION_JSON, Response};
use crate::ksql::Ksql;
use crate::ksql::answer::{bytes, failed, json};
use crate::ksql::property;

/// The version of ksqlDB whose API this is: clients decide by it what they may say.
pub(crate) const VERSION: &str = "0.30.0";

/// `GET /info`
pub(crate) async fn info(call: Call) -> Result<Response> {
    Ok(match crate::ksql::of(&call) {
        Ok(ksql) => json(StatusCode::OK, &Info { server: server(&call, &ksql) }),
        Err(error) => failed(&error),
    })
}

fn server(call: &Call, ksql: &Ksql) -> ServerInfo {
    let status = match (call.state.node.failure(), ksql.incompatible().is_empty()) {
        (Some(_), _) => "ERROR",
        (None, false) => "DEGRADED",
        (None, true) => "RUNNING",
    };
    ServerInfo {
        version: VERSION.to_owned(),
        kafka_cluster_id: kafka(call),
        ksql_service_id: ksql.service().to_owned(),
        server_status: Some(status.to_owned()),
    }
}

/// The id of the log.
fn kafka(call: &Call) -> String {
    call.state.node.log().identity().unwrap_or_default()
}

/// `GET /healthcheck`
pub(crate) async fn health(call: Call) -> Result<Response> {
    Ok(match crate::ksql::of(&call) {
        Ok(ksql) => {
            let node = &call.state.node;
            let details = [
                ("metastore", node.failure().is_none()),
                ("kafka", node.log_health().is_ok()),
                ("commandRunner", ksql.incompatible().is_empty()),
            ];
            let is_healthy = details.iter().all(|(_, is)| *is);
            let details =
                details.map(|(name, is_healthy)| (name.to_owned(), HealthDetail { is_healthy })).into();
            let state = if node.readiness() == Readiness::Stopping { "TERMINATING" } else { "READY" };
            let status = if is_healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            json(status, &Health { is_healthy, details, server_state: Some(state.to_owned()) })
        }
        Err(error) => failed(&error),
    })
}

/// `GET /chc/live` and `GET /chc/ready`: that there is an answer is all that it says.
pub(crate) async fn alive(_: Call) -> Result<Response> {
    Ok(json(StatusCode::OK, &serde_json::json!({})))
}

/// `GET /v1/metadata`
pub(crate) async fn metadata(call: Call) -> Result<Response> {
    Ok(match cluster_id(&call) {
        Ok(cluster_id) => json(StatusCode::OK, &Metadata { version: VERSION.to_owned(), cluster_id }),
        Err(error) => failed(&error),
    })
}

/// `GET /v1/metadata/id`
pub(crate) async fn metadata_id(call: Call) -> Result<Response> {
    Ok(match cluster_id(&call) {
        Ok(id) => json(StatusCode::OK, &id),
        Err(error) => failed(&error),
    })
}

fn cluster_id(call: &Call) -> Result<ClusterId, ErrorBody> {
    Ok(ClusterId::new(kafka(call), crate::ksql::of(call)?.service()))
}

/// `GET /is_valid_property/{property}`
pub(crate) async fn is_valid_property(call: Call) -> Result<Response> {
    Ok(match property::check(call.name()) {
        Ok(()) => json(StatusCode::OK, &true),
        Err(error) => failed(&error),
    })
}

/// `GET /`
pub(crate) async fn root(_: Call) -> Result<Response> {
    let mut response = bytes(StatusCode::TEMPORARY_REDIRECT, Bytes::new(), APPLICATION_JSON);
    response.headers_mut().insert(LOCATION, HeaderValue::from_static("/info"));
    Ok(response)
}
