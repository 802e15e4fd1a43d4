//! Aggregations.
use super::StoreIndex;
use super::function::{Aggregator, Merger};
use crate::codec::{Codec, WindowedKeyOf};
use crate::window::{SessionWindows, SlidingWindows, TimeWindows};

/// How a stream's records are cut before they are folded.
#[derive(Clone)]
pub enum Windowing {
    /// Not at all.
    None,
    /// Tumbling, hopping, unlimited.
    Time(TimeWindows, WindowedKeyOf),
    /// Sliding.
    Sliding(SlidingWindows, WindowedKeyOf),
    /// Sessions, and what makes one of two.
    Session(SessionWindows, Merger, WindowedKeyOf),
}

/// When windowed results go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emit {
    /// At each update.
    #[default]
    Update,
    /// Once, when the window is closed.
    Close,
}

/// One input of an aggregation, by its port.
pub type CoGroup = Aggregator;

/// Folds streams.
#[derive(Clone)]
pub struct Aggregate {
    /// Where the aggregates are.
    pub store: StoreIndex,
    /// Keys.
    pub key: Codec,
    /// Aggregates.
    pub value: Codec,
    /// What each input does to the aggregate, by port.
    pub inputs: Vec<CoGroup>,
    /// Whether a record with a null value can't be folded and is dropped.
    pub needs_value: bool,
    /// Windows.
    pub windows: Windowing,
    /// When results go on.
    pub emit: Emit,
}

/// Folds a table.
#[derive(Clone)]
pub struct TableAggregate {
    /// Where the aggregates are.
    pub store: StoreIndex,
    /// Keys.
    pub key: Codec,
    /// Aggregates.
    pub value: Codec,
    /// A row came.
    pub add: Aggregator,
    /// A row went.
    pub subtract: Aggregator,
}
