//! Creating, changing and dropping tables.
use std::sync::Arc;

use crate::peers;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, LOCATION};
use lentic::types::{TableName, TableSpec};
use lentic::{Demand, RawTable, Scope};

use super::description;
use crate::api;
use crate::call::{Call, json};
use crate::catalog::Entry;
use crate::error::{Code, Error, Result};
use crate::freshness::admitted;
use crate::http::Response;
use crate::security::Access;

/// Declares a table over a topic.
///
/// 201 if it is new, 200 if it was there, equal in all fields that were given. It restores in the background;
/// `wait=ready` waits until plain reads are answered, up to the request's time.
#[utoipa::path(post, path = "/v1/tables", tag = "Tables",
    params(("wait" = Option<String>, Query, description = "ready: answer once plain reads are answered")),
    request_body = api::CreateTable,
    responses(
        (status = 200, description = "It was there", body = api::Table),
        (status = 201, description = "Created", body = api::Table),
    ))]
pub(crate) async fn create(mut call: Call) -> Result<Response> {
    let query = call.query(&["wait"])?;
    let wait = query.choice("wait", &[("", false), ("ready", true)])?;
    let spec = TableSpec::from(call.json::<api::CreateTable>().await?);
    let name = spec.name.clone();
    let is_allowed = |name: &str| call.grant.allows(Access::Admin, name);
    if !is_allowed(name.as_str()) || !is_allowed(spec.topic.as_str()) {
        return Err(Error::plain(Code::Forbidden));
    }
    let state = Arc::clone(&call.state);
    let (table, created) =
        call.state.block_change(call.deadline, move || state.node.create_table(spec)).await??;
    if wait {
        let no_table = || Error::plain(Code::TableNotFound);
        let entry = call.state.catalog.get(table.spec().name.as_str()).ok_or_else(no_table)?;
        let ready = all_ready(&call, &entry).await;
        ready.map_err(|error| {
            error.hint(format!("The table is declared; GET /readyz?table={name} tells more."))
        })?;
    }
    let mut response =
        described(&call, &name, if created { StatusCode::CREATED } else { StatusCode::OK }).await?;
    if created && let Ok(location) = HeaderValue::try_from(format!("/v1/tables/{name}")) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Waits until all partitions of a table answer plain reads, wherever they are.
pub(super) async fn all_ready(call: &Call, entry: &Arc<Entry>) -> Result<()> {
    if peers::is_here(entry) {
        return admitted(&entry.table, &Scope::All, &Demand::default(), call.deadline).await;
    }
    call.gather().admitted(entry, call.deadline).await
}

/// Changes `read_only`, or names the partitioner to write with.
#[utoipa::path(patch, path = "/v1/tables/{table}", tag = "Tables",
    params(("table" = String, Path, description = "The table")),
    request_body = api::AlterTable,
    responses((status = 200, description = "Changed", body = api::Table)))]
pub(crate) async fn alter(mut call: Call) -> Result<Response> {
    call.query(&[])?;
    let change: api::AlterTable = call.json().await?;
    if change.read_only.is_none() && change.partitioner.is_none() {
        return Err(Error::new(
            Code::BadRequest,
            "the body names nothing to change: read_only or partitioner",
        ));
    }
    let name = table_name(&call)?;
    let (state, altered) = (Arc::clone(&call.state), name.clone());
    let alter =
        move || state.node.alter_table(&altered, change.read_only, change.partitioner).map(|_: RawTable| ());
    call.state.block_change(call.deadline, alter).await??;
    described(&call, &name, StatusCode::OK).await
}

/// Forgets a table and its rows on this node. The topic stays, with all its records, unless delete-topic=true.
#[utoipa::path(delete, path = "/v1/tables/{table}", tag = "Tables",
    params(
        ("table" = String, Path, description = "The table"),
        ("delete-topic" = Option<String>, Query, description = "true: delete the topic, too, and with it the data"),
    ),
    responses((status = 200, description = "Dropped", body = api::Table)))]
pub(crate) async fn drop(call: Call) -> Result<Response> {
    let query = call.query(&["delete-topic"])?;
    let delete_topic = query.choice("delete-topic", &[("false", false), ("true", true)])?;
    let name = table_name(&call)?;
    let entry = call.table()?;
    let (state, dropped) = (Arc::clone(&call.state), name.clone());
    let drop = move || {
        let description = description(&entry);
        state.node.drop_table(&dropped, delete_topic).map(|()| description)
    };
    let dropped = call.state.block_change(call.deadline, drop).await??;
    call.state.catalog.forget(name.as_str());
    json(StatusCode::OK, &dropped)
}

fn table_name(call: &Call) -> Result<TableName> {
    let no_table = |_| Error::new(Code::TableNotFound, format!("there is no table {}", call.name()));
    TableName::new(call.name()).map_err(no_table)
}

async fn described(call: &Call, name: &TableName, status: StatusCode) -> Result<Response> {
    let entry: Arc<Entry> =
        call.state.catalog.get(name.as_str()).ok_or_else(|| Error::plain(Code::TableNotFound))?;
    json(status, &call.state.block(call.deadline.step(), move || description(&entry)).await?)
}
