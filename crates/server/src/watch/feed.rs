//! From an open watch to the bytes of its stream: polls where blocking is fine, waits without a thread.
use std::convert::Infallible;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use lentic::{EventId, ReadError, Watch, WatchEvent};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::merge::Merge;
use super::outlet::{End, Outlet, PART_BYTES};
use super::part::Watched;
use super::sse;
use crate::catalog::Entry;
use crate::document::RowWriter;
use crate::error::{Code, Error, Result};

/// Events that are asked of the watch at a time.
const POLLED_EVENTS: usize = 256;
/// How long the log may be read for a part while nothing in it is for the reader.
const PART_TIME: Duration = Duration::from_secs(1);

/// Tells a reader of a watch of what is here.
pub(super) struct Feed {
    pub(super) entry: Arc<Entry>,
    pub(super) outlet: Outlet,
    /// Goes on elsewhere when partitions leave this node; `None`: the watch ends then.
    pub(super) heir: Option<Arc<Watched>>,
    /// Whether it begins with the id of the place where it begins.
    pub(super) greets: bool,
}

/// The watch and where it stands: moves to a thread and back.
struct Place {
    watch: Blocking<Watch>,
    /// The place after the last event told; none before the end of a snapshot.
    id: Option<EventId>,
    events: Vec<WatchEvent>,
}

impl Feed {
    /// Until the reader leaves, or something ends the watch.
    pub(super) async fn run(self, mut watch: Watch) {
        let id = (!watch.in_snapshot()).then(|| watch.id());
        let place = Place { watch: Blocking(Some(watch)), id, events: Vec::new() };
        let Err(end) = self.feed(place).await;
        match (end, self.heir) {
            (End::Moved(id), Some(heir)) => Merge::inherit(heir, id).run(self.outlet).await,
            (end, _) => self.outlet.end(end, self.entry.name.as_str()).await,
        }
    }

    async fn feed(&self, mut place: Place) -> Result<Infallible, End> {
        let state = &self.outlet.state;
        let mut stopping = state.stopping();
        let mut told_at = Instant::now();
        if self.greets && place.id.is_some() {
            let mut out = Vec::new();
            sse::heartbeat(place.id.as_ref(), &mut out);
            self.outlet.send(out).await?;
        }
        loop {
            if *stopping.borrow() {
                return Err(Error::plain(Code::Stopping).into());
            }
            if self.outlet.is_closed() {
                return Err(End::Left);
            }
            let (mut told, more);
            (place, told, more) = self.poll(place).await?;
            let beat = told_at + state.options.heartbeat;
            if told.is_empty() && Instant::now() >= beat {
                sse::heartbeat(place.id.as_ref(), &mut told);
            }
            if !told.is_empty() {
                self.outlet.send(told).await?;
                told_at = Instant::now();
            }
            match more {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) if self.has_moved(&error) => return Err(End::Moved(place.id.clone())),
                Err(error) => return Err(error.into()),
            }
            let (wake, mut woken) = oneshot::channel();
            place.watch.when_ready(Box::new(move || {
                let _ = wake.send(());
            }));
            loop {
                let beat = told_at + state.options.heartbeat;
                tokio::select! {
                    // Also where the watch ended: the next poll says why.
                    _ = &mut woken => break,
                    () = self.outlet.closed() => return Err(End::Left),
                    _ = stopping.changed() => return Err(Error::plain(Code::Stopping).into()),
                    () = tokio::time::sleep_until(beat) => {
                        let mut out = Vec::new();
                        place.refresh_id();
                        sse::heartbeat(place.id.as_ref(), &mut out);
                        self.outlet.send(out).await?;
                        told_at = Instant::now();
                    }
                }
            }
        }
    }

    /// Puts what there is into words, up to a part; beside it, whether there is more.
    async fn poll(&self, mut place: Place) -> Result<(Place, Vec<u8>, Result<bool>)> {
        let entry = Arc::clone(&self.entry);
        let options = &self.outlet.state.options;
        let patience = crate::http::Deadline::after(options.stall, false);
        let part_time = PART_TIME.min(options.heartbeat);
        let poll = move || {
            let mut out = Vec::new();
            let mut more = Ok(true);
            let until = Instant::now() + part_time;
            while matches!(more, Ok(true)) && out.len() < PART_BYTES && Instant::now() < until {
                more = place.poll(&entry, &mut out);
            }
            (place, out, more)
        };
        self.outlet.state.block(patience, poll).await
    }

    /// Whether the watch ended because partitions have left this node.
    fn has_moved(&self, error: &Error) -> bool {
        let has_left = matches!(error.code(), Code::TableNotFound | Code::PartitionNotKept);
        self.heir.is_some() && has_left && !self.entry.table.is_closed()
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
