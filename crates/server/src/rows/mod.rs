//! Rows over HTTP: one file per endpoint.
mod batch;
mod bounds;
mod count;
mod cursor;
mod element;
mod load;
mod moment;
mod point;
mod scan;
mod versions;
mod windows;
mod write;

pub(crate) use batch::{get_many, write_many};
pub(crate) use count::count;
pub(crate) use load::load;
pub(crate) use point::{Quick, get, head, quick};
pub(crate) use scan::scan;
pub(crate) use write::{delete, put};

// The macros beside the handlers leave their descriptions here.
pub(crate) mod paths {
    pub(crate) use super::batch::{__path_get_many, __path_write_many};
    pub(crate) use super::count::__path_count;
    pub(crate) use super::load::__path_load;
    pub(crate) use super::point::{__path_get, __path_head};
    pub(crate) use super::scan::__path_scan;
    pub(crate) use super::write::{__path_delete, __path_put};
}

use std::borrow::Cow;

use axum::http::header::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use lentic::Role;
use lentic::format::{FormatError, key_from_text};
use lentic::types::FormatName;

use crate::error::{Code, Error, Result};
use crate::freshness::Freshness;
use crate::http::{
    LENTIC_LAG_RECORDS, LENTIC_POSITION, LENTIC_ROLE, LENTIC_STALENESS_MS, Query, RowPath, decode,
};

/// How keys are written in paths and parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyEncoding {
    /// As the key format says.
    Text,
    /// Any stored key.
    Base64Url,
}

impl KeyEncoding {
    pub(crate) const PARAMETER: &'static str = "key-encoding";

    pub(crate) fn of(query: &Query) -> Result<Self> {
        query.choice(Self::PARAMETER, &[("text", Self::Text), ("base64url", Self::Base64Url)])
    }

    /// The key's bytes in the log.
    pub(crate) fn key(self, format: FormatName, text: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Text => key_from_text(format, text).map_err(bad_key),
            Self::Base64Url => base64url(text),
        }
    }

    /// The beginning of keys, of formats whose keys are text or bytes.
    pub(crate) fn prefix(self, format: FormatName, text: &[u8]) -> Result<Vec<u8>> {
        match (self, format) {
            (_, FormatName::Int | FormatName::Bigint | FormatName::Double) => Err(Error::new(
                Code::BadParameter,
                format!("numbers have no prefix: use from and to with {format} keys"),
            )),
            (Self::Text, _) => Ok(text.to_vec()),
            (Self::Base64Url, _) => base64url(text),
        }
    }
}

pub(crate) fn base64url(text: &[u8]) -> Result<Vec<u8>> {
    let padded = text.last() == Some(&b'=');
    let decoded = if padded { URL_SAFE.decode(text) } else { URL_SAFE_NO_PAD.decode(text) };
    decoded.map_err(|error| Error::new(Code::BadKey, format!("the key is no base64url: {error}")))
}

pub(crate) fn bad_key(error: FormatError) -> Error {
    Error::new(Code::BadKey, format!("the key: {error}"))
}

/// The key that a row's path and query name.
fn path_key(format: FormatName, path: RowPath<'_>, encoding: KeyEncoding) -> Result<Cow<'_, [u8]>> {
    let text = decode(path.key);
    let plain = match format {
        FormatName::Bytes => true,
        FormatName::String => text.is_ascii(),
        _ => false,
    };
    if plain && encoding == KeyEncoding::Text {
        return Ok(text);
    }
    encoding.key(format, &text).map(Cow::Owned)
}

/// `Lentic-Role`.
pub(crate) fn role_header(role: Role) -> HeaderValue {
    HeaderValue::from_static(role_name(role))
}

/// A role as answers name it.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Active => "active",
        Role::Standby => "standby",
    }
}

/// `Lentic-Position`, `Lentic-Role`, `Lentic-Lag-Records`, `Lentic-Staleness-Ms`.
pub(crate) fn freshness_headers(positions: &[String], freshness: Freshness, role: Role) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    if !positions.is_empty()
        && let Ok(value) = HeaderValue::try_from(positions.join(", "))
    {
        headers.insert(&LENTIC_POSITION, value);
    }
    headers.insert(&LENTIC_ROLE, role_header(role));
    headers.insert(&LENTIC_LAG_RECORDS, HeaderValue::from(freshness.lag));
    if let Some(ms) = freshness.staleness_ms {
        headers.insert(&LENTIC_STALENESS_MS, HeaderValue::from(ms));
    }
    headers
}
