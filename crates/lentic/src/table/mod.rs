//! A table as bytes: what the server and the typed [`crate::Table`] stand on.
mod admission;
mod bounds;
mod conditional;
mod everywhere;
mod merge;
mod partition;
mod read;
mod routing;
mod status;
#[cfg(test)]
pub(crate) mod testing;
mod turn;
mod versions;
mod watch;
mod write;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use lentic_engine::log::{SharedLog, Topic};
use lentic_format::KeyLayout;
use lentic_store::layout::StoreId;
use lentic_types::{FormatName, Offset, PartitionId, TableSpec, Timestamp, Token, TopicId};

use crate::together::Together;
pub use admission::{Admission, Demand, Pending, Scope, Target, Waiting};
pub(crate) use partition::Partition;
pub use read::{Found, KeyBounds, Row, Scan, ScannedRow};
pub use routing::Routing;
use routing::Rules;
pub use status::PartitionStatus;
pub(crate) use turn::Turn;
pub use versions::FoundVersion;
pub(crate) use watch::Line;
pub use watch::{EventId, Filter, Watch, WatchEvent, WatchStart};
pub use write::{Condition, Write, Written};

/// What a table needs of its node.
pub(crate) struct Surroundings {
    pub(crate) log: SharedLog,
    pub(crate) clock: fn() -> Timestamp,
    pub(crate) limits: Limits,
    pub(crate) together: Arc<Together>,
    /// Of the watches that read the log.
    pub(crate) catch_ups: Arc<Line>,
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
    pub(crate) key: KeyLayout,
    pub(crate) store_id: StoreId,
    pub(crate) topic: ArcSwap<Topic>,
    /// Of the topic; `partitions` may be fewer.
    partition_count: u32,
    /// Those that the node keeps, by number.
    pub(crate) partitions: Vec<Partition>,
    pub(crate) around: Arc<Surroundings>,
    rules: ArcSwap<Rules>,
    refreshing: Mutex<()>,
    closed: AtomicBool,
    /// With all partitions of a topic that has got more.
    successor: OnceLock<RawTable>,
    /// Known to the node alone: a store or a global table of a query.
    is_internal: bool,
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
        let key = KeyLayout::of(&spec);
        Self::of_store(spec, key, false, store_id, topic, partitions, around)
    }

    /// The table of a query's store, whose keys may lie otherwise than a declaration can say.
    pub(crate) fn of_store(
        spec: TableSpec,
        key: KeyLayout,
        is_internal: bool,
        store_id: StoreId,
        topic: Topic,
        partitions: Vec<Partition>,
        around: Arc<Surroundings>,
    ) -> Self {
        let inner = Inner {
            rules: ArcSwap::from_pointee(Rules::of(&spec, topic.partitions, &partitions)),
            refreshing: Mutex::default(),
            key,
            is_internal,
            spec: ArcSwap::from_pointee(spec),
            store_id,
            partition_count: topic.partitions,
            topic: ArcSwap::from_pointee(topic),
            partitions,
            around,
            closed: AtomicBool::new(false),
            successor: OnceLock::new(),
            notices: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The declaration as it is in force (`read_only` and `partitioner` as changed since).
    pub fn spec(&self) -> TableSpec {
        (**self.inner.spec.load()).clone()
    }

    /// Format of the keys; of windowed ones, of what is before the window.
    pub fn key_format(&self) -> FormatName {
        self.inner.key.format
    }

    /// How its keys lie in the log and in the store.
    pub fn key_layout(&self) -> KeyLayout {
        self.inner.key
    }

    /// Format of the values.
    pub fn value_format(&self) -> FormatName {
        self.inner.spec.load().value
    }

    /// Whether only the node itself knows it.
    pub(crate) fn is_internal(&self) -> bool {
        self.inner.is_internal
    }

    /// Number of partitions of the topic.
    pub fn partitions(&self) -> u32 {
        self.inner.partition_count
    }

    /// The partitions that the node keeps: all, unless its configuration chooses some. Scans, counts and watches are of
    /// these; reads of keys that live in others fail with [`crate::ReadError::NotKept`].
    pub fn kept_partitions(&self) -> impl Iterator<Item = PartitionId> + '_ {
        self.inner.partitions.iter().map(|partition| partition.id)
    }

    fn keeps_all(&self) -> bool {
        self.inner.partitions.len() == self.inner.partition_count as usize
    }

    /// Which creation of the topic.
    pub fn topic_id(&self) -> TopicId {
        self.inner.topic.load().id
    }

    /// `cleanup.policy` includes `compact`.
    pub fn is_compacted(&self) -> bool {
        self.inner.topic.load().settings.cleanup.compact
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
            (Routing::By { .. } | Routing::Detecting, _) => {}
        }
        let notices = self.inner.notices.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.extend(notices.iter().map(|(code, text)| (*code, text.clone())));
        warnings
    }

    /// Whether the table was dropped or its node is stopping.
    pub fn is_closed(&self) -> bool {
        self.inner.closed.load(Ordering::Acquire)
    }

    /// The handle to use: another one where partitions were added to the topic since this one was given out, which is
    /// closed then.
    #[must_use]
    pub fn current(&self) -> Self {
        let mut table = self;
        while let Some(successor) = table.inner.successor.get() {
            table = successor;
        }
        table.clone()
    }

    pub(crate) fn replace_by(&self, successor: Self) {
        let _ = self.inner.successor.set(successor);
        self.close();
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
    pub(crate) fn now(&self) -> Timestamp {
        (self.around.clock)()
    }
}

impl std::fmt::Debug for RawTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawTable").field("name", &self.inner.spec.load().name).finish_non_exhaustive()
    }
}
