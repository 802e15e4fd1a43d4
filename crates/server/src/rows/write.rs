//! `PUT` and `DELETE` of one row.
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use bytes::Bytes;
use lentic::format::validate_value;
use lentic::{Condition, Demand, Scope, Write, WriteError, Written};
use serde::Serialize;
use tokio::sync::oneshot;

use super::{KeyEncoding, path_key};
use crate::api;
use crate::call::{Call, json};
use crate::catalog::Entry;
use crate::error::{Code, Error, Result};
use crate::freshness::{admitted, writable};
use crate::http::etag::{self, Tags};
use crate::http::{Deadline, LENTIC_APPLIED, LENTIC_TIMESTAMP, LENTIC_TOKEN, Query, Response, RowPath};
use crate::peers::Answered;

/// Puts a row.
///
/// The body is stored byte for byte after it was checked against the value format, whatever its Content-Type, except
/// that application/octet-stream is taken as stored bytes, unread. JSON null is a value; only DELETE deletes.
#[utoipa::path(put, path = "/v1/tables/{table}/rows/{key}", tag = "Rows",
    params(
        ("table" = String, Path, description = "The table"),
        ("key" = String, Path, description = "The key: the rest of the path"),
        ("key-encoding" = Option<String>, Query, description = "text (default) or base64url"),
        ("ack" = Option<String>, Query, description = "applied (default): answered once plain reads see the write; log: at the log's acknowledgement"),
        ("If-Match" = Option<String>, Header, description = "ETags: write only if the row is one of them; *: only if there is a row"),
        ("If-None-Match" = Option<String>, Header, description = "*: write only if there is no row"),
    ),
    request_body(content = String, description = "The value", content_type = "application/json"),
    responses((status = 200, description = "Written", body = api::Written)))]
pub(crate) async fn put(mut call: Call, path: RowPath<'_>) -> Result<Response> {
    let (entry, key, ack) = target(&call, path)?;
    let limit = call.state.config().max_value_bytes;
    let body = call.body("max_value_bytes", limit).await?;
    let value = if is_octet_stream(&call.headers) {
        body
    } else {
        let valid = validate_value(entry.value, &body)
            .map_err(|error| Error::new(Code::BadValue, format!("the value: {error}")))?;
        if valid.len() == body.len() && *valid == body[..] {
            body.clone()
        } else {
            Bytes::from(valid.into_owned())
        }
    };
    let put = Write { key, value: Some(value) };
    call.on(entry, |entry| write(&call, entry, put.clone(), ack)).await
}

/// Deletes a row. Deleting an absent one is done, too.
#[utoipa::path(delete, path = "/v1/tables/{table}/rows/{key}", tag = "Rows",
    params(
        ("table" = String, Path, description = "The table"),
        ("key" = String, Path, description = "The key: the rest of the path"),
        ("key-encoding" = Option<String>, Query, description = "text (default) or base64url"),
        ("ack" = Option<String>, Query, description = "applied (default) or log"),
        ("If-Match" = Option<String>, Header, description = "ETags: delete only if the row is one of them; *: only if there is a row"),
    ),
    responses((status = 200, description = "Deleted", body = api::Written)))]
pub(crate) async fn delete(call: Call, path: RowPath<'_>) -> Result<Response> {
    let (entry, key, ack) = target(&call, path)?;
    let delete = Write { key, value: None };
    call.on(entry, |entry| write(&call, entry, delete.clone(), ack)).await
}

/// When a write is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ack {
    Applied,
    Log,
}

impl Ack {
    pub(super) fn of(query: &Query) -> Result<Self> {
        query.choice("ack", &[("applied", Self::Applied), ("log", Self::Log)])
    }
}

fn target(call: &Call, path: RowPath<'_>) -> Result<(Arc<Entry>, Bytes, Ack)> {
    let query = call.query(&[KeyEncoding::PARAMETER, "ack"])?;
    refuse_read_demands(call)?;
    let (encoding, ack) = (KeyEncoding::of(&query)?, Ack::of(&query)?);
    let entry = call.table()?;
    let key = path_key(entry.key, path, encoding)?;
    Ok((entry, Bytes::from(key.into_owned()), ack))
}

/// A demand of reads on a write would be ignored: that is a misunderstanding.
pub(super) fn refuse_read_demands(call: &Call) -> Result<()> {
    if call.demand.at_least.is_empty() && call.demand.max_staleness.is_none() {
        return Ok(());
    }
    Err(Error::new(Code::BadHeader, "Lentic-At-Least and Lentic-Max-Staleness are for reads")
        .hint("For a conditional write send If-Match or If-None-Match: *."))
}

/// A condition on many writes would be ignored, and somebody else's write overwritten.
pub(super) fn refuse_conditions(call: &Call) -> Result<()> {
    if !call.headers.contains_key(IF_MATCH) && !call.headers.contains_key(IF_NONE_MATCH) {
        return Ok(());
    }
    Err(Error::new(Code::BadHeader, "many writes at a time take no If-Match and no If-None-Match")
        .hint("PUT or DELETE single rows on a condition."))
}

/// The answer to many writes; `positions`: the last token of each partition.
pub(super) fn written_rows(answer: &impl Serialize, positions: &[String], applied: bool) -> Result<Response> {
    let mut response = json(StatusCode::OK, answer)?;
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(positions.join(", "))
        && !value.is_empty()
    {
        headers.insert(&LENTIC_TOKEN, value);
    }
    headers.insert(&LENTIC_APPLIED, yes_or_no(applied));
    Ok(response)
}

fn yes_or_no(applied: bool) -> HeaderValue {
    HeaderValue::from_static(if applied { "true" } else { "false" })
}

