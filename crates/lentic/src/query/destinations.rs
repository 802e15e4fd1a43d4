//! What a query's tasks know of the topics that they write to.
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lentic_engine::log::SharedLog;
use lentic_engine::stream::{Destination, Destinations, Limits};
use lentic_types::TopicName;

use crate::config::Config;

/// How long a topic is taken to be as it was found. Shorter for one that was missing than a task that failed waits
/// before it tries again.
const FOUND: Duration = Duration::from_secs(30);
const MISSING: Duration = Duration::from_millis(200);

/// So many topics are remembered: records may name as many as they like.
const REMEMBERED: usize = 10_000;

/// What Kafka adds to a record that is alone in its batch, at most: 61 bytes before the records, and the record's own
/// lengths, deltas and attributes.
const BATCH_BYTES: u64 = 84;

/// Asks the log, and remembers what it said.
pub(super) struct LogDestinations {
    log: SharedLog,
    /// What the producer sends at most; `None`: the topic alone decides.
    producer_limit: Option<u64>,
    /// Batches are compressed: whether one is too large is known by the broker alone.
    is_compressed: bool,
    batch_bytes: u64,
    known: Mutex<BTreeMap<TopicName, (Instant, Destination)>>,
}

impl LogDestinations {
    pub(super) fn new(log: SharedLog, config: &Config) -> Self {
        let property = |name: &str| config.kafka.0.get(name);
        let compression = property("compression.codec").or_else(|| property("compression.type"));
        Self {
            log,
            producer_limit: property("message.max.bytes").and_then(|bytes| bytes.parse().ok()),
            is_compressed: compression.is_some_and(|codec| codec != "none"),
            batch_bytes: if config.brokers.is_empty() { 0 } else { BATCH_BYTES },
            known: Mutex::default(),
        }
    }

    /// Topics are asked for anew: a write has failed.
    pub(super) fn doubt(&self) {
        let now = Instant::now();
        for (until, _) in self.known().values_mut() {
            *until = now;
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<TopicName, (Instant, Destination)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None`: the log can't be asked at the moment. An outage does not make every record wait for an answer.
    fn ask(&self, name: &TopicName) -> Option<Destination> {
        self.log.health().ok()?;
        let topic = match self.log.topic(name) {
            Ok(Some(topic)) => topic,
            Ok(None) => return Some(Destination::Missing),
            Err(_) => return None,
        };
        let limit = if self.is_compressed { u64::MAX } else { topic.settings.max_message_bytes };
        let limit = limit.min(self.producer_limit.unwrap_or(u64::MAX));
        Some(Destination::Found(Limits {
            max_record_bytes: limit.saturating_sub(self.batch_bytes),
            is_compacted: topic.settings.cleanup.compact,
        }))
    }
}

impl Destinations for LogDestinations {
    fn find(&self, topic: &TopicName) -> Destination {
        let now = Instant::now();
        let remembered = self.known().get(topic).copied();
        if let Some((until, found)) = remembered
            && now < until
        {
            return found;
        }
        // While the log can't be asked, what it said last holds.
        let answer = self.ask(topic);
        let found = answer.or(remembered.map(|(_, found)| found)).unwrap_or(Destination::Unknown);
        let holds = if matches!(answer, Some(Destination::Found(_))) { FOUND } else { MISSING };
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(topic.clone(), (now + holds, found));
        found
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lentic_engine::log::{CleanupPolicy, TopicSettings};
    use lentic_log_local::{LocalLog, LocalOptions};

    use super::*;

    #[test]
    fn limits_are_those_of_the_topic_and_the_producer() {
        let directory = tempfile::tempdir().unwrap();
        let options = LocalOptions { path: directory.path().join("log"), ..LocalOptions::default() };
        let log: SharedLog = Arc::new(LocalLog::open(options).unwrap());
        let name = |name: &str| TopicName::new(name).unwrap();
        let cleanup = CleanupPolicy { compact: true, delete: false };
        let settings = TopicSettings { max_message_bytes: 500, cleanup, ..TopicSettings::default() };
        log.create_topic(&name("a"), 1, &settings).unwrap();
        for (properties, max_record_bytes) in [
            (&[][..], 500),
            (&[("message.max.bytes", "300")], 300),
            (&[("compression.codec", "zstd")], u64::MAX),
        ] {
            let mut config = Config::default();
            for (property, value) in properties {
                config.kafka.0.insert((*property).to_owned(), (*value).to_owned());
            }
            let destinations = LogDestinations::new(Arc::clone(&log), &config);
            let limits = Limits { max_record_bytes, is_compacted: true };
            assert_eq!(destinations.find(&name("a")), Destination::Found(limits));
            assert_eq!(destinations.find(&name("b")), Destination::Missing);
        }
    }
}
