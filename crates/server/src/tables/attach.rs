//! `tables:attach`: read-only tables over the stores of an application.
use std::sync::Arc;

use axum::http::StatusCode;
use lentic::types::WindowKind;
use lentic::{Attach, Attached, AttachedWindow};

use super::declare::all_ready;

use super::description;
use crate::api;
use crate::call::{Call, json};
use crate::error::{Code, Error, Result};
use crate::http::Response;

/// Declares a read-only table over the changelog of each store of a Kafka Streams or ksqlDB application.
///
/// What the request doesn't say is guessed from the topic's cleanup policy and from a sample of its records. A table that
/// is there over the same changelog stays as it is. Of the application nothing is written, joined, committed or created.
#[utoipa::path(post, path = "/v1/tables:attach", tag = "Tables",
    params(("wait" = Option<String>, Query, description = "ready: answer once plain reads are answered")),
    request_body = api::Attach,
    responses((status = 200, description = "What became of each store", body = api::AttachedStores)))]
pub(crate) async fn attach(mut call: Call) -> Result<Response> {
    let query = call.query(&["wait"])?;
    let wait = query.choice("wait", &[("", false), ("ready", true)])?;
    let attach = wanted(call.json().await?)?;
    let state = Arc::clone(&call.state);
    let found = call.state.block_change(call.deadline, move || state.node.attach(&attach)).await??;
    let mut stores = Vec::with_capacity(found.len());
    for Attached { store, topic, sampled, outcome } in found {
        let mut answer = api::AttachedStore {
            store,
            topic: topic.to_string(),
            sampled,
            created: false,
            table: None,
            error: None,
        };
        match outcome {
            Ok((table, created)) => {
                let name = table.spec().name;
                let entry =
                    call.state.catalog.get(name.as_str()).ok_or_else(|| Error::plain(Code::TableNotFound))?;
                if wait {
                    all_ready(&call, &entry).await?;
                }
                answer.created = created;
                let described = call.state.block(call.deadline.step(), move || description(&entry)).await?;
                answer.table = Some(described);
            }
            Err(error) => answer.error = Some(Error::from(error).failure()),
        }
        stores.push(answer);
    }
    json(StatusCode::OK, &api::AttachedStores { stores })
}

fn wanted(attach: api::Attach) -> Result<Attach> {
    let api::Attach { application_id, store, name, key, value, window, size_ms, retention_ms } = attach;
    let says = name.is_some() || key.is_some() || value.is_some() || window.is_some();
    if store.is_none() && (says || size_ms.is_some() || retention_ms.is_some()) {
        return Err(Error::new(Code::BadRequest, "what is said of a store goes together with store"));
    }
    let kind = |kind: &str| match kind {
        "none" => Ok(AttachedWindow::None),
        kind => kind.parse::<WindowKind>().map(AttachedWindow::Of),
    };
    let window = window.as_deref().map(kind).transpose();
    let window = window.map_err(|error| Error::new(Code::BadRequest, format!("window: {error}, or none")))?;
    Ok(Attach { application: application_id, store, name, key, value, window, size_ms, retention_ms })
}
