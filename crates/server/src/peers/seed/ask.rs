//! Asks other nodes for rows.
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::http::{HeaderMap, Method, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use lentic::{Block, Holder, SeedHead, SeedQuestion, SeedStream, Seeds};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::runtime::Handle;

use super::frame::{self, Frame};
use super::{Asked, SEED_PATH};
use crate::http::{Deadline, read_body};
use crate::peers::{Failed, Message};
use crate::state::State;

/// How long an answer may take to begin.
const BEGINS: Duration = Duration::from_secs(5);

/// How long nothing may come; the giver may be told to be slow.
const SILENCE: Duration = Duration::from_secs(30);

/// Bytes of a refusal that are read.
const REFUSAL: usize = 64 * 1024;

/// The way to other nodes' rows, over this node's connections.
pub(crate) struct SeedsOverHttp {
    /// The node knows this, and the state knows the node.
    state: Weak<State>,
    runtime: Handle,
}

impl SeedsOverHttp {
    /// Must be called within a tokio runtime.
    pub(crate) fn new(state: &Arc<State>) -> Self {
        Self { state: Arc::downgrade(state), runtime: Handle::current() }
    }
}

impl Seeds for SeedsOverHttp {
    fn ask(&self, holder: &Holder, question: &SeedQuestion) -> Result<Box<dyn SeedStream>, String> {
        let state = self.state.upgrade().ok_or("the server has stopped")?;
        self.runtime.block_on(ask(&state, self.runtime.clone(), holder, question))
    }
}

async fn ask(
    state: &State,
    runtime: Handle,
    holder: &Holder,
    question: &SeedQuestion,
) -> Result<Box<dyn SeedStream>, String> {
    let body = serde_json::to_vec(&Asked::of(question)).map_err(|error| error.to_string())?;
    let target = format!("{SEED_PATH}{}", utf8_percent_encode(&question.table, NON_ALPHANUMERIC));
    let headers = HeaderMap::new();
    let message = Message {
        peer: &holder.peer,
        method: Method::POST,
        target: &target,
        headers: &headers,
        body: Bytes::from(body),
    };
    let deadline = Deadline::after(BEGINS, false);
    let response = match state.peers.seed(message, deadline).await {
        Ok(response) => response,
        Err(Failed::NotSent(reason) | Failed::Broken(reason)) => return Err(reason),
        Err(Failed::Late) => return Err("no answer".to_owned()),
    };
    let status = response.status();
    let body = response.into_body();
    if status != StatusCode::OK {
        let text = read_body(axum::body::Body::new(body), REFUSAL, "a refusal", deadline).await;
        let text = text.map(|text| String::from_utf8_lossy(&text).trim().to_owned()).unwrap_or_default();
        return Err(format!("{status}: {text}"));
    }
    let mut frames = Frames { body, bytes: BytesMut::new() };
    match frames.next().await? {
        Some(Frame::Head(head)) => Ok(Box::new(Answer { head, frames, runtime })),
        _ => Err("the answer has no head".to_owned()),
    }
}

/// The frames as they come in.
struct Frames {
    body: Incoming,
    bytes: BytesMut,
}

impl Frames {
    /// `None`: nothing more comes.
    async fn next(&mut self) -> Result<Option<Frame>, String> {
        loop {
            if let Some(frame) = frame::take(&mut self.bytes)? {
                return Ok(Some(frame));
            }
            let more = tokio::time::timeout(SILENCE, self.body.frame()).await;
            match more.map_err(|_| "nothing comes any more".to_owned())? {
                None => return Ok(None),
                Some(Ok(part)) => {
                    if let Ok(data) = part.into_data() {
                        self.bytes.extend_from_slice(&data);
                    }
                }
                Some(Err(error)) => return Err(error.to_string()),
            }
        }
    }
}

struct Answer {
    head: SeedHead,
    frames: Frames,
    runtime: Handle,
}

impl SeedStream for Answer {
    fn head(&self) -> &SeedHead {
        &self.head
    }

    fn next(&mut self) -> Result<Option<Block>, String> {
        match self.runtime.block_on(self.frames.next())? {
            Some(Frame::Rows(rows)) => Ok(Some(Block::new(rows))),
            Some(Frame::End) => Ok(None),
            Some(Frame::Head(_)) => Err("a second head".to_owned()),
            None => Err("the answer was cut off".to_owned()),
        }
    }
}
