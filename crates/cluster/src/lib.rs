//! Pure state machines of ownership, leases and compare-and-set.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]
