//! How a table's changes are held back.
use std::marker::PhantomData;
use std::time::Duration;

use crate::codec::WindowedKeyOf;
use crate::data::{Session, Windowed};
use crate::spec::{Buffer, BufferFull};
use crate::untyped::Until;

/// Until when, and how much, is held back; for tables with the key `K`.
pub struct Suppressed<K> {
    pub(super) name: Option<String>,
    pub(super) buffer: Buffer,
    pub(super) until: Until,
    _type: PhantomData<fn() -> K>,
}

impl<K: Clone + Send + Sync + 'static> Suppressed<Windowed<K>> {
    /// One result for each window, when it is closed. What is held is not limited unless that is asked for.
    pub fn until_window_closes() -> Self {
        Self::new(Until::WindowCloses(WindowedKeyOf::time::<K>()))
    }
}

impl<K: Clone + Send + Sync + 'static> Suppressed<Session<K>> {
    /// One result for each session, when it is closed. What is held is not limited unless that is asked for.
    pub fn until_session_closes() -> Self {
        Self::new(Until::WindowCloses(WindowedKeyOf::session::<K>()))
    }
}

impl<K> Suppressed<K> {
    /// At most one result for each key in this much stream time.
    pub fn until_time_limit(limit: Duration) -> Self {
        Self::new(Until::TimeLimit(limit))
    }

    /// At most this many records are held back.
    #[must_use]
    pub fn max_records(mut self, records: usize) -> Self {
        self.buffer.max_records = Some(records);
        self
    }

    /// At most this many bytes are held back.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.buffer.max_bytes = Some(bytes);
        self
    }

    /// Where more would be held back the oldest go on early; not with windows, of which only one result is promised.
    #[must_use]
    pub fn emit_early_when_full(mut self) -> Self {
        self.buffer.when_full = BufferFull::EmitEarly;
        self
    }

    /// Where more would be held back the task stops.
    #[must_use]
    pub fn shut_down_when_full(mut self) -> Self {
        self.buffer.when_full = BufferFull::ShutDown;
        self
    }

    /// Names the store of what is held back.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    fn new(until: Until) -> Self {
        let when_full = match until {
            Until::TimeLimit(_) => BufferFull::EmitEarly,
            Until::WindowCloses(_) => BufferFull::ShutDown,
        };
        let buffer = Buffer { when_full, ..Buffer::unbounded() };
        Self { name: None, buffer, until, _type: PhantomData }
    }
}
