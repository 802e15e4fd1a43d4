//! The thread that tells the other nodes about this one, and hears of them: `<service>-nodes`, by node id.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lentic_cluster::{NodeRecord, Role, ShardState, TableState, keys_elsewhere};
use lentic_engine::TaskState;
use lentic_engine::log::{self, Polled, ReadFrom, Reader, ReaderOptions, TopicSettings};
use lentic_types::{OutgoingRecord, PartitionId, ShardId, Timestamp, TopicName, TopicPartition};

use crate::NodeError;
use crate::node::{NODES_SUFFIX, STATEMENTS_VERSION, Shared, now, pause, vital_thread};
use crate::topics::find_or_create;

/// How long a look at the topic waits.
const POLL: Duration = Duration::from_millis(50);

/// Between two looks at this node itself.
const LOOK: Duration = Duration::from_millis(200);

/// A node tells something at least this often, so that it counts.
const HEARTBEAT: Duration = Duration::from_secs(2);

const RETRY: Duration = Duration::from_millis(500);

pub(super) fn spawn(shared: &Arc<Shared>) -> Result<JoinHandle<()>, NodeError> {
    vital_thread(shared, "nodes", |shared| {
        let mut thread = NodesThread {
            topic: shared.nodes_name(),
            reader: None,
            told: None,
            told_at: Instant::now(),
            look_at: Instant::now(),
        };
        while !shared.is_stopping() {
            if let Err(error) = thread.round(shared) {
                tracing::debug!("the other nodes are out of reach: {error}");
                thread.reader = None;
                pause(RETRY);
            }
        }
    })
}

struct NodesThread {
    topic: TopicName,
    reader: Option<Box<dyn Reader>>,
    told: Option<NodeRecord>,
    told_at: Instant,
    look_at: Instant,
}

impl NodesThread {
    fn round(&mut self, shared: &Arc<Shared>) -> log::Result<()> {
        if self.reader.is_none() {
            self.reader = Some(self.open(shared)?);
        }
        let mut polled = Vec::new();
        if let Some(reader) = &mut self.reader {
            reader.poll(POLL, &mut polled)?;
        }
        let before = shared.cluster.map();
        for found in polled {
            match found {
                Polled::Records { batch, .. } => {
                    for record in batch.iter() {
                        hear(shared, record.key, record.value, record.timestamp);
                    }
                }
                Polled::OutOfRange { partition } => return Err(log::Error::NoSuchTopic(partition.topic)),
                Polled::Failed { error: error @ log::Error::NoSuchTopic(_), .. } => return Err(error),
                Polled::End { .. } => shared.cluster.has_heard.store(true, Ordering::Release),
                Polled::Failed { .. } => {}
            }
        }
        shared.cluster.expire(now());
        if *before != *shared.cluster.map() {
            shared.cluster.nudge();
            shared.learn_of_keys();
        }
        if Instant::now() >= self.look_at {
            self.look_at = Instant::now() + LOOK;
            self.tell(shared);
        }
        Ok(())
    }

    fn open(&self, shared: &Shared) -> log::Result<Box<dyn Reader>> {
        find_or_create(&*shared.log, &self.topic, 1, &TopicSettings::compacted())?;
        let partition = TopicPartition::new(self.topic.clone(), PartitionId(0));
        let mut reader = shared.log.reader(ReaderOptions::default())?;
        let start = shared.log.bounds_of(&partition)?.start;
        reader.assign(&partition, ReadFrom::Offset(start))?;
        Ok(reader)
    }

    /// Tells what has changed, or that this node is still there.
    fn tell(&mut self, shared: &Shared) {
        if !shared.cluster.is_settled() {
            return;
        }
        let record = shared.own_record();
        let is_news = self.told.as_ref().is_none_or(|told| without_lags(told) != without_lags(&record));
        if is_news || self.told_at.elapsed() >= HEARTBEAT {
            append(shared, &self.topic, Some(record.to_bytes()));
            self.told = Some(record);
            self.told_at = Instant::now();
        }
    }
}

fn without_lags(record: &NodeRecord) -> NodeRecord {
    let mut record = record.clone();
    record.shards.values_mut().for_each(|shard| shard.lag = 0);
    record
}

