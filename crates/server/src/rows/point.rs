//! `GET` and `HEAD` of one row. What is in memory is answered on the spot; this is the hot path of the server.
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use axum::http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH,
};
use axum::http::{Method, StatusCode, Uri};
use bytes::Bytes;
use lentic::format::{check_stored, value_to_json};
use lentic::types::{FormatName, Offset, PartitionId, Progress, Timestamp};
use lentic::{Admission, Demand, Found, FoundVersion, ReadError, Role, Row, Scope, Tier};

use super::versions::answer_version;
use super::{KeyEncoding, path_key, role_header, versions, windows};
use crate::call::Call;
use crate::catalog::Entry;
use crate::document::{push_decimal, push_token};
use crate::error::{Code, Error, Result};
use crate::freshness::{Freshness, admitted};
use crate::http::etag::Tags;
use crate::http::{
    APPLICATION_JSON, Body, LENTIC_LAG_RECORDS, LENTIC_POSITION, LENTIC_ROLE, LENTIC_STALENESS_MS,
    LENTIC_TIMESTAMP, OCTET_STREAM, Query, RequestHeaders, Response, RowPath, TEXT_PLAIN, negotiate,
};
use crate::peers::{self, Answered, Fetched, Key, PartRow, Together, What};
use crate::state::State;

/// One row.
///
/// The key is the rest of the path, slashes included, percent-decoded once; `rows/` alone is the empty key. Numbers
/// are decimal, a JSON key is its exact text.
///
/// Where keys have windows, this is a page of the key's windows, oldest first, as a scan is answered; `window` names one
/// of them.
#[utoipa::path(get, path = "/v1/tables/{table}/rows/{key}", tag = "Rows",
    params(
        ("table" = String, Path, description = "The table"),
        ("key" = String, Path, description = "The key: the rest of the path"),
        ("key-encoding" = Option<String>, Query, description = "text (default) or base64url, which addresses any stored key"),
        ("as_of" = Option<String>, Query, description = "Of tables that keep versions the row as it was at this time (ms or RFC 3339); Lentic-Timestamp tells since when it was so, Lentic-Valid-To until when"),
        ("window" = Option<String>, Query, description = "Of windowed tables the one row of the window that starts then; of sessions START..END"),
        ("sequence" = Option<u32>, Query, description = "With window, of tables that keep several records of a window: which (0)"),
        ("from" = Option<String>, Query, description = "Windows that start at this time or later (ms or RFC 3339)"),
        ("to" = Option<String>, Query, description = "Windows that start before this time"),
        ("limit" = Option<u64>, Query, description = "Windows of a page"),
        ("order" = Option<String>, Query, description = "asc (default) or desc"),
        ("cursor" = Option<String>, Query, description = "Of the page before"),
        ("If-None-Match" = Option<String>, Header, description = "ETags or *: 304 if the row is one of them"),
        ("If-Match" = Option<String>, Header, description = "ETags or *: 412 if the row is none of them"),
        ("Accept" = Option<String>, Header, description = "application/octet-stream: the stored bytes; application/json; text/plain for string values"),
    ),
    responses(
        (status = 200, description = "The value: JSON, text, or the stored bytes", content_type = "application/json"),
        (status = 304, description = "The row is unchanged"),
    ))]
pub(crate) async fn get(call: Call, path: RowPath<'_>) -> Result<Response> {
    read(call, path, false).await
}

/// Whether there is a row; the headers of the GET.
#[utoipa::path(head, path = "/v1/tables/{table}/rows/{key}", tag = "Rows",
    params(
        ("table" = String, Path, description = "The table"),
        ("key" = String, Path, description = "The key: the rest of the path"),
        ("key-encoding" = Option<String>, Query, description = "text (default) or base64url"),
        ("as_of" = Option<String>, Query, description = "Of tables that keep versions: whether there was a row at this time"),
        ("window" = Option<String>, Query, description = "Of windowed tables the window that starts then; of sessions START..END"),
        ("sequence" = Option<u32>, Query, description = "With window, of tables that keep several records of a window: which (0)"),
    ),
    responses((status = 200, description = "There is a row")))]
pub(crate) async fn head(call: Call, path: RowPath<'_>) -> Result<Response> {
    read(call, path, true).await
}

