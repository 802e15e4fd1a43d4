//! Streams and tables.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::query::RunningQuery;
use super::schema::FieldInfo;

/// `LIST STREAMS`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamList {
    /// The streams.
    pub streams: Vec<Source>,
}

/// `LIST TABLES`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableList {
    /// The tables.
    pub tables: Vec<Source>,
}

/// A stream or table in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Source {
    /// `STREAM` or `TABLE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its topic.
    pub topic: String,
    /// The format of its keys.
    pub key_format: String,
    /// The format of its values.
    pub value_format: String,
    /// Whether its keys are windowed.
    pub is_windowed: bool,
}

/// `DESCRIBE s`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SourceDescribed {
    /// The stream or table.
    pub source_description: SourceDescription,
}

/// `DESCRIBE STREAMS`, `LIST TABLES EXTENDED`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SourcesDescribed {
    /// The streams or tables.
    pub source_descriptions: Vec<SourceDescription>,
}

/// A stream or table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SourceDescription {
    /// Its name.
    pub name: String,
    /// `TUMBLING`, `HOPPING`, `SESSION`, or none.
    pub window_type: Option<String>,
    /// The queries that read it.
    pub read_queries: Vec<RunningQuery>,
    /// The queries that write it.
    pub write_queries: Vec<RunningQuery>,
    /// Its columns.
    pub fields: Vec<FieldInfo>,
    /// `STREAM` or `TABLE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The column that times are read from; empty if they are the records'.
    pub timestamp: String,
    /// Numbers as text.
    pub statistics: String,
    /// Errors as text.
    pub error_stats: String,
    /// Whether the fields below are more than the defaults.
    pub extended: bool,
    /// The format of its keys.
    pub key_format: String,
    /// The format of its values.
    pub value_format: String,
    /// Its topic.
    pub topic: String,
    /// How many partitions that has; 0 if `extended` is false.
    pub partitions: i32,
    /// How many replicas those have; 0 if `extended` is false.
    pub replication: i32,
    /// The statement that made it.
    pub statement: String,
    /// Where consumers of its topic are.
    pub query_offset_summaries: Vec<SourceOffsets>,
    /// The streams and tables that must be dropped before it.
    pub source_constraints: Vec<String>,
    /// Numbers, by `host:port` and name.
    pub cluster_statistics: BTreeMap<String, BTreeMap<String, Statistic>>,
    /// Errors, by `host:port` and name.
    pub cluster_error_stats: BTreeMap<String, BTreeMap<String, Statistic>>,
}

/// A number about a source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Statistic {
    /// What it counts.
    pub name: String,
    /// How much.
    pub value: f64,
    /// When that was, in milliseconds.
    pub timestamp: i64,
}

/// Where a consumer group is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SourceOffsets {
    /// The group.
    pub group_id: String,
    /// Its topics.
    pub topic_summaries: Vec<TopicOffsets>,
}

/// Where a consumer group is in a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TopicOffsets {
    /// The topic.
    pub kafka_topic: String,
    /// Its partitions.
    pub offsets: Vec<ConsumerOffset>,
}

/// Where a consumer group is in a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConsumerOffset {
    /// The partition.
    pub partition: i32,
    /// Where its log starts.
    pub log_start_offset: i64,
    /// Where its log ends.
    pub log_end_offset: i64,
    /// Where the group is.
    pub consumer_offset: i64,
}
