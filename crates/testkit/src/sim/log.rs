//! Partitions of topics: records of transactions become visible, or vanish, by a marker in each partition.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lentic_types::{Header, Offset, RecordBatch, RecordView, Timestamp};

use crate::Logged;

/// A record on its way into the log.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) timestamp: Timestamp,
    pub(crate) headers: Vec<Header>,
}

/// Which records a reader gets (`isolation.level`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    Committed,
    Uncommitted,
}

/// What wrote an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Writer {
    /// A producer without transactions.
    Plain,
    /// A transaction, by its number.
    Transaction(u64),
    /// The end of one. No reader gets it.
    Marker,
}

struct Entry {
    record: Outgoing,
    writer: Writer,
    /// The transactional id.
    by: Arc<str>,
}

/// One partition; an offset is a place in it.
#[derive(Default)]
pub(crate) struct PartitionLog {
    entries: Vec<Entry>,
    /// First offset of each transaction without a marker here.
    open: BTreeMap<u64, u64>,
    committed: BTreeSet<u64>,
}

impl PartitionLog {
    /// The end as `read_uncommitted` sees it.
    pub(crate) fn end(&self) -> Offset {
        Offset(self.entries.len() as u64)
    }

    /// The last stable offset.
    pub(crate) fn stable_end(&self) -> Offset {
        self.open.values().min().map_or(self.end(), |first| Offset(*first))
    }

    pub(crate) fn end_for(&self, isolation: Isolation) -> Offset {
        match isolation {
            Isolation::Committed => self.stable_end(),
            Isolation::Uncommitted => self.end(),
        }
    }

    pub(crate) fn append(&mut self, record: Outgoing) -> Offset {
        self.push(record, Writer::Plain, Arc::from(""))
    }

    pub(crate) fn append_in(&mut self, transaction: u64, by: &Arc<str>, record: Outgoing) -> Offset {
        let offset = self.push(record, Writer::Transaction(transaction), Arc::clone(by));
        self.open.entry(transaction).or_insert(offset.0);
        offset
    }

    /// The marker that ends a transaction here.
    pub(crate) fn end_transaction(&mut self, transaction: u64, by: &Arc<str>, commit: bool) {
        let record = Outgoing { key: None, value: None, timestamp: Timestamp::NONE, headers: Vec::new() };
        self.push(record, Writer::Marker, Arc::clone(by));
        self.open.remove(&transaction);
        if commit {
            self.committed.insert(transaction);
        }
    }

    fn push(&mut self, record: Outgoing, writer: Writer, by: Arc<str>) -> Offset {
        self.entries.push(Entry { record, writer, by });
        Offset(self.entries.len() as u64 - 1)
    }

    fn is_shown(&self, entry: &Entry, isolation: Isolation) -> bool {
        match entry.writer {
            Writer::Plain => true,
            Writer::Transaction(number) => {
                isolation == Isolation::Uncommitted || self.committed.contains(&number)
            }
            Writer::Marker => false,
        }
    }

    /// Records from an offset on, below the end of this isolation, with who wrote them.
    pub(crate) fn records(
        &self,
        from: Offset,
        isolation: Isolation,
    ) -> impl Iterator<Item = (Offset, &Outgoing, &Arc<str>)> {
        let to = self.end_for(isolation).0 as usize;
        let from = (from.0 as usize).min(to);
        let entries = self.entries[from..to].iter().enumerate();
        entries
            .filter(move |(_, entry)| self.is_shown(entry, isolation))
            .map(move |(number, entry)| (Offset((from + number) as u64), &entry.record, &entry.by))
    }

    /// The offset after the last committed record below an offset.
    pub(crate) fn last_below(&self, offset: Offset) -> Offset {
        let below = &self.entries[..self.entries.len().min(offset.0 as usize)];
        let last = below.iter().rposition(|entry| self.is_shown(entry, Isolation::Committed));
        Offset(last.map_or(0, |last| last as u64 + 1))
    }

    /// At most so many records from an offset on.
    pub(crate) fn read(&self, from: Offset, most: usize, isolation: Isolation) -> RecordBatch {
        let mut batch = RecordBatch::default();
        for (offset, record, _) in self.records(from, isolation).take(most) {
            let view = RecordView {
                offset,
                timestamp: record.timestamp,
                key: record.key.as_deref(),
                value: record.value.as_deref(),
            };
            batch.push_with_headers(view, record.headers.clone());
        }
        batch
    }
}

impl From<&Outgoing> for Logged {
    fn from(record: &Outgoing) -> Self {
        Self::new(record.key.clone(), record.value.clone(), record.timestamp, record.headers.clone())
    }
}
