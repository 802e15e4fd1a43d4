//! `rows:count`: the exact number of rows, by scan.
use std::sync::Arc;

use axum::http::StatusCode;
use lentic::{Scan, Scope};

use super::bounds::bounds;
use super::{KeyEncoding, freshness_headers};
use crate::api;
use crate::call::{Call, json};
use crate::catalog::Entry;
use crate::error::Result;
use crate::freshness::{Freshness, admitted};
use crate::http::Response;
use crate::peers::{self, Together, What};

/// The exact number of rows, by scan; the table's description has an estimate that costs nothing.
#[utoipa::path(get, path = "/v1/tables/{table}/rows:count", tag = "Rows",
    params(
        ("table" = String, Path, description = "The table"),
        ("prefix" = Option<String>, Query, description = "Keys that begin so (bytes, string, json)"),
        ("from" = Option<String>, Query, description = "The first key, inclusive; of windowed tables when the first windows start (ms or RFC 3339)"),
        ("to" = Option<String>, Query, description = "The end, exclusive; of windowed tables a time"),
        ("key-encoding" = Option<String>, Query, description = "text (default) or base64url"),
    ),
    responses((status = 200, description = "The number", body = api::Count)))]
pub(crate) async fn count(call: Call) -> Result<Response> {
    let query = call.query(&["prefix", "from", "to", KeyEncoding::PARAMETER])?;
    let entry = call.table()?;
    let until = Some(call.deadline.at().into_std());
    let scan = Scan { bounds: bounds(&query, &entry)?, until, ..Scan::default() };
    call.on(entry, |entry| count_in(&call, entry, scan.clone())).await
}

async fn count_in(call: &Call, entry: Arc<Entry>, scan: Scan) -> Result<Response> {
    let (count, Together { positions, freshness, role }) = if peers::is_here(&entry) {
        admitted(&entry.table, &Scope::All, &call.demand, call.deadline).await?;
        let begun = entry.table.begin(&Scope::All);
        let freshness = Freshness::of(&entry.table, &Scope::All);
        let table = entry.table.clone();
        let (count, positions) = call.state.block(call.deadline, move || table.count(&scan)).await??;
        let role = entry.table.role_since(&begun);
        call.check_role(&entry, role)?;
        (count, Together { positions, freshness, role })
    } else {
        let parts = call.gather().all(&entry, &|_| What::count(&scan.bounds), call.deadline).await?;
        (parts.iter().map(|part| part.count).sum(), Together::of(&parts))
    };
    let positions = entry.positions(&positions);
    let headers = freshness_headers(&positions, freshness, role);
    let mut response = json(StatusCode::OK, &api::Count { count, positions })?;
    response.headers_mut().extend(headers);
    Ok(response)
}
