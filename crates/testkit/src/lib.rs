//! Contracts, simulated clusters and notations to test with.
#![expect(clippy::disallowed_methods, reason = "tests against real logs wait by the clock")]
mod cluster_sim;
pub mod conformance;
mod driver;
pub mod log_contract;
mod serving_sim;
mod sim;
pub mod store_contract;
pub mod table_sim;

pub use cluster_sim::{Accident, Rule, SimCluster, SimOptions};
pub use driver::{DriverOptions, Logged, Output, SessionEntry, StoreRow, TestDriver, TestLog, WindowEntry};
pub use serving_sim::{ServingOptions, ServingRule, ServingSim};

/// The examples of the manual.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/streams.md")]
struct Manual;
