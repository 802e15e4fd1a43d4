//! A table as bytes: what the server and the typed [`crate::Table`] stand on.
mod admission;
mod bounds;
mod conditional;
mod everywhere;
mod merge;
mod partition;
mod read;
mod status;
mod turn;
mod watch;
mod write;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use lentic_engine::log::{SharedLog, Topic};
use lentic_store::layout::StoreId;
use lentic_types::{FormatName, Offset, PartitionId, Partitioner, TableSpec, Timestamp, Token, TopicId};

use crate::together::Together;
pub use admission::{Admission, Demand, Pending, Scope, Target};
pub(crate) use partition::Partition;
pub use read::{Found, KeyBounds, Row, Scan, ScannedRow};
pub use status::{PartitionStatus, Routing};
pub(crate) use turn::Turn;
pub use watch::{EventId, Filter, Watch, WatchEvent, WatchStart};
pub use write::{Condition, Write, Written};

/// What a table needs of its node.
pub(crate) struct Surroundings {
    pub(crate) log: SharedLog,
    pub(crate) clock: fn() -> Timestamp,
    pub(crate) limits: Limits,
    pub(crate) together: Arc<Together>,
}

/// Limits of `Config` that tables keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) key_bytes: u64,
    pub(crate) value_bytes: u64,
    pub(crate) watch_buffer_bytes: usize,
    pub(crate) cas_timeout: std::time::Duration,
}

/// A handle to one table of a node; cheap to clone. Outlives a drop of the table: everything is `Closed` then.
#[derive(Clone)]
pub struct RawTable {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    /// As declared; `read_only` and `partitioner` as changed since.
    pub(crate) spec: ArcSwap<TableSpec>,
    pub(crate) key: FormatName,
    pub(crate) store_id: StoreId,
    pub(crate) topic: ArcSwap<Topic>,
    pub(crate) partitions: Vec<Partition>,
    pub(crate) around: Arc<Surroundings>,
    closed: AtomicBool,
    /// Remarks by code, latest text.
    notices: Mutex<BTreeMap<&'static str, String>>,
}

