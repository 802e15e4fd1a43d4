//! What one node asks another to watch.
use lentic::types::PartitionId;
use lentic::{Filter, Scope, WatchStart};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::peers::Key;

/// Partitions that are on the other node, which rows of them, and from where on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Question {
    partitions: Vec<u32>,
    which: Which,
    start: Start,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Which {
    All,
    Key(Key),
    Prefix(Key),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Start {
    Snapshot,
    Now,
    /// An event id.
    After(String),
}

impl Question {
    pub(super) fn new(partitions: &[PartitionId], filter: &Filter, start: &WatchStart) -> Self {
        Self {
            partitions: partitions.iter().map(|partition| partition.0).collect(),
            which: match filter {
                Filter::All => Which::All,
                Filter::Key(key) => Which::Key(Key(key.clone())),
                Filter::Prefix(prefix) => Which::Prefix(Key(prefix.clone())),
            },
            start: match start {
                WatchStart::Snapshot => Start::Snapshot,
                WatchStart::Now => Start::Now,
                WatchStart::After(id) => Start::After(id.to_string()),
            },
        }
    }

    pub(super) fn scope(&self) -> Scope {
        Scope::Some(self.partitions.iter().copied().map(PartitionId).collect())
    }

    pub(super) fn filter(&self) -> Filter {
        match &self.which {
            Which::All => Filter::All,
            Which::Key(key) => Filter::Key(key.0.clone()),
            Which::Prefix(prefix) => Filter::Prefix(prefix.0.clone()),
        }
    }

    pub(super) fn start(&self) -> Result<WatchStart> {
        Ok(match &self.start {
            Start::Snapshot => WatchStart::Snapshot,
            Start::Now => WatchStart::Now,
            Start::After(id) => WatchStart::After(id.parse()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read_back() {
        let partitions = [PartitionId(7), PartitionId(0)];
        let id = "w1.00ab.1700000000000.3-0.1-0".parse().expect("an id");
        for (filter, start) in [
            (Filter::All, WatchStart::Snapshot),
            (Filter::Key(vec![0, 255]), WatchStart::Now),
            (Filter::Prefix(b"a".to_vec()), WatchStart::After(id)),
        ] {
            let text = serde_json::to_vec(&Question::new(&partitions, &filter, &start)).expect("JSON");
            let read: Question = serde_json::from_slice(&text).expect("a question");
            assert_eq!(read.scope(), Scope::Some(partitions.to_vec().into()));
            assert_eq!((read.filter(), read.start().ok()), (filter, Some(start)));
        }
    }
}
