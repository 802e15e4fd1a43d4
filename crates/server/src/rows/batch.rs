//! `rows:get` and `rows:write`: many rows in one request.
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use ::bytes::Bytes;
use lentic::format::{RawValue, key_from_json};
use lentic::types::PartitionId;
use lentic::{ReadError, Scope, Written};
use serde::Deserialize;

use super::element::{Element, base64};
use super::write::{Ack, refuse_conditions, refuse_read_demands, written_rows};
use super::{bad_key, freshness_headers};
use crate::api;
use crate::call::{Call, Object, bytes, from_json};
use crate::catalog::Entry;
use crate::document::RowWriter;
use crate::error::{Code, Error, Result};
use crate::freshness::{Freshness, admitted, writable};
use crate::http::{APPLICATION_JSON, Response};
use crate::peers::{self, Key, PartRow, Together, What};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys<'a> {
    #[serde(default, borrow)]
    keys: Vec<&'a RawValue>,
    #[serde(default, borrow)]
    keys_base64: Vec<Cow<'a, str>>,
}

/// Many rows by their keys: one snapshot per partition.
///
/// The rows stand in the order of the keys; those that are absent stand as given under `missing`
/// (`missing_base64`).
#[utoipa::path(post, path = "/v1/tables/{table}/rows:get", tag = "Rows",
    params(("table" = String, Path, description = "The table")),
    request_body = api::GetRows,
    responses((status = 200, description = "The rows that are there", body = api::Rows)))]
pub(crate) async fn get_many(mut call: Call) -> Result<Response> {
    call.query(&[])?;
    let entry = call.table()?;
    if entry.window.is_some() {
        return Err(Error::new(Code::WindowedKeys, format!("the keys of table {} have windows", entry.name)));
    }
    let limits = call.state.config();
    let (max_keys, max_bytes) = (limits.max_keys_per_get, limits.max_body_bytes);
    let body = call.body("max_body_bytes", max_bytes).await?;
    let request: Keys<'_> = from_json(&body)?;
    let count = request.keys.len() + request.keys_base64.len();
    if count > max_keys {
        return Err(Error::new(
            Code::TooLarge,
            format!("{count} keys are above max_keys_per_get = {max_keys}"),
        ));
    }
    let texts = request.keys.iter().map(|json| key_from_json(entry.key, json).map_err(bad_key));
    let stored = request.keys_base64.iter().map(|text| base64(Code::BadKey, "keys_base64", text));
    let keys: Vec<_> = texts.chain(stored).collect::<Result<_>>()?;
    let keys: Arc<[Vec<u8>]> = keys.into();
    call.on(entry, |entry| found(&call, entry, &request, Arc::clone(&keys))).await
}

async fn found(call: &Call, entry: Arc<Entry>, request: &Keys<'_>, keys: Arc<[Vec<u8>]>) -> Result<Response> {
    let max_bytes = call.state.config().max_body_bytes;
    let Looked { mut out, missing, together: Together { positions, freshness, role } } =
        if peers::is_here(&entry) {
            look(call, &entry, keys, max_bytes).await?
        } else {
            look_everywhere(call, &entry, &keys, max_bytes).await?
        };
    if out.len() > max_bytes {
        return Err(Error::new(Code::TooLarge, format!("the rows are above max_body_bytes = {max_bytes}"))
            .hint("Ask for fewer keys at a time."));
    }
    let (texts, stored): (Vec<usize>, Vec<usize>) =
        missing.into_iter().partition(|&index| index < request.keys.len());
    let texts: Vec<_> = texts.into_iter().map(|index| request.keys[index]).collect();
    let stored: Vec<_> =
        stored.into_iter().map(|index| &request.keys_base64[index - request.keys.len()]).collect();
    out.extend_from_slice(b"],\"missing\":");
    push_json(&texts, &mut out)?;
    if !request.keys_base64.is_empty() {
        out.extend_from_slice(b",\"missing_base64\":");
        push_json(&stored, &mut out)?;
    }
    let positions = entry.positions(&positions);
    out.extend_from_slice(b",\"positions\":");
    push_json(&positions, &mut out)?;
    out.extend_from_slice(b"}\n");
    let mut response = bytes(out, APPLICATION_JSON);
    response.headers_mut().extend(freshness_headers(&positions, freshness, role));
    Ok(response)
}

/// What was found of many keys.
struct Looked {
    /// The rows, up to a little more than the limit.
    out: Vec<u8>,
    /// The indexes of keys without rows.
    missing: Vec<usize>,
    together: Together,
}

/// With all partitions here.
async fn look(call: &Call, entry: &Arc<Entry>, keys: Arc<[Vec<u8>]>, max_bytes: usize) -> Result<Looked> {
    admitted(&entry.table, &Scope::All, &call.demand, call.deadline).await?;
    let table = Arc::clone(entry);
    let begun = entry.table.begin(&Scope::All);
    let freshness = Freshness::of(&entry.table, &Scope::All);
    let read = move || {
        let mut out = b"{\"rows\":[".to_vec();
        let mut missing = Vec::new();
        let rows = RowWriter::new(&table);
        let mut first = true;
        let positions = table.table.get_many(&Scope::All, &keys, &mut |index, row| match row {
            None => missing.push(index),
            Some(_) if out.len() > max_bytes => {}
            Some(row) => {
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                rows.row(&keys[index], &row, &mut out);
            }
        })?;
        let role = table.table.role_since(&begun);
        Ok::<_, ReadError>(Looked { out, missing, together: Together { positions, freshness, role } })
    };
    let looked = call.state.block(call.deadline, read).await??;
    call.check_role(entry, looked.together.role)?;
    Ok(looked)
}

