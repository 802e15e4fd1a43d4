//! The store in memory keeps the contract.
use lentic_store::MemoryDatabase;

#[test]
fn memory_keeps_the_contract() {
    lentic_testkit::store_contract::check(|_| MemoryDatabase::default());
}
