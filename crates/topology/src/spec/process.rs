//! The user's own operators.
use std::fmt;
use std::sync::Arc;

use lentic_types::Timestamp;

use super::source::Origin;
use super::{Name, StoreIndex};
use crate::{Payload, Record};

/// Why a record could not be processed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessError(pub String);

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ProcessError {}

impl From<String> for ProcessError {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Which clock a schedule goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The task's stream time: fires as soon as it is known, at multiples of the interval.
    StreamTime,
    /// The wall clock: fires first after one interval. Missed intervals are not made up for.
    WallClock,
}

/// A schedule's number within its processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scheduled(pub u32);

/// What an operator may do while it runs.
pub trait Host {
    /// Passes a record on: to all who follow, or to the one of this number.
    fn forward(&mut self, output: Option<usize>, record: Record) -> Result<(), ProcessError>;
    /// A row of one of the operator's stores: value and timestamp.
    fn get(&mut self, store: usize, key: &Payload) -> Result<Option<(Payload, Timestamp)>, ProcessError>;
    /// Writes a row, or with `None` deletes it.
    fn put(
        &mut self,
        store: usize,
        key: &Payload,
        value: Option<&Payload>,
        timestamp: Timestamp,
    ) -> Result<(), ProcessError>;
    /// All rows between two keys (inclusive), in key order; `visit` returns whether to go on.
    fn scan(
        &mut self,
        store: usize,
        from: Option<&Payload>,
        to: Option<&Payload>,
        visit: &mut dyn FnMut(Payload, Payload, Timestamp) -> bool,
    ) -> Result<(), ProcessError>;
    /// A row of a window store.
    fn get_window(
        &mut self,
        store: usize,
        key: &Payload,
        start: i64,
    ) -> Result<Option<(Payload, Timestamp)>, ProcessError>;
    /// Writes a window, or with `None` deletes it.
    fn put_window(
        &mut self,
        store: usize,
        key: &Payload,
        start: i64,
        value: Option<&Payload>,
        timestamp: Timestamp,
    ) -> Result<(), ProcessError>;
    /// Calls [`Process::punctuate`] every `interval_ms`.
    fn schedule(&mut self, interval_ms: i64, clock: Clock) -> Scheduled;
    /// Ends a schedule.
    fn cancel(&mut self, scheduled: Scheduled);
    /// The task's stream time, -1 before the first record.
    fn stream_time(&self) -> Timestamp;
    /// The wall clock.
    fn now(&self) -> Timestamp;
    /// Where the record being processed was read; `None` in a punctuation.
    fn origin(&self) -> Option<Origin>;
    /// Commits as soon as this record is through.
    fn request_commit(&mut self);
}

/// A store as the DSL's context shows it; see [`Host`].
pub struct StoreView<'a> {
    /// What runs it.
    pub host: &'a mut dyn Host,
    /// Which of the operator's stores.
    pub store: usize,
}

/// A user's operator at work, without its types.
pub trait Process: Send {
    /// Before the first record after each start: sets schedules.
    fn init(&mut self, host: &mut dyn Host) -> Result<(), ProcessError>;
    /// Takes a record.
    fn process(&mut self, host: &mut dyn Host, record: Record) -> Result<(), ProcessError>;
    /// Called by a schedule.
    fn punctuate(
        &mut self,
        host: &mut dyn Host,
        scheduled: Scheduled,
        at: Timestamp,
    ) -> Result<(), ProcessError>;
}

/// Makes the operator anew at each start of a task.
pub type Processing = Arc<dyn Fn() -> Box<dyn Process> + Send + Sync>;

/// A user's operator.
#[derive(Clone)]
pub struct ProcessSpec {
    /// Makes it.
    pub make: Processing,
    /// Its stores, by the numbers that it knows them by.
    pub stores: Vec<StoreIndex>,
    /// Their names, in the same order.
    pub store_names: Vec<Name>,
}
