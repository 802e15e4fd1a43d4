//! Reads of a row as of a time, of tables that keep versions.
use lentic::FoundVersion;
use lentic::types::Timestamp;

use super::KeyEncoding;
use super::moment::moment;
use super::point::{Want, answer};
use crate::call::Call;
use crate::catalog::Entry;
use crate::error::{Code, Error, Result};
use crate::http::{LENTIC_VALID_TO, Response};

/// The parameter that names the time.
pub(super) const AS_OF: &str = "as_of";

/// The time as of which a row is asked for; refused where no versions are kept.
pub(super) fn as_of(call: &Call, entry: &Entry) -> Result<Option<Timestamp>> {
    // What else is wrong with the query is told by who reads all of it.
    let Ok(query) = call.query(&[KeyEncoding::PARAMETER, AS_OF]) else { return Ok(None) };
    let at = moment(&query, AS_OF)?;
    if at.is_some() && !entry.table.is_versioned() {
        return Err(not_versioned(entry));
    }
    Ok(at)
}

pub(super) fn not_versioned(entry: &Entry) -> Error {
    let text = format!("table {} keeps no versions of its rows: as_of can't be answered", entry.name);
    Error::new(Code::NotVersioned, text)
}

/// The version as a row is answered, with the time at which the next one took its place.
pub(super) fn answer_version(entry: &Entry, version: &FoundVersion<'_>, want: &Want) -> Result<Response> {
    let mut response = answer(entry, &version.found, want)?;
    if let Some(valid_to) = version.valid_to {
        response.headers_mut().insert(&LENTIC_VALID_TO, valid_to.0.into());
    }
    Ok(response)
}
