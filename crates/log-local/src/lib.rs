//! The embedded log: topics, partitions and transactions in one directory, for one process. It keeps the contract of
//! [`lentic_engine::log`] as Kafka does; what lies on the disk is told in `layout` and `chunk`.
//!
//! One thread writes (what arrives while it syncs shares the next sync), one cleans, and readers read from wherever
//! they are called. Records are stored in chunks, so that neither writing nor reading costs a database operation
//! per record.
//!
//! ```no_run
//! use lentic_log_local::{LocalLog, LocalOptions};
//! use lentic_engine::log::{Log, TopicSettings};
//! let log = LocalLog::open(LocalOptions { path: "data/log".into(), ..LocalOptions::default() })?;
//! log.create_topic(&"planes".parse().unwrap(), 6, &TopicSettings::compacted())?;
//! # Ok::<(), lentic_engine::log::Error>(())
//! ```
#![expect(clippy::disallowed_methods, reason = "an edge: threads and clocks live here")]

mod answer;
mod bulk;
mod chunk;
mod cleaner;
mod epochs;
mod lane;
mod layout;
mod log;
mod open;
mod options;
mod partition;
mod queue;
mod reader;
mod shared;
#[cfg(test)]
mod testing;
mod transaction;
mod varint;
mod waker;
mod writer;
#[cfg(test)]
mod writer_tests;

pub use log::LocalLog;
pub use options::{FsyncPolicy, LocalOptions};
