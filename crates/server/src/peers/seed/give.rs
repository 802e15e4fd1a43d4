//! Answers a node that wants rows.
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::header::{CONTENT_TYPE, HeaderValue};
use bytes::Bytes;
use lentic::{Seed, SeedError};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::{Asked, frame};
use crate::call::{Call, from_json};
use crate::error::{Code, Error, Result};
use crate::http::{Body, Response};
use crate::state::State;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/x-lentic-seed");

/// Frames on their way to the socket.
const FRAMES: usize = 4;

/// A node that takes nothing for so long is gone: the moment of the store is not held for it.
const STALL: Duration = Duration::from_secs(30);

/// Answers with all rows of a partition.
pub(crate) async fn give(mut call: Call) -> Result<Response> {
    let asked: Asked = {
        let body = call.body("max_body_bytes", usize::MAX).await?;
        from_json(&body)?
    };
    let bad = || Error::new(Code::BadRequest, "the topic's id has another length");
    let question = asked.question(call.name()).ok_or_else(bad)?;
    let node = call.state.node.clone();
    let seed = call.state.block(call.deadline, move || node.seed(&question)).await?.map_err(refused)?;
    let (frames, stream) = mpsc::channel(FRAMES);
    let state = Arc::clone(&call.state);
    tokio::task::spawn_blocking(move || pour(&state, &seed, &frames));
    let stream =
        futures_util::stream::unfold(stream, |mut stream| async { Some((stream.recv().await?, stream)) });
    let mut response = Response::new(Body::Stream(axum::body::Body::from_stream(stream)));
    response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
    Ok(response)
}

fn refused(error: SeedError) -> Error {
    match error {
        SeedError::NotHere | SeedError::Other => Error::new(Code::PartitionNotKept, error.to_string()),
        SeedError::Store(error) => Error::new(Code::Internal, error.to_string()),
    }
}

/// Blocks until everything is told or nobody takes it.
fn pour(state: &State, seed: &Seed, frames: &mpsc::Sender<std::result::Result<Bytes, io::Error>>) {
    let runtime = Handle::current();
    let send = |frame: Bytes| {
        let sending = async { tokio::time::timeout(STALL, frames.send(Ok(frame))).await };
        if matches!(runtime.block_on(sending), Ok(Ok(()))) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    if send(frame::head(seed.head())).is_break() {
        return;
    }
    let mut is_taken = true;
    let read = seed.read(|rows| {
        let frame = frame::rows(&rows);
        std::thread::sleep(state.seeds.delay(frame.len(), Instant::now()));
        let sent = send(frame);
        is_taken = sent.is_continue();
        sent
    });
    match read {
        Ok(()) if is_taken => drop(send(frame::end())),
        Ok(()) => tracing::debug!("a node that asked for rows has gone"),
        // Without the last frame the answer counts as broken off.
        Err(error) => tracing::warn!("rows can't be given to another node: {error}"),
    }
}
