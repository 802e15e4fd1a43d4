//! The pure core: tasks that fold logs into stores. No clock, no thread, no I/O of its own: events come in,
//! actions go out, and a store is whatever keeps `lentic_store`'s contract.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod log;
