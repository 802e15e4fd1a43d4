//! This node among the others: what the group gives it, what it keeps, and who has the rest.
mod clock;
mod group;
mod keep;
mod lease;
mod members;
mod nodes;
mod placement;
mod takeover;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender};
use lentic_cluster::{Lease, NodeId, NodeRecord, Ownership, Place, Process, Role, ShardMap, Standing};
use lentic_log_kafka::KafkaLog;
use lentic_types::{ShardId, Timestamp};

use crate::NodeError;
use crate::config::Config;
use crate::node::Shared;
use keep::Kept;

pub(crate) use group::Group;
pub use members::{Member, MemberShard};

/// What a node knows of its cluster. One process on an embedded log is alone in it and has everything.
pub(crate) struct Cluster {
    /// `None`: the embedded log.
    kafka: Option<Arc<KafkaLog>>,
    process: Process,
    node: NodeId,
    rack: Option<String>,
    started_at: i64,
    shards: u32,
    /// Copies of each shard beside its owner's.
    replicas: AtomicUsize,
    /// Replaced as a whole, so that readers need no lock; writers hold `changing`.
    lease: ArcSwap<Lease>,
    changing: Mutex<()>,
    /// The shards that the group gave, on their way from their predecessors to work. Held where a task is opened and where
    /// shards are given up.
    ownerships: Mutex<BTreeMap<ShardId, Ownership>>,
    /// Shards that this node has given up and still keeps, until their new owner answers.
    given_up: Mutex<BTreeSet<ShardId>>,
    /// The group has spoken.
    has_joined: AtomicBool,
    /// What the others had told before is known.
    has_heard: AtomicBool,
    /// The shards whose partitions are here.
    kept: ArcSwap<Kept>,
    map: ArcSwap<ShardMap>,
    /// Where clients and peers reach this node; empty: nobody can.
    addresses: ArcSwap<Addresses>,
    /// Wakes the placement thread.
    nudge: Sender<()>,
    nudged: Receiver<()>,
}

/// Where a node is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// By clients: `http://host:port`.
    pub endpoint: String,
    /// By other nodes: `host:port`, or `https://host:port` where by TLS.
    pub peer: String,
}

impl Cluster {
    /// `start`: which start of this node, as its transactional ids have it.
    pub(crate) fn new(
        config: &Config,
        kafka: Option<Arc<KafkaLog>>,
        node: &str,
        start: u64,
        now: Timestamp,
    ) -> Self {
        let (nudge, nudged) = crossbeam_channel::bounded(1);
        Self {
            kafka,
            process: Process { node: node.to_owned(), start },
            node: node.into(),
            rack: config.rack.clone(),
            started_at: now.0,
            shards: config.shards,
            replicas: AtomicUsize::new(config.num_standby_replicas),
            lease: ArcSwap::default(),
            changing: Mutex::default(),
            ownerships: Mutex::default(),
            given_up: Mutex::default(),
            has_joined: AtomicBool::new(false),
            has_heard: AtomicBool::new(false),
            kept: ArcSwap::from_pointee(Kept::All),
            map: ArcSwap::default(),
            addresses: ArcSwap::default(),
            nudge,
            nudged,
        }
    }

    /// The log, where it is Kafka's.
    pub(crate) fn kafka(&self) -> Option<&KafkaLog> {
        self.kafka.as_deref()
    }

    /// The threads that keep this node in its cluster; none where it is alone.
    pub(crate) fn start(shared: &Arc<Shared>) -> Result<Vec<std::thread::JoinHandle<()>>, NodeError> {
        if shared.cluster.is_alone() {
            return Ok(Vec::new());
        }
        Ok(vec![
            placement::spawn(shared)?,
            takeover::spawn(shared)?,
            lease::spawn(shared)?,
            nodes::spawn(shared)?,
        ])
    }

    /// Whether this process is the whole service.
    pub(crate) fn is_alone(&self) -> bool {
        self.kafka.is_none()
    }

    /// Others are there: nothing is kept here before the group says what.
    pub(crate) fn expect_others(&self) {
        self.kept.store(Arc::new(Kept::Some(BTreeSet::new())));
    }

    /// This node's id.
    pub(crate) fn node(&self) -> &NodeId {
        &self.node
    }

    /// Whether the partitions of a shard are kept here.
    pub(crate) fn keeps(&self, shard: ShardId) -> bool {
        self.kept.load().contains(shard)
    }

    /// Whether the group has given a shard to this node.
    pub(crate) fn owns(&self, shard: ShardId) -> bool {
        self.is_alone() || self.lease.load().generation(shard).is_some()
    }

    /// Whether a shard is this node's, with all that was written before: copies may be far behind when the group gives them.
    pub(crate) fn serves(&self, shard: ShardId) -> bool {
        self.is_alone() || self.lease.load().has_rows(shard)
    }

    /// The generation by which a shard is this node's, once everything that its predecessor left is dealt with.
    pub(crate) fn runs(&self, shard: ShardId) -> Option<i64> {
        if self.is_alone() {
            return Some(0);
        }
        let ownerships = self.ownerships();
        ownerships.get(&shard).filter(|owned| owned.is_running()).map(Ownership::generation)
    }

