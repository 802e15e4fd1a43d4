//! Bytes to rows and back: the formats of keys and values.
//!
//! Each wire format is one module under `wire`; the functions here are the only way in.
//!
//! ```
//! use lentic_format::{key_from_text, key_to_json, order_key, validate_value};
//! use lentic_types::FormatName;
//!
//! // `rows/-7` of a table with int keys: the four bytes that Kafka's IntegerSerializer writes.
//! let key = key_from_text(FormatName::Int, b"-7")?;
//! assert_eq!(key, (-7_i32).to_be_bytes());
//!
//! // In a store, -7 lies before 3.
//! let (mut low, mut high) = (Vec::new(), Vec::new());
//! order_key(FormatName::Int, &key, &mut low);
//! order_key(FormatName::Int, &3_i32.to_be_bytes(), &mut high);
//! assert!(low < high);
//!
//! // JSON is checked and kept byte for byte.
//! let body = br#"{ "seats": 180, "seats": 182 }"#;
//! assert_eq!(*validate_value(FormatName::Json, body)?, *body);
//!
//! let mut line = Vec::new();
//! key_to_json(FormatName::Int, &key, &mut line)?;
//! assert_eq!(line, b"-7");
//!
//! let refused = key_from_text(FormatName::Int, b"3000000000").unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "out of range: `3000000000`; int takes a whole number from -2147483648 to 2147483647"
//! );
//! # Ok::<(), lentic_format::FormatError>(())
//! ```
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod error;
mod guess;
mod key;
mod layout;
mod order;
mod value;
mod wire;

pub use error::{FormatError, Result};
pub use guess::{Decoded, Guess, guess};
pub use key::{key_from_json, key_from_text, key_to_json, key_to_text};
pub use layout::{KeyKind, KeyLayout, KeyTime, read_version, version};
pub use order::{order_key, unorder_key};
pub use value::{check_stored, validate_value, value_from_json, value_to_json};
pub use wire::MAX_JSON_DEPTH;

/// JSON text that serde has checked and left alone; what the `*_from_json` functions take.
pub use serde_json::value::RawValue;