impl RawTable {
    pub(crate) fn new(
        spec: TableSpec,
        store_id: StoreId,
        topic: Topic,
        partitions: Vec<Partition>,
        around: Arc<Surroundings>,
    ) -> Self {
        let inner = Inner {
            key: spec.key,
            spec: ArcSwap::from_pointee(spec),
            store_id,
            topic: ArcSwap::from_pointee(topic),
            partitions,
            around,
            closed: AtomicBool::new(false),
            notices: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The declaration as it is in force (`read_only` and `partitioner` as changed since).
    pub fn spec(&self) -> TableSpec {
        (**self.inner.spec.load()).clone()
    }

    /// Format of the keys.
    pub fn key_format(&self) -> FormatName {
        self.inner.key
    }

    /// Format of the values.
    pub fn value_format(&self) -> FormatName {
        self.inner.spec.load().value
    }

    /// Number of partitions of the topic.
    pub fn partitions(&self) -> u32 {
        self.inner.partitions.len() as u32
    }

    /// Which creation of the topic.
    pub fn topic_id(&self) -> TopicId {
        self.inner.topic.load().id
    }

    /// `cleanup.policy` includes `compact`.
    pub fn is_compacted(&self) -> bool {
        self.inner.topic.load().settings.cleanup.compact
    }

    /// How a key finds its partition.
    pub fn routing(&self) -> Routing {
        let spec = self.inner.spec.load();
        if self.outgrown(&spec).is_some() {
            return Routing::Mixed;
        }
        let fits = self.inner.fitting_partitioners();
        let bit = |partitioner: Partitioner| {
            Partitioner::ALL.iter().position(|&p| p == partitioner).is_some_and(|bit| fits & (1 << bit) != 0)
        };
        if let Some(partitioner) = spec.partitioner {
            return Routing::By { partitioner, named: true, fits: bit(partitioner) };
        }
        match Partitioner::ALL.into_iter().find(|&p| bit(p)) {
            Some(partitioner) => Routing::By { partitioner, named: false, fits: true },
            None => Routing::Mixed,
        }
    }

    /// The partitions that the table was declared with, where the topic has others now: keys may have moved.
    pub(crate) fn declared_partitions(&self) -> Option<u32> {
        self.outgrown(&self.inner.spec.load())
    }

    fn outgrown(&self, spec: &TableSpec) -> Option<u32> {
        spec.partitions.filter(|&declared| declared != self.partitions())
    }

    /// The partition of a key (bytes as in the log), or `None` where keys don't lie by one partitioner.
    pub fn partition_of(&self, key: &[u8]) -> Option<PartitionId> {
        if self.inner.partitions.len() == 1 {
            return Some(PartitionId(0));
        }
        match self.routing() {
            // librdkafka's default spreads empty keys over all partitions.
            Routing::By { partitioner: Partitioner::Crc32, .. } if key.is_empty() => None,
            Routing::By { partitioner, fits: true, .. } => {
                Some(partitioner.partition(key, self.partitions()))
            }
            Routing::By { .. } | Routing::Mixed => None,
        }
    }

    /// Where a write of a key goes; `None` where the operator has to name the rule first.
    pub fn write_partition_of(&self, key: &[u8]) -> Option<PartitionId> {
        match self.routing() {
            Routing::By { partitioner, .. } => Some(partitioner.partition(key, self.partitions())),
            Routing::Mixed => None,
        }
    }

    /// The token of the record at `offset`.
    pub fn token(&self, partition: PartitionId, offset: Offset) -> Token {
        let topic = self.inner.topic.load();
        Token::new(topic.name.clone(), partition, offset, topic.id)
    }

    /// What the operator should know (topic not compacted, mixed partitioning, tombstone horizon ...): (stable code,
    /// sentence with the remedy).
    pub fn warnings(&self) -> Vec<(&'static str, String)> {
        let mut warnings = Vec::new();
        if !self.is_compacted() {
            let topic = self.inner.topic.load().name.clone();
            warnings.push((
                "topic_not_compacted",
                format!(
                    "{topic} is not compacted: rows disappear when retention removes their records; set \
                     cleanup.policy=compact on the topic if every row is to stay"
                ),
            ));
        }
        match (self.routing(), self.declared_partitions()) {
            (_, Some(declared)) => warnings.push((
                "partitions_changed",
                format!(
                    "the topic has {} partitions and the table was declared with {declared}: keys may live elsewhere \
                     now; reads look in all partitions, writes are refused until the table is dropped and declared anew",
                    self.partitions()
                ),
            )),
            (Routing::Mixed, _) => warnings.push((
                "mixed_partitioning",
                "the topic's keys do not lie where one partitioner puts them: reads look in all partitions, writes \
                 are refused until the table is altered to name a partitioner"
                    .to_owned(),
            )),
            (Routing::By { partitioner, fits: false, .. }, _) => warnings.push((
                "partitioner_does_not_fit",
                format!("keys lie elsewhere than {partitioner} puts them: reads look in all partitions"),
            )),
            (Routing::By { .. }, _) => {}
        }
        let notices = self.inner.notices.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.extend(notices.iter().map(|(code, text)| (*code, text.clone())));
        warnings
    }

    /// Whether the table was dropped or its node is stopping.
    pub fn is_closed(&self) -> bool {
        self.inner.closed.load(Ordering::Acquire)
    }

    pub(crate) fn notice(&self, code: &'static str, text: String) {
        self.inner.notices.lock().unwrap_or_else(PoisonError::into_inner).insert(code, text);
    }

    /// From now on everything is `Closed`; who waits is told by dropping.
    pub(crate) fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
        for partition in &self.inner.partitions {
            partition.close();
        }
    }
}

impl Inner {
    /// Bits of the partitioners that fit all keys of all partitions seen so far.
    fn fitting_partitioners(&self) -> u8 {
        if self.partitions.len() == 1 {
            return u8::MAX;
        }
        self.partitions.iter().fold(u8::MAX, |fits, partition| fits & partition.view().partitioners)
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.around.clock)()
    }
}

impl std::fmt::Debug for RawTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawTable").field("name", &self.inner.spec.load().name).finish_non_exhaustive()
    }
}
