//! Where the events of a watch go out, to a reader who may be slow.
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use lentic::EventId;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::sse;
use crate::connection::Connection;
use crate::error::Error;
use crate::state::{Slot, State};

/// Bytes that are put into words at a time.
pub(super) const PART_BYTES: usize = 64 * 1024;

/// Parts on their way to the socket.
const PARTS: usize = 2;

/// The way to one reader.
pub(super) struct Outlet {
    pub(super) state: Arc<State>,
    parts: mpsc::Sender<Result<Bytes, io::Error>>,
    /// That is cut where the reader takes nothing; `None`: it is shared with others.
    connection: Option<Arc<Connection>>,
    /// `None`: the watch is counted where the client came in.
    _slot: Option<Slot>,
}

/// Why a watch ends.
pub(super) enum End {
    /// The reader closed the connection.
    Left,
    /// The reader takes nothing.
    Stalled,
    /// Partitions are no longer here, after this place: others go on. `None`: a snapshot was under way.
    Moved(Option<EventId>),
    /// The reader is told why.
    Error(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Outlet {
    /// And what is sent there; dropping that ends the watch.
    pub(super) fn new(
        state: Arc<State>,
        connection: Option<Arc<Connection>>,
        slot: Option<Slot>,
    ) -> (Self, impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static) {
        let (parts, stream) = mpsc::channel(PARTS);
        let stream =
            futures_util::stream::unfold(stream, |mut stream| async { Some((stream.recv().await?, stream)) });
        (Self { state, parts, connection, _slot: slot }, stream)
    }

    /// Waits until the reader has place for more.
    pub(super) async fn send(&self, part: Vec<u8>) -> Result<(), End> {
        let until = Instant::now() + self.state.options.stall;
        match timeout_at(until, self.parts.send(Ok(Bytes::from(part)))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Left),
            Err(_) => Err(End::Stalled),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.parts.is_closed()
    }

    /// Resolves when the reader has left.
    pub(super) async fn closed(&self) {
        self.parts.closed().await;
    }

    /// Tells why it is over.
    pub(super) async fn end(self, end: End, table: &str) {
        let stalled = match end {
            End::Stalled => true,
            End::Left | End::Moved(_) => false,
            End::Error(error) => {
                tracing::debug!(table, %error, "a watch ended");
                let mut out = Vec::new();
                sse::error(&error, &mut out);
                matches!(self.send(out).await, Err(End::Stalled))
            }
        };
        if stalled && let Some(connection) = &self.connection {
            tracing::debug!(table, "the reader of a watch takes nothing: cut off");
            connection.cut();
        }
    }
}
