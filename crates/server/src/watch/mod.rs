//! `watch`: a snapshot, then every change, as Server-Sent Events.
mod feed;
mod sse;

use std::sync::Arc;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use lentic::{EventId, Filter, Scope, WatchStart};

pub(crate) mod paths {
    pub(crate) use super::__path_watch;
}

use crate::call::Call;
use crate::error::{Code, Error, Result};
use crate::freshness::{Freshness, admitted};
use crate::http::{Body, Response};
use crate::rows::{KeyEncoding, freshness_headers};
use feed::Feed;

/// Rows and their changes as Server-Sent Events.
///
/// First the rows as `put` events without ids, then `snapshot-end`, then each change as `put` or `delete` with an id
/// that covers all partitions. Last-Event-ID resumes: every record still in the log after it, none twice; where that
/// can't be promised, `reset` says why and a new snapshot follows. `heartbeat` carries the newest id and no data.
/// `error` tells why the node ends the watch.
#[utoipa::path(get, path = "/v1/tables/{table}/watch", tag = "Watch",
    params(
        ("table" = String, Path, description = "The table"),
        ("key" = Option<String>, Query, description = "Only this key"),
        ("prefix" = Option<String>, Query, description = "Only keys that begin so (bytes, string, json)"),
        ("snapshot" = Option<String>, Query, description = "true (default), or false: start with the next change"),
        ("key-encoding" = Option<String>, Query, description = "text (default) or base64url"),
        ("Last-Event-ID" = Option<String>, Header, description = "Resume after this event"),
    ),
    responses((status = 200, description = "Events", content_type = "text/event-stream")))]
pub(crate) async fn watch(call: Call) -> Result<Response> {
    let query = call.query(&["key", "prefix", "snapshot", KeyEncoding::PARAMETER])?;
    let encoding = KeyEncoding::of(&query)?;
    let entry = call.table()?;
    let filter = match (query.bytes("key"), query.bytes("prefix")) {
        (None, None) => Filter::All,
        (Some(key), None) => Filter::Key(encoding.key(entry.key, key)?),
        (None, Some(prefix)) => Filter::Prefix(encoding.prefix(entry.key, prefix)?),
        (Some(_), Some(_)) => {
            return Err(Error::new(Code::BadParameter, "key and prefix don't go together"));
        }
    };
    let snapshot = query.choice("snapshot", &[("true", true), ("false", false)])?;
    let start = match call.headers.get("last-event-id").map(HeaderValue::to_str) {
        Some(Ok(id)) if !id.is_empty() => WatchStart::After(id.parse::<EventId>()?),
        Some(Err(_)) => return Err(Error::plain(Code::BadEventId)),
        _ if snapshot => WatchStart::Snapshot,
        _ => WatchStart::Now,
    };
    let slot = call.state.admit_watch()?;
    admitted(&entry.table, &Scope::All, &call.demand, call.deadline).await?;
    let freshness = Freshness::of(&entry.table, &Scope::All);
    let role = entry.table.role_of(&Scope::All);
    let table = entry.table.clone();
    let open = call.state.block(call.deadline, move || table.watch(filter, &Scope::All, start)).await??;
    let stream = Feed::start(Arc::clone(&call.state), entry, open, slot, call.connection);
    let mut response = Response::new(Body::Stream(axum::body::Body::from_stream(stream)));
    let headers = response.headers_mut();
    headers.extend(freshness_headers(&[], freshness, role));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
