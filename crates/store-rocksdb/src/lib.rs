//! The store on RocksDB.
