//! Topics that a service makes for itself, while other nodes of it may do the same.
use std::time::{Duration, Instant};

use lentic_engine::log::{self, Log, Topic, TopicSettings};
use lentic_types::TopicName;

/// Brokers may tell of a topic a moment after they refuse to make it again.
const PATIENCE: Duration = Duration::from_secs(10);

/// The topic, made if it is missing.
pub(crate) fn find_or_create(
    log: &dyn Log,
    name: &TopicName,
    partitions: u32,
    settings: &TopicSettings,
) -> log::Result<Topic> {
    if let Some(topic) = log.topic(name)? {
        return Ok(topic);
    }
    match log.create_topic(name, partitions, settings) {
        Err(log::Error::TopicExists(_)) => {}
        outcome => return outcome,
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        match log.topic(name)? {
            Some(topic) => return Ok(topic),
            None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            None => return Err(log::Error::NoSuchTopic(name.clone())),
        }
    }
}
