//! Contracts, simulated clusters and notations to test with.
#![expect(clippy::disallowed_methods, reason = "tests against real logs wait by the clock")]
mod driver;
pub mod log_contract;
pub mod store_contract;
pub mod table_sim;

pub use driver::{DriverOptions, Logged, Output, SessionEntry, StoreRow, TestDriver, TestLog, WindowEntry};

/// The examples of the manual.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/streams.md")]
struct Manual;
