//! `POST /inserts-stream`: rows in, a line each, and what became of each of them out.
mod input;
mod row;

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{StatusCode, Version};
use bytes::Bytes;
use futures_util::stream;
use lentic::types::{Timestamp, TopicName};
use lentic::{NewRecord, Node};
use lentic_ksql_api::{ErrorBody, ErrorCode, InsertAck, InsertsStreamArgs, MediaType, Request as _};

use super::Rights;
use super::answer::failed;
use super::statement::session;
use crate::call::Call;
use crate::error::Result;
use crate::http::{Body, Deadline, Response};
use crate::security::Access;
use crate::state::State;

use input::{Input, Line};
use row::Target;

/// Rows that are written together.
const TOGETHER: usize = 500;
/// How long the log's acknowledgements are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// `POST /inserts-stream`
pub(crate) async fn inserts_stream(mut call: Call) -> Result<Response> {
    let offered = [MediaType::Delimited, MediaType::Json];
    let accept = call.accept()?.map(std::borrow::Cow::into_owned);
    let Some(media) = MediaType::negotiate(accept.as_deref(), &offered) else {
        let message = "Acknowledgements are lines, or an array of JSON.";
        return Ok(failed(&ErrorBody::new(ErrorCode(40_600), message)));
    };
    Ok(match begun(&mut call).await {
        Ok((target, input)) => {
            let state = Rows { call, target, input, media, next: 0, written: 0, is_over: false };
            let body = stream::unfold(state, |mut rows| async move {
                let part = rows.part().await?;
                Some((Ok::<_, std::io::Error>(part), rows))
            });
            let mut response = Response::new(Body::Stream(axum::body::Body::from_stream(body)));
            *response.status_mut() = StatusCode::OK;
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media.as_str()));
            response
        }
        Err(error) => failed(&error),
    })
}

/// Reads the first line: where the rows go.
async fn begun(call: &mut Call) -> Result<(Target, Input), ErrorBody> {
    if call.version < Version::HTTP_2 {
        let message = "This endpoint is only available when using HTTP2";
        return Err(ErrorBody::new(ErrorCode::HTTP2_ONLY, message));
    }
    let ksql = super::of(call)?;
    let mut input = Input::new(call.stream(), call.state.config().max_line_bytes);
    let Some(Line::Text(line)) = input.next().await? else {
        return Err(ErrorBody::new(ErrorCode::BAD_REQUEST, "No target in arguments"));
    };
    let args = InsertsStreamArgs::from_json(&line)?;
    let session = session(&ksql, &args.properties, &[].into())?;
    let target = Target::find(&ksql, &session, &args.target)?;
    Rights::of(call).may(Access::Write, target.name())?;
    Ok((target, input))
}

/// Rows on their way into the log.
struct Rows {
    call: Call,
    target: Target,
    input: Input,
    media: MediaType,
    /// The place of the next row.
    next: u64,
    /// Acknowledgements so far.
    written: u64,
    is_over: bool,
}

impl Rows {
    /// The acknowledgements of the rows that came together; none at the end.
    async fn part(&mut self) -> Option<Bytes> {
        if self.is_over {
            return None;
        }
        let (mut rows, mut acks) = (Vec::new(), Vec::new());
        let mut end = None;
        loop {
            match self.input.next_ready(rows.is_empty()).await {
                Ok(Some(Line::Text(line))) => {
                    let seq = self.next;
                    self.next += 1;
                    match self.target.record(&line, self.call.state.node.now_ms()) {
                        Ok(record) => rows.push((seq, record)),
                        // What is no JSON ends it: what follows may be anything.
                        Err(error) if error.message == row::NO_JSON => {
                            end = Some(InsertAck::error(seq, &error));
                            break;
                        }
                        Err(error) => acks.push(InsertAck::error(seq, &error)),
                    }
                }
                Ok(Some(Line::Later)) => break,
                Ok(None) => {
                    self.is_over = true;
                    break;
                }
                Err(error) => {
                    end = Some(InsertAck::error(self.next, &error));
                    break;
                }
            }
            if rows.len() >= TOGETHER {
                break;
            }
        }
        acks.extend(write(Arc::clone(&self.call.state), rows).await);
        if let Some(end) = end {
            acks.push(end);
            self.is_over = true;
        }
        Some(self.text(&acks))
    }

    fn text(&mut self, acks: &[InsertAck]) -> Bytes {
        let mut out = Vec::new();
        for ack in acks {
            match (self.media, self.written) {
                (MediaType::Json, 0) => out.push(b'['),
                (MediaType::Json, _) => out.push(b','),
                _ => {}
            }
            ack.append_to(&mut out);
            if self.media != MediaType::Json {
                out.push(b'\n');
            }
            self.written += 1;
        }
        if self.is_over && self.media == MediaType::Json {
            out.extend_from_slice(if self.written == 0 { b"[]" } else { b"]" });
        }
        out.into()
    }
}

/// Writes records together.
async fn write(state: Arc<State>, rows: Vec<(u64, NewRecord)>) -> Vec<InsertAck> {
    if rows.is_empty() {
        return Vec::new();
    }
    let (places, records): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let node: Node = state.node.clone();
    let write = move || node.topics().produce_all(records, PATIENCE);
    match state.block_write(Deadline::after(PATIENCE, true), write).await {
        Ok(outcomes) => {
            let ack = |(seq, outcome): (u64, lentic::log::Result<lentic::Produced>)| match outcome {
                Ok(_) => InsertAck::Ok { seq },
                Err(error) => {
                    InsertAck::error(seq, &ErrorBody::new(ErrorCode::SERVER_ERROR, error.to_string()))
                }
            };
            places.into_iter().zip(outcomes).map(ack).collect()
        }
        Err(error) => {
            places.into_iter().map(|seq| InsertAck::error(seq, &super::error_body(&error))).collect()
        }
    }
}

/// A record with what the node adds.
fn new_record(topic: &TopicName, key: Option<Vec<u8>>, value: Option<Vec<u8>>, at: i64) -> NewRecord {
    NewRecord {
        topic: topic.clone(),
        partition: None,
        key: key.map(Into::into),
        value: value.map(Into::into),
        timestamp: Timestamp(at),
        headers: Vec::new(),
    }
}
