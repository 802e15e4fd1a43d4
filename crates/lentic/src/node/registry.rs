//! The tables by name, read without locks.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use lentic_types::TableName;

use crate::RawTable;

#[derive(Default)]
pub(crate) struct Registry {
    tables: ArcSwap<BTreeMap<TableName, RawTable>>,
    version: AtomicU64,
}

impl Registry {
    pub(crate) fn table(&self, name: &str) -> Option<RawTable> {
        self.tables.load().get(name).cloned()
    }

    pub(crate) fn tables(&self) -> Vec<RawTable> {
        self.tables.load().values().cloned().collect()
    }

    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Only under the catalog's lock.
    pub(crate) fn insert(&self, table: RawTable) {
        let mut tables = (**self.tables.load()).clone();
        tables.insert(table.spec().name, table);
        self.replace(tables);
    }

    /// Only under the catalog's lock.
    pub(crate) fn remove(&self, name: &TableName) -> Option<RawTable> {
        let mut tables = (**self.tables.load()).clone();
        let removed = tables.remove(name);
        self.replace(tables);
        removed
    }

    pub(crate) fn changed(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    fn replace(&self, tables: BTreeMap<TableName, RawTable>) {
        self.tables.store(tables.into());
        self.changed();
    }
}
