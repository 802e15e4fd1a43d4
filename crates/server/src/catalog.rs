//! Tables by name, as the hot path finds them: one load of a pointer, no lock.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use lentic::format::KeyLayout;
use lentic::types::{FormatName, Offset, PartitionId, TableName, TopicName, WindowSpec};
use lentic::{Node, RawTable};

use crate::turns::Turns;

/// A table and what never changes about it.
pub(crate) struct Entry {
    pub(crate) table: RawTable,
    pub(crate) name: TableName,
    pub(crate) topic: TopicName,
    pub(crate) key: FormatName,
    /// Of keys that have windows beside them.
    pub(crate) window: Option<WindowSpec>,
    pub(crate) layout: KeyLayout,
    pub(crate) value: FormatName,
    pub(crate) counters: Arc<Counters>,
    pub(crate) turns: Arc<Turns>,
}

/// What the server counts per table.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) undecodable: AtomicU64,
    pub(crate) writes: AtomicU64,
}

impl Counters {
    pub(crate) fn count_undecodable(&self) {
        self.undecodable.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_writes(&self, writes: u64) {
        self.writes.fetch_add(writes, Ordering::Relaxed);
    }
}

impl Entry {
    /// A store of a query, which is nobody's table.
    pub(crate) fn of_store(table: RawTable) -> Self {
        Self::new(table, None)
    }

    /// `known`: the same name's entry so far.
    fn new(table: RawTable, known: Option<&Self>) -> Self {
        let spec = table.spec();
        Self {
            layout: table.key_layout(),
            table,
            name: spec.name,
            topic: spec.topic,
            key: spec.key,
            window: spec.window,
            value: spec.value,
            counters: known.map(|known| Arc::clone(&known.counters)).unwrap_or_default(),
            turns: known.map(|known| Arc::clone(&known.turns)).unwrap_or_default(),
        }
    }

    /// Positions as inclusive tokens: `None` where the position is 0.
    pub(crate) fn position(&self, partition: PartitionId, position: Offset) -> Option<String> {
        let last = Offset(position.0.checked_sub(1)?);
        Some(self.table.token(partition, last).to_string())
    }

    /// Of several partitions, those without any record left out.
    pub(crate) fn positions(&self, positions: &[(PartitionId, Offset)]) -> Vec<String> {
        positions.iter().filter_map(|&(partition, offset)| self.position(partition, offset)).collect()
    }
}

type Entries = BTreeMap<String, Arc<Entry>>;

pub(crate) struct Catalog {
    node: Node,
    /// May name tables that are gone: their handles say `Closed`.
    entries: ArcSwap<Entries>,
}

impl Catalog {
    pub(crate) fn new(node: Node) -> Self {
        Self { node, entries: ArcSwap::default() }
    }

    /// Calls `read` with a table that was asked for before; `None`: ask [`Catalog::get`].
    pub(crate) fn cached<R>(&self, name: &str, read: impl FnOnce(&Entry) -> R) -> Option<R> {
        self.entries.load().get(name).map(|entry| read(entry))
    }

    /// The table as the node has it now.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Entry>> {
        let Some(table) = self.node.table(name) else {
            self.forget(name);
            return None;
        };
        let known = self.entries.load().get(name).cloned();
        let entry = Arc::new(Entry::new(table, known.as_deref()));
        if known.is_none() {
            self.entries.rcu(|entries| {
                let mut entries = Entries::clone(entries);
                entries.insert(name.to_owned(), Arc::clone(&entry));
                entries
            });
        }
        Some(entry)
    }

    /// All tables, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Entry>> {
        self.node.tables().into_iter().filter_map(|table| self.get(table.spec().name.as_str())).collect()
    }

    /// Forgets a handle that is closed.
    pub(crate) fn forget(&self, name: &str) {
        if self.entries.load().contains_key(name) {
            self.entries.rcu(|entries| {
                let mut entries = Entries::clone(entries);
                entries.remove(name);
                entries
            });
        }
    }
}
