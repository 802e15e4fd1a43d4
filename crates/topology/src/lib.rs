//! Streams, tables, groups, windows and joins as a node graph.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]
