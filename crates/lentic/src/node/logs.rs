//! Which log: the embedded one, or Kafka where brokers are named.
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lentic_engine::log::{self, SharedLog, TopicSettings};
use lentic_log_kafka::{KafkaLog, KafkaOptions, membership};
use lentic_log_local::{FsyncPolicy, LocalLog, LocalOptions};

use lentic_types::TopicName;

use super::catalog::other_shards;
use super::directory::DataDir;
use super::starts::Starts;
use crate::NodeError;
use crate::cluster::{Cluster, Group};
use crate::config::{Config, Fsync};
use crate::topics::find_or_create;

/// Behind the service's name in that of the topic whose partitions its nodes share out.
pub(super) const SHARDS_SUFFIX: &str = "-shards";

/// The same of the topic in which they tell about themselves.
pub(crate) const NODES_SUFFIX: &str = "-nodes";

/// The log, and the same as what it is if it is Kafka.
pub(crate) struct Opened {
    pub(crate) log: SharedLog,
    pub(crate) kafka: Option<Arc<KafkaLog>>,
}

pub(crate) fn open(config: &Config, dir: &DataDir) -> Result<Opened, NodeError> {
    match config.bootstrap_servers() {
        Some(brokers) => {
            let starts = dir.begin_start()?;
            let mut options = kafka_options(config, dir, brokers);
            let prefix = |start: &str| format!("{}-{}-{start}", config.service_id, dir.node_id());
            options.transactional_id_prefix = prefix(starts.own());
            let log = Arc::new(KafkaLog::connect(options)?);
            let earlier: Vec<_> = starts.earlier().into_iter().map(|start| (prefix(&start), start)).collect();
            if !earlier.is_empty() {
                let log = Arc::clone(&log);
                // Nobody has to wait for it: until then reading stands before what is open.
                super::thread("take-over", move || take_over(&log, &starts, &earlier))?;
            }
            Ok(Opened { log: Arc::clone(&log) as SharedLog, kafka: Some(log) })
        }
        None => {
            let options = LocalOptions {
                path: dir.log(),
                fsync: match config.fsync {
                    Fsync::Always => FsyncPolicy::Always,
                    Fsync::Interval => FsyncPolicy::Interval(Duration::from_millis(config.fsync_interval_ms)),
                    Fsync::Never => FsyncPolicy::Never,
                },
                block_cache_bytes: (config.block_cache_bytes / 8).max(8 << 20),
                queue_bytes: config.write_queue_bytes,
                ..LocalOptions::default()
            };
            Ok(Opened { log: Arc::new(LocalLog::open(options)?), kafka: None })
        }
    }
}

/// Aborts what earlier processes of this node left open.
fn take_over(log: &KafkaLog, starts: &Starts, earlier: &[(String, String)]) {
    for (prefix, start) in earlier {
        match log.abort_left_open(prefix) {
            Ok(()) => starts.end(start),
            // The brokers' timeout does it, or the next start.
            Err(error) => return tracing::debug!("what the start {start} left open stays for now: {error}"),
        }
    }
}

fn kafka_options(config: &Config, dir: &DataDir, brokers: String) -> KafkaOptions {
    KafkaOptions {
        client_id: format!("{}-{}", config.service_id, dir.node_id()),
        properties: config.kafka.0.clone(),
        // The embedded log takes a record that is larger, too.
        queue_bytes: config.write_queue_bytes.max(config.max_key_bytes + config.max_value_bytes),
        // A record that does not get through fails while its request still waits: known not to be written.
        message_timeout: Duration::from_millis(config.request_timeout_ms * 9 / 10)
            .max(Duration::from_secs(1)),
        ..KafkaOptions::new(brokers)
    }
}

/// The node's place in the group of its service id.
pub(crate) struct Membership {
    member: Member,
    node_id: String,
    join: Option<Join>,
    /// Since when the group says that another process is this node.
    fenced_at: Option<Instant>,
}

/// How long another process that the group takes for this node has to tell of itself.
const REPLACED: Duration = Duration::from_secs(3);

/// How this node joins its group.
#[derive(Clone)]
struct Join {
    options: KafkaOptions,
    service_id: String,
    topic: TopicName,
    node_id: String,
    listener: Arc<dyn membership::Listener>,
    kafka: Arc<KafkaLog>,
}

