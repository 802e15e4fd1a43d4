//! Queries.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::schema::FieldInfo;

/// `LIST QUERIES`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueryList {
    /// The queries.
    pub queries: Vec<RunningQuery>,
}

/// A query in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RunningQuery {
    /// Its text.
    pub query_string: String,
    /// What it writes.
    pub sinks: Vec<String>,
    /// The topics of what it writes.
    pub sink_kafka_topics: Vec<String>,
    /// Its id.
    pub id: String,
    /// How many servers say so: `{"RUNNING":2}`.
    pub status_count: BTreeMap<String, u32>,
    /// `PERSISTENT` or `PUSH`.
    pub query_type: String,
    /// `RUNNING`, `PAUSED`, `ERROR` or `UNRESPONSIVE`.
    pub state: Option<String>,
}

/// `EXPLAIN`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct QueryDescribed {
    /// The query.
    pub query_description: QueryDescription,
}

/// `LIST QUERIES EXTENDED`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct QueriesDescribed {
    /// The queries.
    pub query_descriptions: Vec<QueryDescription>,
}

/// A query.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct QueryDescription {
    /// Its id; empty for one that does not run.
    pub id: String,
    /// Its text.
    pub statement_text: String,
    /// `TUMBLING`, `HOPPING`, `SESSION`, or none.
    pub window_type: Option<String>,
    /// The columns of its result.
    pub fields: Vec<FieldInfo>,
    /// What it reads.
    pub sources: Vec<String>,
    /// What it writes.
    pub sinks: Vec<String>,
    /// Its topology, in the words of Kafka Streams.
    pub topology: String,
    /// Its steps.
    pub execution_plan: String,
    /// The properties that it was started with.
    pub overridden_properties: BTreeMap<String, Value>,
    /// What each server says, by `host:port`.
    pub ksql_host_query_status: BTreeMap<String, String>,
    /// `PERSISTENT`, `PUSH` or none.
    pub query_type: Option<String>,
    /// Its last errors.
    pub query_errors: Vec<QueryError>,
    /// Where its tasks are.
    pub tasks_metadata: Vec<TaskMetadata>,
    /// The consumer group that it reads as.
    pub consumer_group_id: Option<String>,
    /// `RUNNING`, `PAUSED`, `ERROR` or none.
    pub state: Option<String>,
}

/// An error of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct QueryError {
    /// When, in milliseconds.
    pub timestamp: i64,
    /// What happened.
    pub error_message: String,
    /// `USER`, `SYSTEM` or `UNKNOWN`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Where a task of a query is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TaskMetadata {
    /// Its id, as `0_3`.
    pub task_id: String,
    /// Where it is in each of its inputs.
    pub topic_offsets: Vec<OffsetOfTask>,
    /// Since when it waits for input, in milliseconds.
    pub time_current_idling_started: Option<i64>,
}

/// Where a task is in one of its inputs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OffsetOfTask {
    /// The input.
    pub topic_partition_entity: TopicPartition,
    /// Where it ends.
    pub end_offset: i64,
    /// What was committed.
    pub committed_offset: i64,
}

/// A partition of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TopicPartition {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
}
