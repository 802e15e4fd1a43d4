//! Which keys a scan, a count or a watch asks for.
use lentic::KeyBounds;

use super::KeyEncoding;
use super::moment::moment;
use crate::catalog::Entry;
use crate::error::{Code, Error, Result};
use crate::http::Query;

/// `prefix`, or `from` (inclusive) and `to` (exclusive). Where keys have windows, `from` and `to` are times that windows
/// start at, and go together with `prefix`.
pub(super) fn bounds(query: &Query, entry: &Entry) -> Result<KeyBounds> {
    let (format, encoding) = (entry.key, KeyEncoding::of(query)?);
    let prefix = query.bytes("prefix").map(|text| encoding.prefix(format, text)).transpose()?;
    if entry.window.is_some() {
        return Ok(KeyBounds {
            prefix,
            start_from: moment(query, "from")?,
            start_to: moment(query, "to")?,
            ..KeyBounds::default()
        });
    }
    let key = |name: &str| query.bytes(name).map(|text| encoding.key(format, text)).transpose();
    let bounds = KeyBounds { prefix, from: key("from")?, to: key("to")?, ..KeyBounds::default() };
    if bounds.prefix.is_some() && (bounds.from.is_some() || bounds.to.is_some()) {
        return Err(Error::new(Code::BadParameter, "prefix does not go together with from and to"));
    }
    Ok(bounds)
}