impl Join {
    fn run(&self) -> Result<membership::Membership, log::Error> {
        let listener = Arc::clone(&self.listener);
        let (group, topic) = (&self.service_id, &self.topic);
        let member = membership::Membership::join(&self.options, group, topic, &self.node_id, listener)?;
        self.kafka.set_member(member.member());
        Ok(member)
    }
}

enum Member {
    /// Of the embedded log there is none.
    None,
    Of(membership::Membership),
    /// The first node of a service has the topic of shards made, which takes a broker up to a second: nobody else has to
    /// wait for it.
    Founding(JoinHandle<Result<membership::Membership, NodeError>>),
}

impl Membership {
    /// The thread that makes the topic is joined once it has ended.
    fn settle(&mut self) -> Result<(), NodeError> {
        if !matches!(&self.member, Member::Founding(founding) if founding.is_finished()) {
            return Ok(());
        }
        if let Member::Founding(founding) = std::mem::replace(&mut self.member, Member::None) {
            let panicked = |_| Err(NodeError::Io("joining the group panicked".to_owned()));
            self.member = Member::Of(founding.join().unwrap_or_else(panicked)?);
        }
        Ok(())
    }

    /// `Err`: another process has this node's place, as the cluster knows: it has told of itself. Where none has, the group has
    /// mixed up this node with itself (an answer to it was lost while the brokers were away), and it joins again.
    pub(crate) fn check(&mut self, cluster: &Cluster) -> Result<(), NodeError> {
        self.settle()?;
        let Member::Of(member) = &self.member else { return Ok(()) };
        let Some(error) = member.trouble() else {
            self.fenced_at = None;
            return Ok(());
        };
        if cluster.is_replaced() {
            let (id, text) = (&self.node_id, "a copy of its data directory, or the same --node-id");
            return Err(NodeError::InUse(format!("{error}: another process runs as the node {id} ({text})")));
        }
        if self.fenced_at.get_or_insert_with(Instant::now).elapsed() >= REPLACED
            && let Some(join) = &self.join
        {
            tracing::warn!("no other process runs as this node: it joins its group again");
            self.fenced_at = None;
            self.member = Member::Of(join.run()?);
        }
        Ok(())
    }
}

/// Joins the group. Nothing is kept here at first where others are in it.
pub(crate) fn join(
    config: &Config,
    dir: &DataDir,
    opened: &Opened,
    cluster: &Cluster,
    group: &Arc<Group>,
) -> Result<Membership, NodeError> {
    let log = &opened.log;
    let membership =
        |member, join| Membership { member, node_id: dir.node_id().to_owned(), join, fenced_at: None };
    let (Some(brokers), Some(kafka)) = (config.bootstrap_servers(), &opened.kafka) else {
        return Ok(membership(Member::None, None));
    };
    let options = kafka_options(config, dir, brokers);
    let others = membership::members(&options, &config.service_id)?;
    if others.iter().any(|member| member.node != dir.node_id()) {
        cluster.expect_others();
    }
    let name = TopicName::new(format!("{}{SHARDS_SUFFIX}", config.service_id))
        .map_err(|error| NodeError::Config(format!("service_id: {error}")))?;
    let join = Join {
        options,
        service_id: config.service_id.clone(),
        topic: name.clone(),
        node_id: dir.node_id().to_owned(),
        listener: Arc::clone(group) as Arc<dyn membership::Listener>,
        kafka: Arc::clone(kafka),
    };
    let Some(topic) = log.topic(&name)? else {
        let (log, shards, founder) = (Arc::clone(log), config.shards, join.clone());
        let founding = std::thread::Builder::new().name("founding".to_owned()).spawn(move || {
            find_or_create(&*log, &name, shards, &TopicSettings::compacted())?;
            Ok(founder.run()?)
        });
        let founding = founding.map_err(|error| NodeError::Io(format!("can't start a thread: {error}")))?;
        return Ok(membership(Member::Founding(founding), Some(join)));
    };
    if topic.partitions != config.shards {
        return Err(other_shards(&format!("the topic {name}"), topic.partitions, config.shards));
    }
    let member = join.run()?;
    Ok(membership(Member::Of(member), Some(join)))
}
