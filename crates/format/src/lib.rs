//! Bytes to rows and back: the formats of keys and values.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]