    /// Nothing is given up and no task is opened while this is held.
    pub(crate) fn ownerships(&self) -> MutexGuard<'_, BTreeMap<ShardId, Ownership>> {
        self.ownerships.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As what this node may answer for a shard.
    pub(crate) fn role(&self, shard: ShardId) -> Role {
        let is_active = self.is_alone() || self.lease.load().is_active(shard, clock::now_ms());
        if is_active { Role::Active } else { Role::Standby }
    }

    /// To be asked before a read, for [`Cluster::role_since`].
    pub(crate) fn standing(&self, shard: ShardId) -> Option<Standing> {
        self.lease.load().standing(shard)
    }

    /// As what this node answers for a shard that was read since.
    pub(crate) fn role_since(&self, shard: ShardId, standing: Option<Standing>) -> Role {
        let is_active = |standing| self.lease.load().is_active_since(shard, standing, clock::now_ms());
        if standing.is_some_and(is_active) { Role::Active } else { Role::Standby }
    }

    /// Whether the group has told this node what is its.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_alone() || self.has_joined.load(Ordering::Acquire)
    }

    /// Whether the routing table has all that the others had told before.
    pub(crate) fn has_heard(&self) -> bool {
        self.has_heard.load(Ordering::Acquire)
    }

    /// When this process began.
    pub(crate) fn started_at(&self) -> Timestamp {
        Timestamp(self.started_at)
    }

    /// The routing table as it is now.
    pub(crate) fn map(&self) -> Arc<ShardMap> {
        self.map.load_full()
    }

    /// The other nodes that have a shard, the best to ask first.
    pub(crate) fn others<R>(&self, shard: ShardId, read: impl Fn(&Place<'_>) -> R) -> Vec<R> {
        self.map.load().others(shard, &self.node).iter().map(read).collect()
    }

    /// The other nodes that have a shard and can't be reached, each with the reason.
    pub(crate) fn out_of_reach(&self, shard: ShardId) -> Vec<(NodeId, Arc<str>)> {
        let map = self.map.load();
        let places = map.places(shard);
        places
            .iter()
            .filter_map(|place| Some((place.node.clone(), Arc::clone(map.why_not_reached(place.node)?))))
            .collect()
    }

    /// Other nodes don't reach this one before it has told where.
    pub(crate) fn set_addresses(&self, addresses: Addresses) {
        self.addresses.store(Arc::new(addresses));
        self.nudge();
    }

    /// Copies of each shard beside its owner's, as the service has it now.
    pub(crate) fn replicas(&self) -> usize {
        self.replicas.load(Ordering::Acquire)
    }

    /// Takes in what a statement says of the service.
    pub(crate) fn alter(&self, num_standby_replicas: Option<usize>) {
        if let Some(replicas) = num_standby_replicas
            && self.replicas.swap(replicas, Ordering::AcqRel) != replicas
        {
            tracing::info!(num_standby_replicas = replicas, "other nodes keep copies of each shard");
            self.nudge();
        }
    }

    /// Has the placement thread look.
    pub(crate) fn nudge(&self) {
        // It will look anyway if it has been told already.
        let _ = self.nudge.try_send(());
    }

    fn change_lease<R>(&self, change: impl FnOnce(&mut Lease) -> R) -> R {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lease = (**self.lease.load()).clone();
        let result = change(&mut lease);
        self.lease.store(Arc::new(lease));
        result
    }

    /// Whether a later process tells of itself as this node.
    pub(crate) fn is_replaced(&self) -> bool {
        let own = format!("{:x}", self.process.start);
        let map = self.map.load();
        map.node(&self.node).is_some_and(|told| told.start != own && told.started_at >= self.started_at)
    }

    /// Whether other nodes are there.
    pub(crate) fn has_others(&self) -> bool {
        self.map.load().nodes().any(|(node, _)| *node != self.node)
    }

    /// Whether another node answers plain reads of a shard as its owner.
    pub(crate) fn is_served_elsewhere(&self, shard: ShardId) -> bool {
        let map = self.map.load();
        map.owner(shard).is_some_and(|owner| *owner.node != self.node && owner.ready)
    }

    /// The shards of this node.
    pub(crate) fn owned(&self) -> BTreeSet<ShardId> {
        self.lease.load().owned().collect()
    }

    /// Forgets who has told nothing for too long.
    fn expire(&self, now: Timestamp) {
        let mut now_known = (**self.map.load()).clone();
        now_known.expire(now);
        if now_known != **self.map.load() {
            self.change_map(|map| map.expire(now));
        }
    }

    /// A node could not be reached.
    fn mark_unreachable(&self, node: &str, why: &str) {
        self.change_map(|map| map.not_reached(node.into(), why));
    }

    /// Takes in what a node tells.
    fn told(&self, node: NodeId, record: Option<NodeRecord>, at: Timestamp) {
        self.change_map(|map| map.told(node.clone(), record.clone(), at));
    }

    /// Several threads learn of other nodes.
    fn change_map(&self, change: impl Fn(&mut ShardMap)) {
        self.map.rcu(|map| {
            let mut map = (**map).clone();
            change(&mut map);
            map
        });
    }
}
