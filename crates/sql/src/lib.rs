//! Catalog, binder, evaluator and functions: statements into topologies and reads.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]
