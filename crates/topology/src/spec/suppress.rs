//! Holding a table's changes back.
use super::StoreIndex;
use crate::codec::{Codec, WindowedKeyOf};

/// Until when a change is held back.
#[derive(Clone, Copy, Debug)]
pub enum SuppressUntil {
    /// Until its window is closed, `grace_ms` after the end: one result for each window.
    WindowCloses {
        /// The windows' grace, milliseconds.
        grace_ms: i64,
        /// Finds the window in the key.
        key: WindowedKeyOf,
    },
    /// Until this long after the first change of the key that is held, in stream time; milliseconds.
    TimeLimit(i64),
}

/// What happens when more is held back than may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BufferFull {
    /// The oldest go on early.
    EmitEarly,
    /// The task stops with an error.
    ShutDown,
}

/// How much may be held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Records.
    pub max_records: Option<usize>,
    /// Bytes of keys and values.
    pub max_bytes: Option<usize>,
    /// What then.
    pub when_full: BufferFull,
}

impl Buffer {
    /// As much as it takes.
    pub fn unbounded() -> Self {
        Self { max_records: None, max_bytes: None, when_full: BufferFull::ShutDown }
    }
}

/// Holds changes back.
#[derive(Clone)]
pub struct Suppress {
    /// Until when.
    pub until: SuppressUntil,
    /// How much.
    pub buffer: Buffer,
    /// What is held back, by key.
    pub store: StoreIndex,
    /// Keys.
    pub key: Codec,
    /// Values.
    pub value: Codec,
}
