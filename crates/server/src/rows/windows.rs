//! Reads of a key that has windows: all of them, or one.
use std::sync::Arc;

use lentic::format::{KeyKind, KeyTime};
use lentic::types::Timestamp;
use lentic::{KeyBounds, Scope};

use super::moment::{moment, read};
use super::scan::{Request, answer};
use super::{KeyEncoding, path_key, versions};
use crate::call::Call;
use crate::catalog::Entry;
use crate::error::{Code, Error, Result};
use crate::http::{Query, Response, RowPath};

const ONE: &[&str] = &["window", "sequence", KeyEncoding::PARAMETER];
const MANY: &[&str] = &[
    "from",
    "to",
    "limit",
    "order",
    "cursor",
    "window",
    "sequence",
    versions::AS_OF,
    KeyEncoding::PARAMETER,
];

/// The key in the log, with the window that the query names; `None` if it names none.
pub(super) fn named(call: &Call, entry: &Entry, path: RowPath<'_>) -> Result<Option<Vec<u8>>> {
    let Ok(query) = call.query(ONE) else { return Ok(None) };
    let Some(text) = query.text("window")? else { return Ok(None) };
    let time = time(entry, &query, text)?;
    let inner = path_key(entry.key, path, KeyEncoding::of(&query)?)?;
    let mut key = Vec::with_capacity(inner.len() + 16);
    entry.layout.join(&inner, time, &mut key);
    Ok(Some(key))
}

fn time(entry: &Entry, query: &Query, text: &str) -> Result<KeyTime> {
    let bad = |message: &str| Error::new(Code::BadParameter, format!("window is {text:?}: {message}"));
    let number = query.parse::<u32>("sequence")?;
    let span = text.split_once("..");
    match (entry.layout.kind, span) {
        (KeyKind::Session, Some((start, end))) if number.is_none() => {
            Ok(KeyTime::Session { start: read("window", start)?, end: read("window", end)? })
        }
        (KeyKind::Session, Some(_)) => Err(bad("sessions have no sequence number")),
        (KeyKind::Session, None) => Err(bad("a session is named by START..END")),
        (KeyKind::Window { sequence }, None) if sequence || number.is_none() => Ok(KeyTime::Window {
            start: read("window", text)?,
            sequence: sequence.then_some(number.unwrap_or_default()),
        }),
        (KeyKind::Window { .. }, None) => Err(bad("the windows of this table have no sequence number")),
        _ => Err(bad("a window is named by its START alone")),
    }
}

/// All windows of a key, oldest first: a page of them, or lines.
pub(super) async fn all(call: Call, entry: Arc<Entry>, path: RowPath<'_>) -> Result<Response> {
    let query = call.query(MANY)?;
    if query.bytes(versions::AS_OF).is_some() {
        return Err(versions::not_versioned(&entry));
    }
    if query.bytes("window").is_some() || query.bytes("sequence").is_some() {
        return Err(Error::new(
            Code::BadParameter,
            "window (with sequence) names one row: from, to, limit, order and cursor don't go together with it",
        ));
    }
    let inner = path_key(entry.key, path, KeyEncoding::of(&query)?)?.into_owned();
    let scope = Scope::from(entry.table.partition_of_inner(&inner));
    let (start_from, start_to): (Option<Timestamp>, _) = (moment(&query, "from")?, moment(&query, "to")?);
    let bounds = KeyBounds { windows_of: Some(inner), start_from, start_to, ..KeyBounds::default() };
    answer(call, entry, Request { query, bounds, scope }).await
}
