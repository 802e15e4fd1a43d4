//! A table as bytes: what the server and the typed [`crate::Table`] stand on.
mod admission;
mod bounds;
mod conditional;
mod everywhere;
mod holders;
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

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use lentic_cluster::TableState;
use lentic_engine::TaskId;
use lentic_engine::log::{SharedLog, Topic};
use lentic_format::KeyLayout;
use lentic_store::layout::StoreId;
use lentic_types::{
    FormatName, Offset, PartitionId, ShardId, TableName, TableSpec, Timestamp, Token, TopicId,
};

use crate::cluster::Cluster;
use crate::together::Together;
pub use admission::{Admission, Demand, Pending, Scope, Target, Waiting};
pub use holders::{Begun, Holder};
pub(crate) use partition::Partition;
pub use read::{Found, KeyBounds, Row, Scan, ScannedRow};
pub use routing::Routing;
use routing::Rules;
pub use status::PartitionStatus;
pub(crate) use turn::Turn;
pub use versions::FoundVersion;
pub(crate) use watch::Line;
pub use watch::{EventId, Filter, MergedId, Watch, WatchEvent, WatchStart};
pub use write::{Condition, Write, Written};

/// Whose tasks keep the partitions of a table, and so in which shards they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A part of a query; of a table over a topic its own.
    Part {
        /// Of the query, or of the table.
        query: Arc<str>,
        /// Of the part.
        subtopology: Arc<str>,
    },
    /// Every node keeps all of it.
    Everybody,
}

impl Owner {
    /// Of a table over a topic.
    pub(crate) fn table(name: &TableName) -> Self {
        let TaskId { query, subtopology, .. } = TaskId::of_table(name.as_str(), PartitionId(0));
        Self::Part { query, subtopology }
    }

    /// As a note on the disk has it; [`Owner::from_text`] reads it.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Part { query, subtopology } => format!("{query}\n{subtopology}"),
            Self::Everybody => "*".to_owned(),
        }
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        match text.split_once('\n') {
            Some((query, subtopology)) => {
                Some(Self::Part { query: query.into(), subtopology: subtopology.into() })
            }
            None => (text == "*").then_some(Self::Everybody),
        }
    }

    /// The shard of one of its partitions.
    pub(crate) fn shard(&self, partition: PartitionId, shards: u32) -> Option<ShardId> {
        match self {
            Self::Part { query, subtopology } => {
                let (query, subtopology) = (Arc::clone(query), Arc::clone(subtopology));
                Some(TaskId { query, subtopology, partition }.shard(shards))
            }
            Self::Everybody => None,
        }
    }
}

/// In which partitions a row is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// In one, where the keys that were read lie by one rule.
    Detected,
    /// In the one that the declared rule names: who writes the keys puts them there.
    Certain,
    /// In all of them: they lie as somebody else has put them, whose rule nobody has looked at.
    Anywhere,
}

/// How the rows of a table are kept.
pub(crate) struct StorePlace {
    /// How its keys lie.
    pub(crate) layout: KeyLayout,
    /// Known to the node alone: a store or a global table of a query.
    pub(crate) is_internal: bool,
    /// Its rows are in memory.
    pub(crate) is_in_memory: bool,
    /// Whose tasks keep its partitions.
    pub(crate) owner: Owner,
    pub(crate) lookup: Lookup,
}

