//! Catalog, binder, evaluator and functions: statements into topologies and reads.
//!
//! What needs no parser is here: types, values, the rules by which they turn into each other, and the functions.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]
#![allow(
    clippy::match_same_arms,
    reason = "the arms of a table of rules stand apart even where they say the same"
)]

pub mod arithmetic;
pub mod cast;
pub mod coercion;
pub mod compare;
mod error;
pub mod function;
pub mod serde;
pub mod types;
pub mod value;

pub use error::{EvaluationError, Result};
pub use types::{DecimalType, SqlType};
pub use value::{MapValue, Value};
