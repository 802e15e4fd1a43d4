//! The pure core: tasks that fold logs into stores. No clock, no thread, no I/O of its own: [`Event`]s come in,
//! [`Action`]s go out ([`Worker::handle`]), and a store is whatever keeps `lentic_store`'s contract.
//!
//! - [`log`]: what a log must do; its adapters are sibling crates.
//! - [`recovery`]: what to do with the state that a task finds.
//! - [`load`]: the bulk way from a log into a store.
//! - [`seed`]: the way of another node's rows into a store.
//! - [`Worker`]: the loop of all live tasks of tables over topics.
//! - [`stream`]: tasks that process streams.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod load;
pub mod log;
mod purge;
mod readable;
pub mod recovery;
pub mod seed;
mod source;
pub mod stream;
mod table;
mod task;
mod worker;

pub use readable::Readable;
pub use task::{TaskId, TaskState, TaskView};
pub use worker::{Action, Assignment, Event, Facts, Leap, Notice, Purged, Rebuild, Worker};