/// Each node is asked for the keys of its partitions, and for those that may be anywhere.
async fn look_everywhere(
    call: &Call,
    entry: &Arc<Entry>,
    keys: &[Vec<u8>],
    max_bytes: usize,
) -> Result<Looked> {
    let what = |partitions: &[PartitionId]| {
        let is_asked = |key: &&Vec<u8>| {
            entry.table.partition_of(key).is_none_or(|partition| partitions.contains(&partition))
        };
        What::Keys(keys.iter().filter(is_asked).cloned().map(Key).collect())
    };
    let parts = call.gather().all(entry, &what, call.deadline).await?;
    let together = Together::of(&parts);
    let mut found: BTreeMap<Bytes, PartRow> = BTreeMap::new();
    for row in parts.into_iter().flat_map(|part| part.rows) {
        let newer = found.get(&row.key).is_none_or(|known| known.timestamp < row.timestamp);
        if newer {
            found.insert(row.key.clone(), row);
        }
    }
    let (mut out, mut missing) = (b"{\"rows\":[".to_vec(), Vec::new());
    let (rows, mut first) = (RowWriter::new(entry), true);
    for (index, key) in keys.iter().enumerate() {
        match found.get(&key[..]) {
            None => missing.push(index),
            Some(_) if out.len() > max_bytes => {}
            Some(row) => {
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                rows.put(key, &row.value, row.timestamp, row.partition, row.offset, &mut out);
            }
        }
    }
    Ok(Looked { out, missing, together })
}

pub(super) fn push_json(value: &impl serde::Serialize, out: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(out, value).map_err(|error| Error::new(Code::Internal, error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Writes<'a> {
    #[serde(borrow)]
    writes: Vec<Object<Element<'a>>>,
}

/// Many puts and deletes in one transaction.
///
/// They become visible together per partition. There are no conditions; of two writes of one key the later stays.
#[utoipa::path(post, path = "/v1/tables/{table}/rows:write", tag = "Rows",
    params(
        ("table" = String, Path, description = "The table"),
        ("ack" = Option<String>, Query, description = "applied (default) or log"),
    ),
    request_body = api::WriteRows,
    responses((status = 200, description = "Written", body = api::WrittenRows)))]
pub(crate) async fn write_many(mut call: Call) -> Result<Response> {
    let ack = Ack::of(&call.query(&["ack"])?)?;
    refuse_read_demands(&call)?;
    refuse_conditions(&call)?;
    let entry = call.table()?;
    let limit = call.state.config().max_writes_per_request;
    let max_bytes = call.state.config().max_body_bytes;
    let body = call.body("max_body_bytes", max_bytes).await?;
    let request: Writes<'_> = from_json(&body)?;
    if request.writes.len() > limit {
        return Err(Error::new(
            Code::TooLarge,
            format!("{} writes are above max_writes_per_request = {limit}", request.writes.len()),
        ));
    }
    call.on(entry, |entry| written(&call, entry, &request, ack)).await
}

async fn written(call: &Call, entry: Arc<Entry>, request: &Writes<'_>, ack: Ack) -> Result<Response> {
    writable(&entry.table, call.deadline).await?;
    let mut writes = Vec::with_capacity(request.writes.len());
    for (index, Object(element)) in request.writes.iter().enumerate() {
        let at = |error: Error| error.field("index", index);
        let write = element.write(entry.key, entry.value).map_err(at)?;
        entry
            .table
            .check_write(&write.key, write.value.as_ref().map(bytes::Bytes::len))
            .map_err(|error| at(error.into()))?;
        writes.push(write);
    }
    call.brokers_answer()?;
    let table = entry.table.clone();
    let deadline = call.deadline;
    let written =
        call.state.block_write(deadline, move || table.write_all(writes, deadline.left())).await??;
    entry.counters.count_writes(written.len() as u64);
    let last = last_per_partition(&written);
    let mut all_applied = ack == Ack::Applied;
    for written in last.values() {
        all_applied = all_applied && call.is_applied(&entry, written, deadline).await;
    }
    let positions: Vec<_> = last.values().map(|written| written.token.to_string()).collect();
    let answer = api::WrittenRows {
        tokens: written.iter().map(|written| written.token.to_string()).collect(),
        positions,
        applied: all_applied,
    };
    written_rows(&answer, &answer.positions, answer.applied)
}

fn last_per_partition(written: &[Written]) -> BTreeMap<PartitionId, &Written> {
    let mut last: BTreeMap<PartitionId, &Written> = BTreeMap::new();
    for one in written {
        let place = last.entry(one.partition).or_insert(one);
        if place.offset < one.offset {
            *place = one;
        }
    }
    last
}