async fn read(call: Call, path: RowPath<'_>, head: bool) -> Result<Response> {
    let entry = call.table()?;
    let as_of = versions::as_of(&call, &entry)?;
    let key = if entry.window.is_some() {
        let Some(key) = windows::named(&call, &entry, path)? else {
            return windows::all(call, entry, path).await;
        };
        key
    } else {
        let encoding = KeyEncoding::of(&call.query(&[KeyEncoding::PARAMETER, versions::AS_OF])?)?;
        path_key(entry.key, path, encoding)?.into_owned()
    };
    let key = Bytes::from(key);
    let headers = RequestHeaders::read(&call.headers)?;
    let want = Arc::new(Want { as_of, ..Want::read(&entry, &headers, &call.headers, head)? });
    let was_quick =
        headers.is_plain() && headers.origin.is_none() && entry.window.is_none() && as_of.is_none();
    call.on(entry, |entry| read_in(&call, entry, key.clone(), Arc::clone(&want), was_quick)).await
}

async fn read_in(
    call: &Call,
    entry: Arc<Entry>,
    key: Bytes,
    want: Arc<Want>,
    was_quick: bool,
) -> Result<Response> {
    let scope = entry.table.partition_of(&key).into();
    if let Scope::Partition(partition) = scope
        && want.as_of.is_none()
        && let Some(fetched) = call.fetch(&entry, partition, &key).await
    {
        return told(&entry, &fetched, &want);
    }
    if let Scope::Partition(partition) = scope
        && let Answered::There(response) = call.read_elsewhere(&entry, partition).await?
    {
        return Ok(response);
    }
    if scope == Scope::All && !peers::is_here(&entry) {
        return read_anywhere(call, &entry, &key, &want).await;
    }
    let was_looked_for = was_quick && entry.table.admit(&scope, &call.demand)? == Admission::Granted;
    if !was_looked_for {
        admitted(&entry.table, &scope, &call.demand, call.deadline).await?;
        if let Some(at) = want.as_of {
            let table = Arc::clone(&entry);
            let answer = move || {
                table
                    .table
                    .get_as_of(&key, at, |version: FoundVersion<'_>| answer_version(&table, &version, &want))
            };
            return call.state.block(call.deadline, answer).await??;
        }
        let read = |found: Found<'_>| answer(&entry, &found, &want);
        if let Some(answer) = entry.table.get_with(&scope, &key, Tier::Memory, read)? {
            return answer;
        }
    }
    let (table, place) = (Arc::clone(&entry), scope.clone());
    let read = move || table.table.get_with(&place, &key, Tier::Disk, |found| answer(&table, &found, &want));
    let answer = call.state.block(call.deadline, read).await??;
    answer.unwrap_or_else(|| Err(Error::plain(Code::Internal)))
}

/// A key that may be in any partition: all nodes are asked, and the newest row counts.
async fn read_anywhere(call: &Call, entry: &Arc<Entry>, key: &Bytes, want: &Want) -> Result<Response> {
    if want.as_of.is_some() {
        return Err(Error::plain(Code::PartitionNotKept));
    }
    let keys = |_: &[PartitionId]| What::Keys(vec![Key(key.to_vec())]);
    let parts = call.gather().all(entry, &keys, call.deadline).await?;
    let Together { positions, freshness, role } = Together::of(&parts);
    let newest = parts.iter().flat_map(|part| &part.rows).max_by_key(|row| row.timestamp);
    let partition = newest.map_or(PartitionId(0), |row| row.partition);
    let position = positions.iter().find(|(id, _)| *id == partition).map_or(Offset(0), |(_, offset)| *offset);
    answer(entry, &found(newest, partition, position, freshness, role), want)
}

/// The answer to a read that the owner of the row was asked for.
fn told(entry: &Entry, fetched: &Fetched, want: &Want) -> Result<Response> {
    let Fetched { row, partition, position, freshness } = fetched;
    answer(entry, &found(row.as_ref(), *partition, *position, *freshness, Role::Active), want)
}

/// What another node found.
fn found(
    row: Option<&PartRow>,
    partition: PartitionId,
    position: Offset,
    freshness: Freshness,
    role: Role,
) -> Found<'_> {
    let row = row.map(|row| Row {
        partition: row.partition,
        offset: row.offset,
        timestamp: row.timestamp,
        value: &row.value,
    });
    let progress = Progress { position, end: Offset(position.0 + freshness.lag), current_at: None };
    Found { partition, progress, staleness_ms: freshness.staleness_ms, role, row }
}

/// The outcome of [`quick`].
pub(crate) enum Quick {
    /// Answered.
    Answer(Result<Response>),
    /// It takes the long way: waiting, the disk, or a table not seen before.
    Long,
}

