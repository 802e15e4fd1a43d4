//! Where rows go out, from the thread that makes them to a client that may be slow.
use std::io;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use crate::http::Body;
use crate::state::State;

/// Parts on their way.
const PARTS: usize = 64;
/// So many bytes are put together before they are sent.
pub(super) const PART_BYTES: usize = 32 * 1024;

/// The end where rows go in. Blocks where the client takes nothing.
pub(crate) struct Outlet(mpsc::Sender<Bytes>);

/// The end where they come out.
pub(crate) struct Parts {
    receiver: mpsc::Receiver<Bytes>,
    /// It came out already.
    first: Option<Bytes>,
}

impl Outlet {
    /// Both ends.
    pub(crate) fn new() -> (Self, Parts) {
        Self::of(PARTS)
    }

    /// Both ends, with so many parts on their way at most.
    pub(super) fn of(parts: usize) -> (Self, Parts) {
        let (sender, receiver) = mpsc::channel(parts);
        (Self(sender), Parts { receiver, first: None })
    }

    /// Sends a part; false: nobody takes it any more. Blocks.
    pub(crate) fn send(&self, part: impl Into<Bytes>) -> bool {
        self.0.blocking_send(part.into()).is_ok()
    }

    /// The same without blocking.
    pub(super) async fn pass(&self, part: impl Into<Bytes>) -> bool {
        self.0.send(part.into()).await.is_ok()
    }

    /// Whether nobody takes anything any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

impl Parts {
    /// Waits until there is a part; false: none comes.
    pub(super) async fn begun(&mut self) -> bool {
        if self.first.is_none() {
            self.first = self.receiver.recv().await;
        }
        self.first.is_some()
    }

    /// Whether nothing waits to be taken.
    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none() && self.receiver.is_empty()
    }

    /// The next bytes, as much as there is; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        let first = match self.first.take() {
            Some(first) => first,
            None => self.receiver.recv().await?,
        };
        let Ok(second) = self.receiver.try_recv() else { return Some(first) };
        let mut together = BytesMut::from(first);
        together.extend_from_slice(&second);
        while together.len() < PART_BYTES
            && let Ok(more) = self.receiver.try_recv()
        {
            together.extend_from_slice(&more);
        }
        Some(together.freeze())
    }

    /// As a body, which ends when the server stops. `held` is dropped with it. A line's end goes out where there is nothing else
    /// for as long as the server's heartbeat: that keeps the connection, and tells when the client has gone.
    pub(crate) fn into_body<T: Send + 'static>(self, state: &State, held: T) -> Body {
        let (pause, stopping) = (state.options.heartbeat, state.stopping());
        let stream = futures_util::stream::unfold(
            (self, stopping, held),
            move |(mut parts, mut stopping, held)| async move {
                let part = tokio::select! {
                    part = tokio::time::timeout(pause, parts.next()) => match part {
                        Ok(part) => part?,
                        Err(_) => Bytes::from_static(b"\n"),
                    },
                    _ = stopping.changed() => return None,
                };
                Some((Ok::<_, io::Error>(part), (parts, stopping, held)))
            },
        );
        Body::Stream(axum::body::Body::from_stream(stream))
    }
}
