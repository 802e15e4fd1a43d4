//! Rows as bytes: how the key columns and the value columns of a stream or table lie in Kafka records.
//!
//! A [`Format`] names the layout and its properties, a [`RowSchema`] the columns of one side of a record. Together they are
//! checked once ([`Format::check`]) and compiled into a [`Serializer`] and a [`Deserializer`], which know nothing of topics.
//! The window that follows the key of a windowed source is not of the format: see `lentic_format::KeyLayout`.
//!
//! ```
//! use lentic_sql::serde::{Deserializer, Format, FormatName, RowSchema, Serializer};
//! use lentic_sql::{SqlType, Value};
//!
//! let schema = RowSchema::value([("ID", SqlType::Bigint), ("NAME", SqlType::String)]);
//! let mut row = Vec::new();
//! let json = Deserializer::new(&Format::new(FormatName::Json), &schema)?;
//! assert!(json.deserialize(Some(br#"{"name": "Ann", "id": "7", "extra": []}"#), &mut row)?);
//! assert_eq!(row, [Value::Bigint(7), "Ann".into()]);
//!
//! let delimited = Serializer::new(&Format::new(FormatName::Delimited), &schema)?;
//! assert_eq!(delimited.serialize(&row)?.as_deref(), Some(&b"7,Ann"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
mod check;
mod delimited;
mod delimiter;
mod deserializer;
mod error;
mod format;
mod json;
mod kafka;
mod protobuf;
mod rest;
mod scalar;
mod schema;
mod serializer;
mod wanted;

pub(crate) use check::no_registry;
pub use delimiter::Delimiter;
pub use deserializer::Deserializer;
pub use error::{FormatError, Result, SerdeError};
pub use format::{Format, FormatName, Nullable};
pub use protobuf::{message_text, write_message};
pub use rest::{write_rest_row, write_rest_value};
pub use schema::{RowSchema, Side, Wrapping};
pub use serializer::Serializer;
pub(crate) use wanted::Wanted;