/// Answers a plain read without waiting and without a lock: from memory, or from the disk while that is fast.
pub(crate) fn quick(
    state: &State,
    path: RowPath<'_>,
    uri: &Uri,
    method: &Method,
    headers: &HeaderMap,
    read: &RequestHeaders<'_>,
) -> Quick {
    if !read.is_plain() {
        return Quick::Long;
    }
    let answer = state.catalog.cached(path.table, |entry| {
        if entry.window.is_some() {
            return Ok(None);
        }
        let encoding = match uri.query() {
            None => KeyEncoding::Text,
            Some(query) => {
                let query = Query::read(Some(query), &[KeyEncoding::PARAMETER, versions::AS_OF])?;
                if query.bytes(versions::AS_OF).is_some() {
                    return Ok(None);
                }
                KeyEncoding::of(&query)?
            }
        };
        let key = path_key(entry.key, path, encoding)?;
        let want = Want::read(entry, read, headers, *method == Method::HEAD)?;
        let scope = entry.table.partition_of(&key).into();
        if matches!(scope, Scope::Partition(partition) if !entry.table.is_answered_here(partition)) {
            return Ok(None);
        }
        match entry.table.admit(&scope, &Demand::default()) {
            Ok(Admission::Granted) => {}
            Ok(Admission::Pending(_)) => return Ok(None),
            Err(ReadError::Closed) => {
                state.catalog.forget(path.table);
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
        let begin = Instant::now();
        if !state.pace.is_fast(begin) {
            let read = |found: Found<'_>| answer(entry, &found, &want);
            return entry.table.get_with(&scope, &key, Tier::Memory, read)?.transpose();
        }
        let read = |found: Found<'_>| answer(entry, &found, &want);
        let answer = entry.table.get_with(&scope, &key, Tier::Disk, read)?.transpose();
        state.pace.took(begin, Instant::now());
        answer
    });
    match answer {
        None | Some(Ok(None)) => Quick::Long,
        Some(Ok(Some(response))) => Quick::Answer(Ok(response)),
        // It was here a moment ago: who has it now is looked for.
        Some(Err(error)) if error.code() == Code::PartitionNotKept => Quick::Long,
        Some(Err(error)) => Quick::Answer(Err(error)),
    }
}

/// How a value is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Stored,
    Text,
    Json,
}

/// What the reader wants.
#[derive(Debug)]
pub(super) struct Want {
    shape: Shape,
    head: bool,
    /// An answer of the active one alone.
    active: bool,
    /// The row of this time; else the latest.
    as_of: Option<Timestamp>,
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

impl Want {
    fn read(entry: &Entry, read: &RequestHeaders<'_>, headers: &HeaderMap, head: bool) -> Result<Self> {
        let (types, shapes): (&[&str], &[Shape]) = match entry.value {
            FormatName::Bytes => {
                (&["application/octet-stream", "application/json"], &[Shape::Stored, Shape::Json])
            }
            FormatName::String => (
                &["text/plain", "application/json", "application/octet-stream"],
                &[Shape::Text, Shape::Json, Shape::Stored],
            ),
            _ => (&["application/json", "application/octet-stream"], &[Shape::Json, Shape::Stored]),
        };
        let accept = read.accept(headers);
        let index = negotiate(accept.as_deref(), types).ok_or_else(|| {
            Error::new(
                Code::NotAcceptable,
                format!("a row of this table is answered as {}", types.join(" or ")),
            )
        })?;
        Ok(Self {
            shape: shapes[index],
            head,
            active: read.wants_active()?,
            as_of: None,
            if_match: if read.if_match { Tags::read(headers, &IF_MATCH)? } else { None },
            if_none_match: if read.if_none_match { Tags::read(headers, &IF_NONE_MATCH)? } else { None },
        })
    }
}

/// The answer to a read: value and headers are written into one block of memory and share it.
pub(super) fn answer(entry: &Entry, found: &Found<'_>, want: &Want) -> Result<Response> {
    if want.active && found.role != Role::Active {
        return Err(peers::no_active(entry, found.partition, &[]));
    }
    let Some(row) = &found.row else {
        return Err(absent(entry, found, want));
    };
    let tag = entry.table.topic_id().tag();
    let topic = entry.topic.as_str();
    let mut block: Vec<u8> = Vec::with_capacity(row.value.len() + 2 * topic.len() + 128);
    let content_type = write_value(entry, row, want.shape, &mut block)?;
    let value = 0..block.len();
    let etag = write(&mut block, |block| {
        block.push(b'"');
        push_token(topic, row.partition, row.offset, tag, block);
        block.push(b'"');
    });
    let token = &block[etag.start + 1..etag.end - 1];
    let mut status = StatusCode::OK;
    if want.if_match.as_ref().is_some_and(|tags| !tags.matches(token)) {
        return Err(Error::new(Code::PreconditionFailed, "the row is another than If-Match names")
            .header(ETAG, HeaderValue::from_bytes(&block[etag]).expect("a token is ASCII")));
    }
    if want.if_none_match.as_ref().is_some_and(|tags| tags.matches(token)) {
        status = StatusCode::NOT_MODIFIED;
    }
    let timestamp = write(&mut block, |block| {
        if row.timestamp.0 < 0 {
            block.push(b'-');
        }
        push_decimal(row.timestamp.0.unsigned_abs(), block);
    });
    let position = found.progress.position.0.checked_sub(1).map(|last| {
        write(&mut block, |block| push_token(topic, found.partition, lentic::types::Offset(last), tag, block))
    });
    let lag = match found.progress.lag() {
        0 => None,
        lag => Some(write(&mut block, |block| push_decimal(lag, block))),
    };
    let staleness = found.staleness_ms.map(|ms| write(&mut block, |block| push_decimal(ms, block)));
    let block = Bytes::from(block);
    let part = |range: Range<usize>| {
        HeaderValue::from_maybe_shared(block.slice(range)).expect("tokens and numbers are ASCII")
    };
    let mut headers = HeaderMap::with_capacity(10);
    if status == StatusCode::OK {
        headers.insert(CONTENT_TYPE, content_type);
    }
    headers.insert(ETAG, part(etag));
    headers.insert(&LENTIC_TIMESTAMP, part(timestamp));
    if let Some(position) = position {
        headers.insert(&LENTIC_POSITION, part(position));
    }
    headers.insert(&LENTIC_ROLE, role_header(found.role));
    headers.insert(&LENTIC_LAG_RECORDS, lag.map_or(HeaderValue::from_static("0"), part));
    if let Some(staleness) = staleness {
        headers.insert(&LENTIC_STALENESS_MS, part(staleness));
    }
    let body = if status != StatusCode::OK {
        Body::empty()
    } else if want.head {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(value.len()));
        Body::empty()
    } else {
        Body::from(block.slice(value))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// No row: 404, or 412 where the reader's condition says that there is one.
fn absent(entry: &Entry, found: &Found<'_>, want: &Want) -> Error {
    let position = entry.position(found.partition, found.progress.position);
    let freshness = Freshness { lag: found.progress.lag(), staleness_ms: found.staleness_ms };
    let headers = super::freshness_headers(position.as_slice(), freshness, found.role);
    let error = if want.if_match.is_some() {
        Error::new(Code::PreconditionFailed, "there is no such row")
    } else {
        let text = match want.as_of {
            None => format!("table {} has no row with this key", entry.name),
            Some(at) => format!(
                "table {} had no row with this key at {at}, or knows no more of that time",
                entry.name
            ),
        };
        Error::new(Code::RowNotFound, text)
    };
    error.headers(headers)
}

/// Appends the value as wanted and returns its media type.
fn write_value(entry: &Entry, row: &Row<'_>, shape: Shape, out: &mut Vec<u8>) -> Result<HeaderValue> {
    let written = match (shape, entry.value) {
        (Shape::Stored, _) => {
            out.extend_from_slice(row.value);
            return Ok(OCTET_STREAM);
        }
        // JSON and text stay byte for byte.
        (Shape::Json, FormatName::Json) | (Shape::Text, _) => {
            check_stored(entry.value, row.value).map(|()| {
                out.extend_from_slice(row.value);
                if shape == Shape::Text { TEXT_PLAIN } else { APPLICATION_JSON }
            })
        }
        (Shape::Json, _) => value_to_json(entry.value, row.value, out).map(|()| APPLICATION_JSON),
    };
    written.map_err(|error| {
        entry.counters.count_undecodable();
        let token = entry.table.token(row.partition, row.offset);
        Error::new(Code::RowUndecodable, format!("the stored value: {error}"))
            .header(ETAG, crate::http::etag::of(&token))
    })
}

fn write(block: &mut Vec<u8>, text: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
    let start = block.len();
    text(block);
    start..block.len()
}

/// So that the long way's parts can move to a thread.
const _: fn() = || {
    fn movable<T: Send + 'static>() {}
    movable::<(Arc<Entry>, Want)>();
};
