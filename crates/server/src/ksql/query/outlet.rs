//! Where rows go out, from the thread that makes them to a client that may be slow.
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use tokio::sync::mpsc;

/// Parts on their way.
const PARTS: usize = 64;
/// So many bytes are put together before they are sent.
const PART_BYTES: usize = 32 * 1024;

/// The end where rows go in. Blocks where the client takes nothing.
pub(crate) struct Outlet(mpsc::Sender<Bytes>);

/// The end where they come out.
pub(crate) struct Parts(mpsc::Receiver<Bytes>);

impl Outlet {
    /// Both ends.
    pub(crate) fn new() -> (Self, Parts) {
        let (sender, receiver) = mpsc::channel(PARTS);
        (Self(sender), Parts(receiver))
    }

    /// Sends a part; false: nobody takes it any more. Blocks.
    pub(crate) fn send(&self, part: impl Into<Bytes>) -> bool {
        self.0.blocking_send(part.into()).is_ok()
    }

    /// Whether nobody takes anything any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

impl Parts {
    /// The next bytes, as much as there is; none at the end.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        let first = self.0.recv().await?;
        let Ok(second) = self.0.try_recv() else { return Some(first) };
        let mut together = BytesMut::from(first);
        together.extend_from_slice(&second);
        while together.len() < PART_BYTES
            && let Ok(more) = self.0.try_recv()
        {
            together.extend_from_slice(&more);
        }
        Some(together.freeze())
    }

    /// A single message, as it was sent.
    pub(crate) async fn next_message(&mut self) -> Option<Bytes> {
        self.0.recv().await
    }

    /// As a body. `held` is dropped with it. A line's end goes out where there is nothing else for as long as `pause`: that
    /// keeps the connection, and tells when the client has gone.
    pub(crate) fn into_stream<T: Send + 'static>(
        self,
        pause: Duration,
        held: T,
    ) -> impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static {
        futures_util::stream::unfold((self, held), move |(mut parts, held)| async move {
            let part = match tokio::time::timeout(pause, parts.next()).await {
                Ok(part) => part?,
                Err(_) => Bytes::from_static(b"\n"),
            };
            Some((Ok(part), (parts, held)))
        })
    }
}
