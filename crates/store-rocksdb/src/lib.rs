//! The store on RocksDB, the only crate that names it. [`RocksDatabase`] keeps the contract of [`lentic_store`]:
//! the write-ahead log is off, because a store is a view of a log; [`durable`] is the opposite, for a log itself.
mod bounds;
mod cursor;
mod database;
pub mod durable;
mod error;
mod estimate;
mod family;
mod options;
mod pinned;
mod sorted_run;
mod store;
mod usage;

pub use database::RocksDatabase;
pub use durable::{
    DurableBatch, DurableCursor, DurableDatabase, DurableFamily, DurableFamilyOptions, DurableOptions, Scan,
};
use lentic_store::{Error, Result};
pub use options::{Access, Compression, RocksOptions};

/// Puts the parts of a key or value together in a buffer that is used again.
fn join(buffer: &mut Vec<u8>, parts: &[&[u8]]) {
    buffer.clear();
    for part in parts {
        buffer.extend_from_slice(part);
    }
}
