//! `GET rows`: a range of rows in key order, by pages or as a stream of lines.
use std::ops::ControlFlow;
use std::sync::Arc;

use axum::http::header::{CONTENT_TYPE, HeaderMap};
use bytes::Bytes;
use futures_util::stream;
use lentic::types::PartitionId;
use lentic::{KeyBounds, Order, Scan, Scope};

use super::batch::push_json;
use super::bounds::bounds;
use super::cursor::Parameters;
use super::{KeyEncoding, freshness_headers};
use crate::api;
use crate::call::{Call, bytes};
use crate::catalog::Entry;
use crate::document::RowWriter;
use crate::error::{Code, Error, Result};
use crate::freshness::{Freshness, admitted};
use crate::http::{APPLICATION_JSON, Body, Deadline, NDJSON, Query, Response, negotiate};
use crate::peers::{self, Answered, Gather, Part, Together, What};

/// Rows of a stream that are read at a time; the reader's speed decides when the next ones are.
const STREAM_ROWS: usize = 10_000;
const STREAM_BYTES: usize = 256 * 1024;

/// A range of rows over all partitions, merged in key order.
///
/// Numbers are ordered numerically, other keys bytewise. Each page is a snapshot of its own and no key repeats;
/// `cursor` is absent at the end and valid across restarts. A page ends early at max_body_bytes. With `Accept:
/// application/x-ndjson` the rows are streamed as the lines that `rows:load` takes.
#[utoipa::path(get, path = "/v1/tables/{table}/rows", tag = "Rows",
    params(
        ("table" = String, Path, description = "The table"),
        ("prefix" = Option<String>, Query, description = "Keys that begin so (bytes, string, json)"),
        ("from" = Option<String>, Query, description = "The first key, inclusive; of windowed tables when the first windows start (ms or RFC 3339)"),
        ("to" = Option<String>, Query, description = "The end, exclusive; of windowed tables a time"),
        ("limit" = Option<u64>, Query, description = "Rows of a page, up to max_page_rows; as a stream: of all"),
        ("order" = Option<String>, Query, description = "asc (default) or desc"),
        ("cursor" = Option<String>, Query, description = "Of the page before"),
        ("key-encoding" = Option<String>, Query, description = "text (default) or base64url: how prefix, from and to are written"),
    ),
    responses((status = 200, description = "A page, or all rows as lines",
        content((api::Page = "application/json"), (String = "application/x-ndjson")))))]
pub(crate) async fn scan(call: Call) -> Result<Response> {
    let query = call.query(&["prefix", "from", "to", "limit", "order", "cursor", KeyEncoding::PARAMETER])?;
    let entry = call.table()?;
    let bounds = bounds(&query, &entry)?;
    answer(call, entry, Request { query, bounds, scope: Scope::All }).await
}

/// A scan that was asked for.
pub(super) struct Request {
    pub(super) query: Query,
    pub(super) bounds: KeyBounds,
    pub(super) scope: Scope,
}

/// Answers with a page or with lines, as the reader wants.
pub(super) async fn answer(call: Call, entry: Arc<Entry>, request: Request) -> Result<Response> {
    let Request { query, mut bounds, scope } = request;
    let lines = match negotiate(call.accept()?.as_deref(), &["application/json", "application/x-ndjson"]) {
        Some(index) => index == 1,
        None => {
            return Err(Error::new(
                Code::NotAcceptable,
                "a scan is answered as application/json or application/x-ndjson",
            ));
        }
    };
    let order = query.choice("order", &[("asc", Order::Ascending), ("desc", Order::Descending)])?;
    let parameters = Parameters::of(&entry.name, &bounds, order);
    bounds.after = query.bytes("cursor").map(|cursor| parameters.last_key(cursor)).transpose()?;
    let limit: Option<usize> = query.parse("limit")?;
    let scan = Scan { bounds, order, scope, until: None };
    if lines {
        return call.on(entry, |entry| stream_lines(&call, entry, scan.clone(), limit)).await;
    }
    let config = call.state.config();
    let (max_rows, max_bytes) = (config.max_page_rows, config.max_body_bytes);
    let limit = limit.unwrap_or(config.default_page_rows);
    if limit == 0 || limit > max_rows {
        return Err(Error::new(
            Code::BadParameter,
            format!("limit is {limit}: use 1 to {max_rows} (max_page_rows)"),
        ));
    }
    let page = Page { limit, max_bytes, shape: Shape::Document, deadline: call.deadline };
    call.on(entry, |entry| document(&call, entry, scan.clone(), page, parameters)).await
}

