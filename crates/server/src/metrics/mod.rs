//! `/metrics`: everything is counted in atomics and put into words when it is asked for.
mod http;
mod node;
mod sql;

use std::fmt;
use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
pub(crate) use http::Http;
pub(crate) use node::resident_bytes;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::registry::Registry;

use crate::call::Call;
use crate::error::{Code, Error, Result};
use crate::http::{Body, Response};
use crate::state::State;

/// Metrics of the node, its tables and its HTTP, in the OpenMetrics text format.
#[utoipa::path(get, path = "/metrics", tag = "Node",
    responses((status = 200, description = "OpenMetrics text", content_type = "application/openmetrics-text")))]
pub(crate) async fn metrics(call: Call) -> Result<Response> {
    call.query(&[])?;
    let state = Arc::clone(&call.state);
    let text = call.state.block(call.deadline, move || render(&state)).await?;
    let text = text.map_err(|_| Error::plain(Code::Internal))?;
    let mut response = Response::new(Body::from(Bytes::from(text)));
    let content_type = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}

fn render(state: &Arc<State>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape(Arc::clone(state))));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

/// One look at everything.
struct Scrape(Arc<State>);

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape")
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.http.encode(&mut encoder)?;
        sql::encode(&self.0, &mut encoder)?;
        node::encode(&self.0, &mut encoder)
    }
}