/// What a table needs of its node.
pub(crate) struct Surroundings {
    pub(crate) log: SharedLog,
    pub(crate) clock: fn() -> Timestamp,
    pub(crate) cluster: Arc<Cluster>,
    /// How many there are.
    pub(crate) shards: u32,
    /// Tables of which the configuration names the partitions that are kept: a read of all is one of these.
    pub(crate) chosen: BTreeSet<TableName>,
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
    is_internal: bool,
    is_in_memory: bool,
    owner: Owner,
    lookup: Lookup,
    pub(crate) store_id: StoreId,
    pub(crate) topic: ArcSwap<Topic>,
    /// Of the topic; `partitions` may be fewer.
    partition_count: u32,
    /// Those that the node keeps now, by number.
    here: ArcSwap<Vec<Arc<Partition>>>,
    pub(crate) around: Arc<Surroundings>,
    rules: ArcSwap<Rules>,
    refreshing: Mutex<()>,
    closed: AtomicBool,
    /// With all partitions of a topic that has got more.
    successor: OnceLock<RawTable>,
    /// What other nodes have seen of the keys in the partitions that are not here.
    elsewhere: ArcSwap<Option<TableState>>,
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
        let (layout, owner) = (KeyLayout::of(&spec), Owner::table(&spec.name));
        let lookup = Lookup::Detected;
        let place = StorePlace { layout, is_internal: false, is_in_memory: false, owner, lookup };
        Self::of_store(spec, place, store_id, topic, partitions, around)
    }

    /// The table of a query's store, whose keys may lie otherwise than a declaration can say.
    pub(crate) fn of_store(
        spec: TableSpec,
        place: StorePlace,
        store_id: StoreId,
        topic: Topic,
        partitions: Vec<Partition>,
        around: Arc<Surroundings>,
    ) -> Self {
        let partitions: Vec<_> = partitions.into_iter().map(Arc::new).collect();
        let inner = Inner {
            rules: ArcSwap::from_pointee(Rules::of(&spec, topic.partitions, &partitions, None, place.lookup)),
            refreshing: Mutex::default(),
            key: place.layout,
            is_internal: place.is_internal,
            is_in_memory: place.is_in_memory,
            owner: place.owner,
            lookup: place.lookup,
            elsewhere: ArcSwap::default(),
            spec: ArcSwap::from_pointee(spec),
            store_id,
            partition_count: topic.partitions,
            topic: ArcSwap::from_pointee(topic),
            here: ArcSwap::from_pointee(partitions),
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

    pub(crate) fn is_in_memory(&self) -> bool {
        self.inner.is_in_memory
    }

    /// Whose tasks keep its partitions.
    pub(crate) fn owner(&self) -> &Owner {
        &self.inner.owner
    }

    /// Whether it is a store of such a part of a query, or of another part of the same.
    pub(crate) fn is_store_of(&self, owner: &Owner) -> bool {
        match (&self.inner.owner, owner) {
            (Owner::Part { query, .. }, Owner::Part { query: other, .. }) => query == other,
            (Owner::Everybody, Owner::Everybody) => true,
            _ => false,
        }
    }

    /// Whether it is what it would be opened as.
    pub(crate) fn is_same(&self, spec: &TableSpec, topic: &Topic, place: &StorePlace) -> bool {
        let inner = &self.inner;
        **inner.spec.load() == *spec
            && inner.topic.load().id == topic.id
            && inner.partition_count == topic.partitions
            && inner.key == place.layout
            && inner.is_internal == place.is_internal
            && inner.is_in_memory == place.is_in_memory
            && inner.owner == place.owner
            && inner.lookup == place.lookup
            && !self.is_closed()
    }

    /// Number of partitions of the topic.
    pub fn partitions(&self) -> u32 {
        self.inner.partition_count
    }

    /// The partitions that the node keeps: all, unless its configuration chooses some. Scans, counts and watches are of
    /// these; reads of keys that live in others fail with [`crate::ReadError::NotKept`].
    pub fn kept_partitions(&self) -> impl Iterator<Item = PartitionId> + '_ {
        let here = self.here();
        (0..here.len()).map(move |at| here[at].id)
    }

    /// The partitions that are here at this moment.
    pub(crate) fn here(&self) -> Arc<Vec<Arc<Partition>>> {
        self.inner.here.load_full()
    }

    /// The shard that a partition belongs to; `None`: every node keeps it.
    pub(crate) fn shard(&self, partition: PartitionId) -> Option<ShardId> {
        self.inner.owner.shard(partition, self.inner.around.shards)
    }

    /// A partition comes to this node.
    pub(crate) fn add(&self, partition: Partition) {
        let mut here = self.here().to_vec();
        if let Err(at) = here.binary_search_by_key(&partition.id, |known| known.id) {
            here.insert(at, Arc::new(partition));
            self.inner.here.store(Arc::new(here));
            self.inner.refresh_rules();
        }
    }

    /// A partition leaves this node: who waits or watches there is told.
    pub(crate) fn remove(&self, id: PartitionId) {
        let mut here = self.here().to_vec();
        if let Ok(at) = here.binary_search_by_key(&id, |known| known.id) {
            here.remove(at).close();
            self.inner.here.store(Arc::new(here));
            self.inner.refresh_rules();
        }
    }

    /// Other nodes have seen this of the keys in the partitions that are not here.
    pub(crate) fn learn(&self, keys: TableState) {
        if **self.inner.elsewhere.load() != Some(keys) {
            self.inner.elsewhere.store(Arc::new(Some(keys)));
            self.inner.refresh_rules();
        }
    }

    /// What other nodes have told of the keys in the partitions that are not here.
    pub(crate) fn keys_elsewhere(&self) -> Option<TableState> {
        **self.inner.elsewhere.load()
    }

    fn keeps_all(&self) -> bool {
        self.inner.here.load().len() == self.inner.partition_count as usize
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
        for partition in self.here().iter() {
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