/// How much of a scan is read where.
async fn read(gather: &Gather, entry: &Arc<Entry>, scan: &Scan, page: Page) -> Result<ReadPage> {
    if scan.scope != Scope::All || peers::is_here(entry) {
        let (table, scan) = (Arc::clone(entry), scan.clone());
        let read = gather.block(page.deadline, move || page.read(&table, &scan)).await??;
        gather.check_role(entry, read.together.role)?;
        return Ok(read);
    }
    let what = |_: &[PartitionId]| What::rows(&scan.bounds, scan.order, page.limit + 1, page.max_bytes);
    let parts = gather.all(entry, &what, page.deadline).await?;
    Ok(page.merge(entry, scan.order, parts))
}

async fn document(
    call: &Call,
    entry: Arc<Entry>,
    scan: Scan,
    page: Page,
    parameters: Parameters,
) -> Result<Response> {
    if let Scope::Partition(partition) = scan.scope
        && let Answered::There(response) = call.read_elsewhere(&entry, partition).await?
    {
        return Ok(response);
    }
    if scan.scope != Scope::All || peers::is_here(&entry) {
        admitted(&entry.table, &scan.scope, &call.demand, call.deadline).await?;
    }
    let read = read(&call.gather(), &entry, &scan, page).await?;
    let Together { positions, freshness, role } = read.together;
    let positions = entry.positions(&positions);
    let mut out = read.text;
    out.push(b']');
    if let Some(last) = read.last {
        out.extend_from_slice(b",\"cursor\":\"");
        out.extend_from_slice(parameters.cursor(&last).as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(b",\"positions\":");
    push_json(&positions, &mut out)?;
    out.extend_from_slice(b"}\n");
    let mut response = bytes(out, APPLICATION_JSON);
    response.headers_mut().extend(freshness_headers(&positions, freshness, role));
    Ok(response)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// The rows of a JSON document, with its beginning.
    Document,
    /// NDJSON.
    Lines,
}

/// How much is read in one snapshot.
#[derive(Clone, Copy)]
struct Page {
    limit: usize,
    max_bytes: usize,
    shape: Shape,
    deadline: Deadline,
}

struct ReadPage {
    text: Vec<u8>,
    rows: usize,
    /// The last key, where there are more rows.
    last: Option<Vec<u8>>,
    together: Together,
}

impl Page {
    /// Blocks.
    fn read(self, entry: &Entry, scan: &Scan) -> Result<ReadPage> {
        let begun = entry.table.begin(&scan.scope);
        let freshness = Freshness::of(&entry.table, &scan.scope);
        let writer = RowWriter::new(entry);
        let mut text = self.begin();
        let (mut rows, mut more) = (0, false);
        let mut last: Vec<u8> = Vec::new();
        let scan = Scan { until: Some(self.deadline.at().into_std()), ..scan.clone() };
        let positions = entry.table.scan(&scan, &mut |row| {
            if rows == self.limit || (rows > 0 && text.len() >= self.max_bytes) {
                more = true;
                return ControlFlow::Break(());
            }
            match self.shape {
                Shape::Lines => writer.line(row.key, row.row.value, &mut text),
                Shape::Document => {
                    if rows > 0 {
                        text.push(b',');
                    }
                    writer.row(row.key, &row.row, &mut text);
                }
            }
            last.clear();
            last.extend_from_slice(row.key);
            rows += 1;
            ControlFlow::Continue(())
        })?;
        let role = entry.table.role_since(&begun);
        Ok(ReadPage {
            text,
            rows,
            last: more.then_some(last),
            together: Together { positions, freshness, role },
        })
    }

    fn begin(self) -> Vec<u8> {
        match self.shape {
            Shape::Document => b"{\"rows\":[".to_vec(),
            Shape::Lines => Vec::with_capacity(STREAM_BYTES + STREAM_BYTES / 4),
        }
    }

    /// The same of what several nodes told.
    fn merge(self, entry: &Entry, order: Order, parts: Vec<Part>) -> ReadPage {
        let together = Together::of(&parts);
        let writer = RowWriter::new(entry);
        let (mut text, mut rows, mut last) = (self.begin(), 0, Bytes::new());
        let more = peers::merge(entry, parts, order, &mut |row| {
            if rows == self.limit || (rows > 0 && text.len() >= self.max_bytes) {
                return false;
            }
            match self.shape {
                Shape::Lines => writer.line(&row.key, &row.value, &mut text),
                Shape::Document => {
                    if rows > 0 {
                        text.push(b',');
                    }
                    writer.put(&row.key, &row.value, row.timestamp, row.partition, row.offset, &mut text);
                }
            }
            last = row.key.clone();
            rows += 1;
            true
        });
        ReadPage { text, rows, last: more.then(|| last.to_vec()), together }
    }
}

/// The state of a stream between two reads.
struct Lines {
    gather: Gather,
    entry: Arc<Entry>,
    scan: Scan,
    /// Rows still to come at most.
    left: usize,
    deadline: Deadline,
    done: bool,
}

impl Lines {
    /// The next part; its last key becomes the start of the part after it.
    async fn read(&mut self) -> Result<ReadPage> {
        let page = Page {
            limit: self.left.min(STREAM_ROWS),
            max_bytes: STREAM_BYTES,
            shape: Shape::Lines,
            deadline: self.deadline.step(),
        };
        let read = read(&self.gather, &self.entry, &self.scan, page).await?;
        self.left -= read.rows;
        self.done = self.left == 0 || read.last.is_none();
        if let Some(last) = &read.last {
            self.scan.bounds.after = Some(last.clone());
        }
        Ok(read)
    }
}

/// The first part is read before the answer begins, so that what fails at once has its status. A stream that breaks
/// off later ends without the end that HTTP gives to a whole body.
async fn stream_lines(call: &Call, entry: Arc<Entry>, scan: Scan, limit: Option<usize>) -> Result<Response> {
    if let Scope::Partition(partition) = scan.scope
        && let Answered::There(response) = call.read_elsewhere(&entry, partition).await?
    {
        return Ok(response);
    }
    if scan.scope != Scope::All || peers::is_here(&entry) {
        admitted(&entry.table, &scan.scope, &call.demand, call.deadline).await?;
    }
    let mut lines = Lines {
        gather: call.gather(),
        entry,
        scan,
        left: limit.unwrap_or(usize::MAX),
        deadline: call.deadline,
        done: limit == Some(0),
    };
    let first = lines.read().await?;
    let Together { positions, freshness, role } = &first.together;
    let mut headers: HeaderMap = freshness_headers(&lines.entry.positions(positions), *freshness, *role);
    headers.insert(CONTENT_TYPE, NDJSON);
    let body = if lines.done {
        Body::from(Bytes::from(first.text))
    } else {
        let parts = stream::unfold((Some(first), lines), |(first, mut lines)| async move {
            if let Some(first) = first {
                return Some((Ok::<_, std::io::Error>(Bytes::from(first.text)), (None, lines)));
            }
            if lines.done {
                return None;
            }
            match lines.read().await {
                Ok(read) => Some((Ok(Bytes::from(read.text)), (None, lines))),
                Err(error) => {
                    tracing::warn!(%error, table = %lines.entry.name, "a stream of rows broke off");
                    lines.done = true;
                    Some((Err(std::io::Error::other(error.to_string())), (None, lines)))
                }
            }
        });
        Body::Stream(axum::body::Body::from_stream(parts))
    };
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    Ok(response)
}
