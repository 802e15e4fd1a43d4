//! `watch`: a snapshot, then every change, as Server-Sent Events.
mod feed;
mod frames;
mod mend;
mod merge;
mod outlet;
mod part;
mod question;
mod sse;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use bytes::Bytes;
use futures_util::Stream;
use lentic::{Demand, EventId, Filter, ReadError, Role, Scope, WatchStart};

pub(crate) mod paths {
    pub(crate) use super::__path_watch;
}

use crate::call::{Call, from_json};
use crate::error::{Code, Error, Result};
use crate::freshness::Freshness;
use crate::http::{Body, Response};
use crate::peers;
use crate::rows::{KeyEncoding, freshness_headers};
use feed::Feed;
use merge::Merge;
use outlet::Outlet;
use part::Watched;
use question::Question;

/// What a reader demands, as another node is told.
const DEMANDS: [&str; 2] = ["lentic-at-least", "lentic-max-staleness"];

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
    let slot = Some(call.state.admit_watch()?);
    let watched = Arc::new(call.watched(entry, filter));
    let (outlet, stream) = Outlet::new(Arc::clone(&call.state), call.connection.clone(), slot);
    let may_ask = !call.is_hop && !call.state.node.is_alone();
    let here = if may_ask && watched.is_elsewhere(&start) {
        None
    } else {
        match watched.open_here(Scope::All, start.clone(), call.deadline).await {
            // A partition has left at this moment.
            Err(error) if may_ask && error.code() == Code::PartitionNotKept => None,
            opened => Some(opened?),
        }
    };
    let Some((open, freshness, role)) = here else {
        let merge = Merge::open(watched, start, call.deadline).await?;
        let (freshness, role) = merge.freshness();
        tokio::spawn(merge.run(outlet));
        return Ok(events(stream, freshness, role));
    };
    let heir = may_ask.then(|| Arc::clone(&watched));
    let feed = Feed { entry: Arc::clone(&watched.entry), outlet, heir, greets: false };
    tokio::spawn(feed.run(open));
    Ok(events(stream, freshness, role))
}

/// Watches partitions that are here for another node.
pub(crate) async fn watch_part(mut call: Call) -> Result<Response> {
    let entry = call.table()?;
    let question: Question = {
        let body = call.body("max_body_bytes", usize::MAX).await?;
        from_json(&body)?
    };
    let watched = call.watched(entry, question.filter());
    let (open, freshness, role) =
        watched.open_here(question.scope(), question.start()?, call.deadline).await?;
    // The other node's reader has a place among the watches there, and the connection is not its own.
    let (outlet, stream) = Outlet::new(Arc::clone(&call.state), None, None);
    let feed = Feed { entry: watched.entry, outlet, heir: None, greets: true };
    tokio::spawn(feed.run(open));
    Ok(events(stream, freshness, role))
}

impl Call {
    fn watched(&self, entry: Arc<crate::catalog::Entry>, filter: Filter) -> Watched {
        let mut demand_headers = HeaderMap::new();
        for name in DEMANDS {
            demand_headers.extend(
                self.headers
                    .get(name)
                    .map(|value| (axum::http::HeaderName::from_static(name), value.clone())),
            );
        }
        Watched { state: Arc::clone(&self.state), entry, filter, demand: self.demand.clone(), demand_headers }
    }
}

impl Watched {
    /// Whether other nodes have to be asked.
    fn is_elsewhere(&self, start: &WatchStart) -> bool {
        let table = &self.entry.table;
        if self.state.node.is_alone() {
            return false;
        }
        let is_partial = matches!(table.admit(&Scope::All, &Demand::default()), Err(ReadError::NotKept(_)));
        if is_partial || !peers::is_here(&self.entry) {
            return true;
        }
        // An id of one key may be of its partition alone.
        let is_of_key = matches!((&self.filter, start), (Filter::Key(_), WatchStart::After(_)));
        is_of_key && table.kept_partitions().count() > 1 && self.partitions().len() == 1
    }
}

fn events(
    stream: impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static,
    freshness: Freshness,
    role: Role,
) -> Response {
    let mut response = Response::new(Body::Stream(axum::body::Body::from_stream(stream)));
    let headers = response.headers_mut();
    headers.extend(freshness_headers(&[], freshness, role));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
