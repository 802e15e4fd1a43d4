//! From an open watch to the bytes of its stream: polls where blocking is fine, waits without a thread.
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lentic::{EventId, ReadError, Watch, WatchEvent};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::sse;
use crate::catalog::Entry;
use crate::connection::Connection;
use crate::document::RowWriter;
use crate::error::{Code, Error, Result};
use crate::state::{Slot, State};

/// Bytes that are put into words at a time.
const PART_BYTES: usize = 64 * 1024;
/// Events that are asked of the watch at a time.
const POLLED_EVENTS: usize = 256;
/// How long the log may be read for a part while nothing in it is for the reader.
const PART_TIME: Duration = Duration::from_secs(1);
/// Parts between the feed and the socket.
const PARTS: usize = 2;

pub(super) struct Feed {
    state: Arc<State>,
    entry: Arc<Entry>,
    parts: mpsc::Sender<Result<Bytes, io::Error>>,
    connection: Option<Arc<Connection>>,
    _slot: Slot,
}

/// The watch and where it stands: moves to a thread and back.
struct Place {
    watch: Blocking<Watch>,
    /// The place after the last event told; none before the end of a snapshot.
    id: Option<EventId>,
    events: Vec<WatchEvent>,
}

impl Feed {
    /// Starts to feed; dropping the stream ends it.
    pub(super) fn start(
        state: Arc<State>,
        entry: Arc<Entry>,
        mut watch: Watch,
        slot: Slot,
        connection: Option<Arc<Connection>>,
    ) -> impl futures_util::Stream<Item = Result<Bytes, io::Error>> + Send + 'static {
        let (parts, stream) = mpsc::channel(PARTS);
        let feed = Self { state, entry, parts, connection, _slot: slot };
        let id = (!watch.in_snapshot()).then(|| watch.id());
        let place = Place { watch: Blocking(Some(watch)), id, events: Vec::new() };
        tokio::spawn(feed.run(place));
        futures_util::stream::unfold(stream, |mut stream| async { Some((stream.recv().await?, stream)) })
    }

    async fn run(self, place: Place) {
        let Err(end) = self.feed(place).await else { return };
        let stalled = match end {
            End::Stalled => true,
            End::Left => false,
            End::Error(error) => {
                tracing::debug!(table = %self.entry.name, %error, "a watch ended");
                let mut out = Vec::new();
                sse::error(&error, &mut out);
                matches!(self.send(out).await, Err(End::Stalled))
            }
        };
        if stalled && let Some(connection) = &self.connection {
            tracing::debug!(table = %self.entry.name, "the reader of a watch takes nothing: cut off");
            connection.cut();
        }
    }

    /// Until something ends the watch.
    async fn feed(&self, mut place: Place) -> Result<(), End> {
        let mut stopping = self.state.stopping();
        let mut told_at = Instant::now();
        loop {
            if *stopping.borrow() {
                return Err(Error::plain(Code::Stopping).into());
            }
            if self.parts.is_closed() {
                return Err(End::Left);
            }
            let (mut told, more);
            (place, told, more) = self.poll(place).await?;
            let beat = told_at + self.state.options.heartbeat;
            if told.is_empty() && Instant::now() >= beat {
                sse::heartbeat(place.id.as_ref(), &mut told);
            }
            if !told.is_empty() {
                self.send(told).await?;
                told_at = Instant::now();
            }
            if more {
                continue;
            }
            let (wake, mut woken) = oneshot::channel();
            place.watch.when_ready(Box::new(move || {
                let _ = wake.send(());
            }));
            loop {
                let beat = told_at + self.state.options.heartbeat;
                tokio::select! {
                    // Also where the watch ended: the next poll says why.
                    _ = &mut woken => break,
                    () = self.parts.closed() => return Err(End::Left),
                    _ = stopping.changed() => return Err(Error::plain(Code::Stopping).into()),
                    () = tokio::time::sleep_until(beat) => {
                        let mut out = Vec::new();
                        place.refresh_id();
                        sse::heartbeat(place.id.as_ref(), &mut out);
                        self.send(out).await?;
                        told_at = Instant::now();
                    }
                }
            }
        }
    }

    /// Puts what there is into words, up to a part.
    async fn poll(&self, mut place: Place) -> Result<(Place, Vec<u8>, bool)> {
        let entry = Arc::clone(&self.entry);
        let patience = crate::http::Deadline::after(self.state.options.stall, false);
        let part_time = PART_TIME.min(self.state.options.heartbeat);
        self.state
            .block(patience, move || {
                let mut out = Vec::new();
                let mut more = true;
                let until = Instant::now() + part_time;
                while more && out.len() < PART_BYTES && Instant::now() < until {
                    more = place.poll(&entry, &mut out)?;
                }
                Ok((place, out, more))
            })
            .await?
    }

    async fn send(&self, part: Vec<u8>) -> Result<(), End> {
        let until = Instant::now() + self.state.options.stall;
        match timeout_at(until, self.parts.send(Ok(Bytes::from(part)))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Left),
            Err(_) => Err(End::Stalled),
        }
    }
}

/// Why a watch ends.
enum End {
    /// The reader closed the connection.
    Left,
    /// The reader takes nothing.
    Stalled,
    /// The reader is told why.
    Error(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Something whose end may block: that is left to a thread for it.
struct Blocking<T: Send + 'static>(Option<T>);

impl<T: Send> Deref for Blocking<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl<T: Send> DerefMut for Blocking<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("it is there until it is dropped")
    }
}

impl<T: Send> Drop for Blocking<T> {
    fn drop(&mut self) {
        let inner = self.0.take();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(move || drop(inner));
        }
    }
}

impl Place {
    fn poll(&mut self, entry: &Entry, out: &mut Vec<u8>) -> Result<bool> {
        let more = self.watch.poll(POLLED_EVENTS, &mut self.events).map_err(|error| match error {
            ReadError::TooMany(limit) => {
                Error::new(Code::Overloaded, format!("the reader is too slow: {limit} is reached"))
                    .hint("Watch again with Last-Event-ID, read faster, or raise the limit.")
            }
            error => error.into(),
        })?;
        let rows = RowWriter::new(entry);
        for event in self.events.drain(..) {
            match &event {
                WatchEvent::Put { snapshot: true, .. } => {}
                WatchEvent::Put { partition, offset, .. } | WatchEvent::Delete { partition, offset, .. } => {
                    if let Some(id) = &mut self.id {
                        id.advance(*partition, offset.next());
                    }
                }
                WatchEvent::SnapshotEnd => self.id = Some(self.watch.id()),
                WatchEvent::Reset(_) => self.id = None,
            }
            sse::change(&event, self.id.as_ref(), &rows, out);
        }
        self.refresh_id();
        Ok(more)
    }

    /// Takes in what the filter passed over.
    fn refresh_id(&mut self) {
        if self.id.is_some() && !self.watch.in_snapshot() {
            self.id = Some(self.watch.id());
        }
    }
}