async fn write(call: &Call, entry: Arc<Entry>, write: Write, ack: Ack) -> Result<Response> {
    call.brokers_answer()?;
    writable(&entry.table, call.deadline).await?;
    let put = write.value.is_some();
    let condition = condition(&call.headers)?;
    let partition = entry.table.check_write(&write.key, write.value.as_ref().map(Bytes::len))?;
    if condition.is_some() {
        let body = write.value.clone().unwrap_or_default();
        if let Answered::There(response) = call.write_elsewhere(&entry, partition, body).await? {
            return Ok(response);
        }
    }
    let written = match condition {
        None => append(&entry, write, call.deadline).await?,
        Some(condition) => match append_if(call, &entry, write, condition).await? {
            Ok(written) => written,
            Err(error) => return Err(not_written(call, &entry, error, ack).await),
        },
    };
    entry.counters.count_writes(1);
    let applied = ack == Ack::Applied && call.is_applied(&entry, &written, call.deadline).await;
    let answer = api::Written { token: written.token.to_string(), timestamp: written.timestamp.0, applied };
    let mut response = json(StatusCode::OK, &answer)?;
    let headers = response.headers_mut();
    let etag = etag::of(&written.token);
    let token = HeaderValue::from_str(&answer.token).expect("a token is ASCII");
    headers.insert(&LENTIC_TOKEN, token);
    if put {
        headers.insert(ETAG, etag);
    }
    headers.insert(&LENTIC_TIMESTAMP, HeaderValue::from(answer.timestamp));
    headers.insert(&LENTIC_APPLIED, yes_or_no(applied));
    Ok(response)
}

async fn append(entry: &Entry, write: Write, deadline: Deadline) -> Result<Written> {
    let (done, acknowledged) = oneshot::channel();
    entry.table.write(write, Box::new(move |result| drop(done.send(result))));
    match tokio::time::timeout_at(deadline.at(), acknowledged).await {
        Ok(Ok(result)) => Ok(result?),
        Ok(Err(_)) => Err(unknown("the node stopped before the log had answered")),
        Err(_) => Err(unknown("the log did not acknowledge the write in time")),
    }
}

pub(super) fn unknown(text: &'static str) -> Error {
    Error::new(Code::WriteOutcomeUnknown, text)
}

/// A refusal shows that the row has changed, and so counts as a read: like a write it is told when the active one shows that too.
async fn not_written(call: &Call, entry: &Arc<Entry>, error: WriteError, ack: Ack) -> Error {
    let WriteError::Precondition { seen, .. } = &error else { return error.into() };
    let applied = ack == Ack::Applied
        && match seen {
            // What is refused is known by now: who waits for it on another node must not give up before.
            Some(seen) => {
                call.has_applied(entry, seen, Deadline::after(call.deadline.left() / 2, true)).await
            }
            None => true,
        };
    Error::from(error).header(LENTIC_APPLIED.clone(), yes_or_no(applied))
}

async fn append_if(
    call: &Call,
    entry: &Entry,
    write: Write,
    condition: Condition,
) -> Result<Result<Written, WriteError>> {
    let (table, deadline) = (entry.table.clone(), call.deadline);
    let partition = table.check_write(&write.key, write.value.as_ref().map(Bytes::len))?;
    // Who waits for rows, or for his turn, takes no thread meanwhile.
    admitted(&table, &Scope::Partition(partition), &Demand::default(), deadline).await?;
    let turn = entry.turns.take(partition, deadline).await?;
    let write_if = move || {
        let _turn = turn;
        table.write_if(write, &condition, deadline.left())
    };
    call.state.block_write(deadline, write_if).await
}

/// The condition that the headers state.
fn condition(headers: &HeaderMap) -> Result<Option<Condition>> {
    let if_match = Tags::read(headers, &IF_MATCH)?;
    let if_none_match = Tags::read(headers, &IF_NONE_MATCH)?;
    match (if_match, if_none_match) {
        (None, None) => Ok(None),
        (Some(Tags::Any), None) => Ok(Some(Condition::Present)),
        (Some(tags), None) => Ok(Some(Condition::Is(tags.tokens()))),
        (None, Some(Tags::Any)) => Ok(Some(Condition::Absent)),
        (None, Some(Tags::List(_))) => Err(Error::new(
            Code::BadHeader,
            "If-None-Match on a write takes only *: write if there is no row",
        )),
        (Some(_), Some(_)) => {
            Err(Error::new(Code::BadHeader, "a write takes If-Match or If-None-Match, not both"))
        }
    }
}

fn is_octet_stream(headers: &HeaderMap) -> bool {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map_or("", |value| value.split(';').next().unwrap_or_default().trim());
    essence.eq_ignore_ascii_case("application/octet-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions() {
        let token = "\"t/0@4.00ff\"";
        let is = |text: &str| Condition::Is(vec![text.trim_matches('"').parse().unwrap()]);
        let cases: [(Option<&str>, Option<&str>, Option<Condition>); 5] = [
            (None, None, None),
            (Some("*"), None, Some(Condition::Present)),
            (Some(token), None, Some(is(token))),
            (Some("\"never a token\""), None, Some(Condition::Is(Vec::new()))),
            (None, Some("*"), Some(Condition::Absent)),
        ];
        let ask = |if_match: Option<&str>, if_none_match: Option<&str>| {
            let mut headers = HeaderMap::new();
            for (name, value) in [(IF_MATCH, if_match), (IF_NONE_MATCH, if_none_match)] {
                if let Some(value) = value {
                    headers.insert(name.clone(), value.parse().unwrap());
                }
            }
            condition(&headers)
        };
        for (if_match, if_none_match, expected) in cases {
            assert_eq!(ask(if_match, if_none_match).unwrap(), expected);
        }
        assert!(ask(None, Some(token)).is_err());
        assert!(ask(Some(token), Some("*")).is_err());
    }
}
