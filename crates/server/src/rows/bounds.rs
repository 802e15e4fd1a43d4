//! Which keys a scan, a count or a watch asks for.
use lentic::KeyBounds;
use lentic::types::FormatName;

use super::KeyEncoding;
use crate::error::{Code, Error, Result};
use crate::http::Query;

/// `prefix`, or `from` (inclusive) and `to` (exclusive).
pub(super) fn bounds(query: &Query, format: FormatName) -> Result<KeyBounds> {
    let encoding = KeyEncoding::of(query)?;
    let key = |name: &str| query.bytes(name).map(|text| encoding.key(format, text)).transpose();
    let bounds = KeyBounds {
        prefix: query.bytes("prefix").map(|text| encoding.prefix(format, text)).transpose()?,
        from: key("from")?,
        to: key("to")?,
        after: None,
    };
    if bounds.prefix.is_some() && (bounds.from.is_some() || bounds.to.is_some()) {
        return Err(Error::new(Code::BadParameter, "prefix does not go together with from and to"));
    }
    Ok(bounds)
}
