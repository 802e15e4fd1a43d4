//! The log's topics, as statements ask for them.
use std::cell::RefCell;
use std::collections::BTreeMap;

use lentic::log::{Topic, TopicSettings};
use lentic::types::TopicName;
use lentic_sql::statement::Topics;

/// Topics as they are at the moment; each is asked for once. Blocks.
pub(crate) struct LogTopics {
    log: lentic::Topics,
    is_embedded: bool,
    found: RefCell<BTreeMap<String, Option<Topic>>>,
    /// Topics that are not there yet: statements that come before will make them.
    assumed: RefCell<BTreeMap<String, u32>>,
}

impl LogTopics {
    pub(crate) fn new(node: &lentic::Node) -> Self {
        Self {
            log: node.topics(),
            is_embedded: node.config().brokers.is_empty(),
            found: RefCell::default(),
            assumed: RefCell::default(),
        }
    }

    /// A topic as it is.
    pub(crate) fn topic(&self, name: &str) -> Option<Topic> {
        if let Some(found) = self.found.borrow().get(name) {
            return found.clone();
        }
        let topic = TopicName::new(name).ok().and_then(|name| {
            let described = self.log.describe(&name);
            described.inspect_err(|error| tracing::warn!("a topic can't be described: {error}")).ok()?
        });
        self.found.borrow_mut().insert(name.to_owned(), topic.clone());
        topic
    }

    /// A topic that is made once a statement of the same request is executed.
    pub(crate) fn assume(&self, name: &str, partitions: u32) {
        self.assumed.borrow_mut().insert(name.to_owned(), partitions);
    }

    /// It is another one than before.
    pub(crate) fn forget(&self, name: &str) {
        self.found.borrow_mut().remove(name);
        self.assumed.borrow_mut().remove(name);
    }
}

impl Topics for LogTopics {
    fn partitions(&self, name: &str) -> Option<u32> {
        let found = self.topic(name).map(|topic| topic.partitions);
        found.or_else(|| self.assumed.borrow().get(name).copied())
    }

    fn names(&self) -> Vec<String> {
        let names = self.log.names().inspect_err(|error| tracing::warn!("topics can't be listed: {error}"));
        names.unwrap_or_default().into_iter().map(String::from).collect()
    }

    fn replicas(&self, _: &str) -> Option<i16> {
        // The log does not tell of Kafka's; the embedded one has one of each.
        self.is_embedded.then_some(1)
    }

    fn config(&self, name: &str, setting: &str) -> Option<String> {
        let TopicSettings { cleanup, retention_ms, retention_bytes, .. } = self.topic(name)?.settings;
        match setting {
            "retention.ms" => Some(retention_ms.to_string()),
            "retention.bytes" => Some(retention_bytes.to_string()),
            "cleanup.policy" => {
                let policies = [(cleanup.compact, "compact"), (cleanup.delete, "delete")];
                let policies: Vec<_> = policies.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
                Some(policies.join(","))
            }
            _ => None,
        }
    }
}
