//! Catalog, binder, evaluator and functions: statements into topologies and reads.
//!
//! What needs no parser is here: types, values, the rules by which they turn into each other, and the functions.
//!
//! ```
//! use lentic_sql::SqlType;
//! use lentic_sql::function::{ArgumentType, Registry};
//!
//! let registry = Registry::standard();
//! let text = ArgumentType::Value(SqlType::String);
//! let call = registry.scalar("substring")?.resolve(&[text.clone(), ArgumentType::Value(SqlType::Integer)])?;
//! assert_eq!(call.returns()?, SqlType::String);
//!
//! let refused = registry.scalar("LEN")?.resolve(&[text.clone(), text]).unwrap_err();
//! assert!(refused.to_string().starts_with("Function 'len' does not accept parameters (STRING, STRING)."));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]
#![allow(
    clippy::match_same_arms,
    reason = "the arms of a table of rules stand apart even where they say the same"
)]
#![allow(clippy::unnecessary_wraps, reason = "all functions of a registry have one signature")]
#![allow(clippy::float_cmp, reason = "SQL compares DOUBLEs exactly")]

pub mod arithmetic;
pub mod cast;
pub mod catalog;
pub mod coercion;
pub mod compare;
mod error;
pub mod expr;
pub mod function;
pub mod pattern;
pub mod plan;
mod refusal;
pub mod serde;
pub mod settings;
pub mod statement;
pub mod types;
pub mod value;

pub use error::{EvaluationError, Result};
pub use refusal::Refusal;
pub use types::{DecimalType, SqlType};
pub use value::{MapValue, Value};
