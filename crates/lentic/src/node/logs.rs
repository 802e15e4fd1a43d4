//! Which log: the embedded one, or Kafka where brokers are named.
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use lentic_engine::log::{self, SharedLog, TopicSettings};
use lentic_log_kafka::{KafkaLog, KafkaOptions, membership};
use lentic_log_local::{FsyncPolicy, LocalLog, LocalOptions};

use lentic_types::TopicName;

use super::catalog::other_shards;
use super::directory::DataDir;
use super::starts::Starts;
use crate::NodeError;
use crate::config::{Config, Fsync};

/// Behind the service's name in that of the topic whose partitions its nodes share out.
pub(super) const SHARDS_SUFFIX: &str = "-shards";

/// The log, and the same as what it is if it is Kafka.
pub(crate) struct Opened {
    pub(crate) log: SharedLog,
    kafka: Option<Arc<KafkaLog>>,
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
    service_id: String,
    shards: usize,
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

    /// `Err`: another process has this node's place, or is to have it.
    pub(crate) fn check(&mut self) -> Result<(), NodeError> {
        self.settle()?;
        let Member::Of(member) = &self.member else { return Ok(()) };
        if let Some(error) = member.trouble() {
            let (id, text) = (&self.node_id, "a copy of its data directory, or the same --node-id");
            return Err(NodeError::InUse(format!("{error}: another process runs as the node {id} ({text})")));
        }
        // Who has all shards is alone.
        if !member.wait_joined(Duration::ZERO)? || member.assignment().len() == self.shards {
            return Ok(());
        }
        // Several that started at the same time did not see each other: the one with the smallest id stays.
        let others = member.other_members().unwrap_or_default();
        match others.iter().find(|other| other.node < self.node_id) {
            Some(other) => Err(second_node(&other.node, &self.service_id)),
            None => Ok(()),
        }
    }
}

fn second_node(other: &str, service_id: &str) -> NodeError {
    NodeError::InUse(format!(
        "another node ({other}) runs with the service id {service_id}: stop it, or choose another --service-id"
    ))
}

/// Joins the group. Another node in it is refused: several nodes of one service id are not supported yet.
pub(crate) fn join(config: &Config, dir: &DataDir, opened: &Opened) -> Result<Membership, NodeError> {
    let log = &opened.log;
    let membership = |member| Membership {
        member,
        node_id: dir.node_id().to_owned(),
        service_id: config.service_id.clone(),
        shards: config.shards as usize,
    };
    let Some(brokers) = config.bootstrap_servers() else { return Ok(membership(Member::None)) };
    let options = kafka_options(config, dir, brokers);
    let others: Vec<_> = membership::members(&options, &config.service_id)?
        .into_iter()
        .filter(|member| member.node != dir.node_id())
        .collect();
    if let Some(other) = others.first() {
        return Err(second_node(&other.node, &config.service_id));
    }
    let name = TopicName::new(format!("{}{SHARDS_SUFFIX}", config.service_id))
        .map_err(|error| NodeError::Config(format!("service_id: {error}")))?;
    let Some(topic) = log.topic(&name)? else {
        let (log, shards, kafka) = (Arc::clone(log), config.shards, opened.kafka.clone());
        let (group, node) = (config.service_id.clone(), dir.node_id().to_owned());
        let founding = std::thread::Builder::new().name("founding".to_owned()).spawn(move || {
            match log.create_topic(&name, shards, &TopicSettings::compacted()) {
                Ok(_) | Err(log::Error::TopicExists(_)) => {}
                Err(error) => return Err(error.into()),
            }
            let member = membership::Membership::join(&options, &group, &name, &node)?;
            if let Some(kafka) = kafka {
                kafka.set_member(member.member());
            }
            Ok(member)
        });
        let founding = founding.map_err(|error| NodeError::Io(format!("can't start a thread: {error}")))?;
        return Ok(membership(Member::Founding(founding)));
    };
    if topic.partitions != config.shards {
        return Err(other_shards(&format!("the topic {name}"), topic.partitions, config.shards));
    }
    let member = membership::Membership::join(&options, &config.service_id, &name, dir.node_id())?;
    if let Some(kafka) = &opened.kafka {
        kafka.set_member(member.member());
    }
    Ok(membership(Member::Of(member)))
}
