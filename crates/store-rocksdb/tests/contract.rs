//! The store on RocksDB keeps the contract of stores.
use std::ops::Deref;

use lentic_store::Database;
use lentic_store_rocksdb::{RocksDatabase, RocksOptions};
use tempfile::TempDir;

/// A database and its directory, which goes after it.
struct Open(RocksDatabase, #[expect(dead_code, reason = "kept until the database is closed")] TempDir);

impl Deref for Open {
    type Target = RocksDatabase;

    fn deref(&self) -> &RocksDatabase {
        &self.0
    }
}

impl Database for Open {
    fn family(
        &self,
        id: lentic_store::FamilyId,
    ) -> lentic_store::Result<std::sync::Arc<dyn lentic_store::Store>> {
        self.0.family(id)
    }

    fn usage(&self) -> Vec<(&'static str, u64)> {
        self.0.usage()
    }

    fn close(&self) -> lentic_store::Result<()> {
        self.0.close()
    }
}

#[test]
fn rocksdb_keeps_the_contract() {
    lentic_testkit::store_contract::check(|_| {
        let directory = tempfile::tempdir().unwrap();
        let options = RocksOptions { path: directory.path().join("state"), ..RocksOptions::default() };
        Open(RocksDatabase::open(options).unwrap(), directory)
    });
}
