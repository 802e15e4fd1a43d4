//! The parts of requests and answers that are HTTP's, without knowledge of tables.
mod accept;
mod body;
mod deadline;
mod demand;
pub(crate) mod etag;
mod path;
mod query;

use axum::http::{HeaderName, HeaderValue};

pub(crate) use accept::negotiate;
pub(crate) use body::{Body, RequestBody, read_body};
pub(crate) use deadline::Deadline;
pub(crate) use demand::RequestHeaders;
pub(crate) use path::{RowPath, decode};
pub(crate) use query::Query;

/// An answer.
pub(crate) type Response = axum::http::Response<Body>;

pub(crate) const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(crate) const OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");
pub(crate) const TEXT_PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(crate) const NDJSON: HeaderValue = HeaderValue::from_static("application/x-ndjson");

pub(crate) static LENTIC_APPLIED: HeaderName = HeaderName::from_static("lentic-applied");
pub(crate) static LENTIC_ERROR: HeaderName = HeaderName::from_static("lentic-error");
pub(crate) static LENTIC_LAG_RECORDS: HeaderName = HeaderName::from_static("lentic-lag-records");
pub(crate) static LENTIC_POSITION: HeaderName = HeaderName::from_static("lentic-position");
pub(crate) static LENTIC_ROLE: HeaderName = HeaderName::from_static("lentic-role");
pub(crate) static LENTIC_STALENESS_MS: HeaderName = HeaderName::from_static("lentic-staleness-ms");
pub(crate) static LENTIC_TIMESTAMP: HeaderName = HeaderName::from_static("lentic-timestamp");
pub(crate) static LENTIC_TOKEN: HeaderName = HeaderName::from_static("lentic-token");
pub(crate) static LENTIC_VALID_TO: HeaderName = HeaderName::from_static("lentic-valid-to");

/// (name, meaning) of the headers that answers carry: for the documentation and for pages of other origins.
pub(crate) const ANSWER_HEADERS: &[(&str, &str)] = &[
    ("ETag", "The row's token in quotes; send it back as If-Match or If-None-Match."),
    ("Lentic-Token", "The token of the write, or of the last write per partition, comma-separated."),
    (
        "Lentic-Applied",
        "true: plain reads see the write; false: it is in the log and applying it takes longer.",
    ),
    ("Lentic-Timestamp", "The timestamp of the row's record, in milliseconds since the epoch."),
    (
        "Lentic-Valid-To",
        "Of a row as of a time: when the next version took its place; absent while it is the latest.",
    ),
    (
        "Lentic-Position",
        "How far the answer's partitions are, as inclusive tokens, comma-separated: send it back as \
         Lentic-At-Least to read nothing older. A partition without any record is left out.",
    ),
    (
        "Lentic-Role",
        "active: the answer is the authority's, and is proven to be at that moment; standby: it is a copy's.",
    ),
    ("Lentic-Lag-Records", "Records between the position and the log's end, in sum over the partitions."),
    (
        "Lentic-Staleness-Ms",
        "Milliseconds since the store was last proven current (the greatest of the partitions); absent if never.",
    ),
    ("Lentic-Error", "The code of an error."),
];

/// (name, meaning) of the headers that requests may carry.
pub(crate) const REQUEST_HEADERS: &[(&str, &str)] = &[
    ("Lentic-At-Least", "Tokens, comma-separated: wait until the store contains these writes."),
    (
        "Lentic-Max-Staleness",
        "A time such as 5s or 500ms: the store must have been proven current this recently. Such a read is \
         answered from a table that is still catching up, too.",
    ),
    (
        "Lentic-Consistency",
        "active: a standby's answer is none; 503 no_active while no node is proven to be the active one.",
    ),
    ("Lentic-Timeout", "A time such as 5s or 500ms: the longest that the request may take."),
];
