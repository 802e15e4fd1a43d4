//! Topics.
use serde::{Deserialize, Serialize};

/// `LIST TOPICS`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TopicList {
    /// The topics.
    pub topics: Vec<Topic>,
}

/// A topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// How many replicas each partition has.
    pub replica_info: Vec<i32>,
}

/// `LIST TOPICS EXTENDED`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TopicListExtended {
    /// The topics.
    pub topics: Vec<TopicExtended>,
}

/// A topic and who reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TopicExtended {
    /// Its name.
    pub name: String,
    /// How many replicas each partition has.
    pub replica_info: Vec<i32>,
    /// How many consumers read it.
    pub consumer_count: i32,
    /// How many groups read it.
    pub consumer_group_count: i32,
}

/// A topic, as older servers describe it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TopicDescription {
    /// Its name in SQL.
    pub name: String,
    /// Its name.
    pub kafka_topic: String,
    /// The format of its values.
    pub format: String,
    /// The schema of its values.
    pub schema_string: String,
}
