//! What statements are executed with.
use crate::plan::Planner;

/// Functions, clock and log for queries, and the cluster's topics.
pub struct Context<'a> {
    /// Plans the queries.
    pub planner: Planner,
    /// What is known of topics.
    pub topics: &'a dyn Topics,
}

/// What is known of the topics of the cluster.
pub trait Topics {
    /// How many partitions a topic has; `None`: there is no such topic.
    fn partitions(&self, topic: &str) -> Option<u32>;

    /// All topics, by name.
    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    /// How many replicas its partitions have; `None`: there is no such topic, or it is not known.
    fn replicas(&self, _topic: &str) -> Option<i16> {
        None
    }

    /// A setting of the topic itself, such as `retention.ms`.
    fn config(&self, _topic: &str, _name: &str) -> Option<String> {
        None
    }

    /// Whether a registry has a schema of this subject (any, if none is named) and number (any, if none is named). `None`: there
    /// is no registry.
    fn has_schema(&self, _subject: Option<&str>, _id: Option<i64>) -> Option<bool> {
        None
    }
}