fn hear(shared: &Shared, key: Option<&[u8]>, value: Option<&[u8]>, at: Timestamp) {
    let Some(node) = key.and_then(|key| std::str::from_utf8(key).ok()) else { return };
    match value.map(NodeRecord::from_bytes).transpose() {
        Ok(record) => shared.cluster.told(node.into(), record, at),
        Err(error) => tracing::debug!(node, "{error}"),
    }
}

fn append(shared: &Shared, topic: &TopicName, value: Option<Vec<u8>>) {
    let record = OutgoingRecord {
        topic: topic.clone(),
        partition: PartitionId(0),
        key: Some(Bytes::copy_from_slice(shared.cluster.node().as_bytes())),
        value: value.map(Bytes::from),
        timestamp: Timestamp::NONE,
        headers: Vec::new(),
    };
    shared.log.append(
        record,
        Box::new(|ack| {
            if let Err(error) = ack {
                tracing::debug!("the other nodes were not told: {error}");
            }
        }),
    );
}

impl Shared {
    /// The name of the topic in which nodes tell about themselves.
    pub(crate) fn nodes_name(&self) -> TopicName {
        let name = format!("{}{NODES_SUFFIX}", self.config.service_id);
        TopicName::new(name).expect("a service's id was checked at the start")
    }

    /// This node has left.
    pub(crate) fn tell_leaving(&self) {
        if !self.cluster.is_alone() {
            append(self, &self.nodes_name(), None);
        }
    }

    /// What this node tells about itself.
    pub(crate) fn own_record(&self) -> NodeRecord {
        let cluster = &self.cluster;
        let mut shards: BTreeMap<ShardId, ShardState> = BTreeMap::new();
        let mut tables = BTreeMap::new();
        let state = |shard: ShardId| ShardState {
            role: if cluster.owns(shard) { Role::Active } else { Role::Standby },
            ready: cluster.serves(shard) || !cluster.owns(shard),
            lag: 0,
        };
        for shard in (0..self.config.shards).map(ShardId).filter(|shard| cluster.keeps(*shard)) {
            shards.insert(shard, state(shard));
        }
        for table in self.tables_here() {
            let mut keys = TableState { partitioners: u8::MAX, seen: true };
            if self.config.kept(&table.spec().name).is_none() {
                // They are on their way here.
                let missing =
                    (0..table.partitions()).map(PartitionId).filter(|id| table.partition(*id).is_none());
                for shard in missing.filter_map(|id| table.shard(id)) {
                    shards.entry(shard).and_modify(|entry| entry.ready = false);
                }
            }
            for partition in table.here().iter() {
                let view = partition.view();
                keys.partitioners &= view.partitioners;
                keys.seen &= matches!(view.state, TaskState::Live | TaskState::Rebuilding);
                if let Some(entry) = table.shard(partition.id).and_then(|shard| shards.get_mut(&shard)) {
                    entry.lag += view.progress.lag();
                    entry.ready &= view.state == TaskState::Live;
                }
            }
            if !table.is_internal() {
                tables.insert(table.spec().name.to_string(), keys);
            }
        }
        for shard in self.shards_with_tasks_to_open() {
            if let Some(entry) = shards.get_mut(&shard) {
                entry.ready = false;
            }
        }
        let lease = cluster.lease.load();
        let generation = lease.owned().filter_map(|shard| lease.generation(shard)).max();
        let addresses = cluster.addresses.load();
        NodeRecord {
            start: format!("{:x}", cluster.process.start),
            started_at: cluster.started_at,
            endpoint: addresses.endpoint.clone(),
            peer: addresses.peer.clone(),
            rack: cluster.rack.clone(),
            generation: generation.unwrap_or(0).max(self.log.generation()),
            statements: STATEMENTS_VERSION,
            shards,
            tables,
        }
    }

    /// Takes over what the other nodes have seen of the keys in partitions that are not here.
    fn learn_of_keys(&self) {
        let map = self.cluster.map();
        for table in self.tables_here() {
            let name = table.spec().name;
            let is_seen_here = |id: &PartitionId| {
                table.partition(*id).is_some_and(|partition| partition.view().state == TaskState::Live)
            };
            let elsewhere = (0..table.partitions()).map(PartitionId).filter(|id| !is_seen_here(id));
            let told = elsewhere.map(|id| {
                let owner = table.shard(id).and_then(|shard| map.owner(shard))?;
                owner.record.tables.get(name.as_str()).copied()
            });
            if let Some(keys) = keys_elsewhere(table.keys_elsewhere(), told) {
                table.learn(keys);
            }
        }
    }
}
