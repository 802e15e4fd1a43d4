//! Which log: the embedded one, or Kafka where brokers are named.
use std::sync::Arc;
use std::time::Duration;

use lentic_engine::log::{self, SharedLog, TopicSettings};
use lentic_log_kafka::{KafkaLog, KafkaOptions, membership};
use lentic_log_local::{FsyncPolicy, LocalLog, LocalOptions};

use lentic_types::TopicName;

use super::directory::DataDir;
use crate::NodeError;
use crate::config::{Config, Fsync};

/// Behind the service's name in that of the topic whose partitions its nodes share out.
pub(super) const SHARDS_SUFFIX: &str = "-shards";

pub(crate) fn open(config: &Config, dir: &DataDir) -> Result<SharedLog, NodeError> {
    match config.bootstrap_servers() {
        Some(brokers) => {
            let options = kafka_options(config, dir, brokers);
            Ok(Arc::new(KafkaLog::connect(options)?))
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
            Ok(Arc::new(LocalLog::open(options)?))
        }
    }
}

fn kafka_options(config: &Config, dir: &DataDir, brokers: String) -> KafkaOptions {
    // New at each start, so that what an earlier process left open can be told from this one's.
    let start = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
    KafkaOptions {
        client_id: format!("{}-{}", config.service_id, dir.node_id()),
        transactional_id_prefix: format!("{}-{}-{start}", config.service_id, dir.node_id()),
        properties: config.kafka.0.clone(),
        // The embedded log takes a record that is larger, too.
        queue_bytes: config.write_queue_bytes.max(config.max_key_bytes + config.max_value_bytes),
        // A record that does not get through fails while its request still waits: known not to be written.
        message_timeout: Duration::from_millis(config.request_timeout_ms * 9 / 10).max(Duration::from_secs(1)),
        ..KafkaOptions::new(brokers)
    }
}

/// The node's place in the group of its service id.
pub(crate) struct Membership {
    _member: Option<membership::Membership>,
}

/// Joins the group. Another node in it is refused: several nodes of one service id are not supported yet.
pub(crate) fn join(config: &Config, dir: &DataDir, log: &SharedLog) -> Result<Membership, NodeError> {
    let Some(brokers) = config.bootstrap_servers() else { return Ok(Membership { _member: None }) };
    let options = kafka_options(config, dir, brokers);
    let others: Vec<_> = membership::members(&options, &config.service_id)?
        .into_iter()
        .filter(|member| member.node != dir.node_id())
        .collect();
    if let Some(other) = others.first() {
        return Err(NodeError::InUse(format!(
            "another node ({other:?}) runs with the service id {}: stop it, or choose another --service-id",
            config.service_id
        )));
    }
    let name = TopicName::new(format!("{}{SHARDS_SUFFIX}", config.service_id))
        .map_err(|error| NodeError::Config(format!("service_id: {error}")))?;
    if log.topic(&name)?.is_none() {
        match log.create_topic(&name, config.shards, &TopicSettings::compacted()) {
            Ok(_) | Err(log::Error::TopicExists(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let member = membership::Membership::join(&options, &config.service_id, &name, dir.node_id())?;
    Ok(Membership { _member: Some(member) })
}
