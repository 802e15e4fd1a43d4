//! Pure state machines of ownership, leases and compare-and-set: they decide, adapters act.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod compare_and_set;

pub use compare_and_set::{CompareAndSet, Input, Outcome, Step};
