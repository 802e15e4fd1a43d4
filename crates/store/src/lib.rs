//! The ordered byte store under every table: what a store can do ([`Store`], [`ReadStore`]), how rows and
//! positions lie in it ([`layout`]), and a store in memory ([`MemoryDatabase`]).
//!
//! A *database* is one node's; a *store* is one family of it (one shard's, so that rows and positions are made
//! durable together); rows of many tables and partitions share a store under prefixes.
#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

mod batch;
mod error;
pub mod layout;
mod memory;
mod store;

pub use batch::WriteBatch;
pub use error::{Error, Result};
pub use memory::MemoryDatabase;
pub use store::{Cursor, Database, FamilyId, KeyRange, Order, ReadStore, SortedRun, Store, Tier};
