//! The documents of requests and answers. Keys and values stand in them as their formats say: numbers, text, JSON,
//! or base64 for `bytes`; what doesn't decode appears as `key_base64` and `value_base64`.
use std::collections::BTreeMap;

use lentic::types::{FormatName, Partitioner, TableName, TableSpec, TopicName, WindowKind, WindowSpec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The answer to a put or delete.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Written {
    /// Where the write lies in the log: `topic/partition@offset.tttt`.
    pub token: String,
    /// The record's timestamp, in milliseconds since the epoch.
    pub timestamp: i64,
    /// Whether plain reads see it; false with `ack=log`, or where applying takes longer than the timeout.
    pub applied: bool,
}

/// The answer to `rows:write`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WrittenRows {
    /// A token per write, in their order.
    pub tokens: Vec<String>,
    /// The last token per partition: send them as Lentic-At-Least to read all of it.
    pub positions: Vec<String>,
    /// Whether plain reads see all of it.
    pub applied: bool,
}

/// A row.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Row {
    /// The key.
    #[schema(value_type = Value)]
    pub key: Option<Value>,
    /// The value.
    #[schema(value_type = Value)]
    pub value: Option<Value>,
    /// The key's stored bytes in base64, where they don't decode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_base64: Option<String>,
    /// The value's stored bytes in base64, where they don't decode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_base64: Option<String>,
    /// The window, where keys have windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<RowWindow>,
    /// The record's timestamp, in milliseconds since the epoch.
    pub timestamp: i64,
    /// The record's place in the log.
    pub token: String,
}

/// The window beside a key.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct RowWindow {
    /// When it starts, in milliseconds since the epoch.
    pub start: i64,
    /// When it ends: of a session its last record's time, of others the time after it, where the declaration has the size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<i64>,
    /// Tells several records of a window apart; absent where it is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u32>,
}

/// A put or a delete: a line of `rows:load`, an element of `rows:write`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WriteRow {
    /// The key; or `key_base64`.
    #[schema(value_type = Value)]
    pub key: Option<Value>,
    /// The key's stored bytes in base64.
    pub key_base64: Option<String>,
    /// The value; or `value_base64`, or `delete`.
    #[schema(value_type = Value)]
    pub value: Option<Value>,
    /// The value's stored bytes in base64.
    pub value_base64: Option<String>,
    /// True: a delete.
    pub delete: Option<bool>,
}

/// `rows:get`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GetRows {
    /// Keys as in rows.
    #[schema(value_type = Vec<Value>)]
    pub keys: Vec<Value>,
    /// Further keys by their stored bytes in base64.
    pub keys_base64: Option<Vec<String>>,
}

/// `rows:write`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct WriteRows {
    /// Up to max_writes_per_request puts and deletes.
    pub writes: Vec<WriteRow>,
}

/// The answer to `rows:get`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Rows {
    /// The rows that are there, in the order of the keys.
    pub rows: Vec<Row>,
    /// The keys that are not.
    #[schema(value_type = Vec<Value>)]
    pub missing: Vec<Value>,
    /// Those of `keys_base64` that are not.
    pub missing_base64: Option<Vec<String>>,
    /// Inclusive tokens: what the answer contains.
    pub positions: Vec<String>,
}

/// A page of a scan.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page {
    /// In key order.
    pub rows: Vec<Row>,
    /// For the next page; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Inclusive tokens: what the page's snapshot contains.
    pub positions: Vec<String>,
}

/// `rows:count`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Count {
    /// Rows.
    pub count: u64,
    /// Inclusive tokens: what was counted.
    pub positions: Vec<String>,
}

/// The answer to `rows:load`; with an error in it, what was written before.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Loaded {
    /// Puts and deletes that the log has acknowledged.
    pub written: u64,
    /// Lines refused with `on-error=skip`.
    pub skipped: u64,
    /// The first 1,000 of them.
    pub errors: Vec<BadLine>,
    /// The last token per partition.
    pub positions: Vec<String>,
    /// Whether plain reads see all of it.
    pub applied: bool,
}

/// A line that was refused.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BadLine {
    /// From 1.
    pub line: u64,
    /// An error code.
    pub code: String,
    /// What is wrong with it.
    pub message: String,
}

/// A declaration.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTable {
    /// 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_' and '-'.
    #[schema(value_type = String)]
    pub name: TableName,
    /// The topic; the table's name where left out.
    #[schema(value_type = Option<String>)]
    pub topic: Option<TopicName>,
    /// Format of the keys: bytes, string, int, bigint, double or json.
    #[schema(value_type = String)]
    pub key: FormatName,
    /// Format of the values.
    #[schema(value_type = String)]
    pub value: FormatName,
    /// Partitions of the topic if it is to be created; on Kafka a missing topic is created only with it.
    pub partitions: Option<u32>,
    /// murmur2, crc32 or fnv1a; detected from where the keys lie where left out.
    #[schema(value_type = Option<String>)]
    pub partitioner: Option<Partitioner>,
    /// Refuse every write.
    #[serde(default)]
    pub read_only: bool,
    /// What follows the key proper, where keys have windows; the table is read-only then.
    pub window: Option<Window>,
}

/// How keys carry windows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// time or session.
    #[schema(value_type = String)]
    pub kind: WindowKind,
    /// Of time windows: whether a sequence number follows, as in the changelog of a window store.
    #[serde(default)]
    pub sequence: bool,
    /// The size of time windows; without a sequence number it is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_ms: Option<u64>,
    /// Windows are hidden that start (sessions: end) longer than this before the latest one of their partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_ms: Option<u64>,
}

impl From<Window> for WindowSpec {
    fn from(window: Window) -> Self {
        let Window { kind, sequence, size_ms, retention_ms } = window;
        Self { kind, sequence, size_ms, retention_ms }
    }
}

impl From<WindowSpec> for Window {
    fn from(window: WindowSpec) -> Self {
        let WindowSpec { kind, sequence, size_ms, retention_ms } = window;
        Self { kind, sequence, size_ms, retention_ms }
    }
}

impl From<CreateTable> for TableSpec {
    fn from(create: CreateTable) -> Self {
        let topic = create.topic.unwrap_or_else(|| {
            TopicName::new(create.name.as_str()).expect("names of tables follow the rules of topics")
        });
        Self {
            name: create.name,
            topic,
            key: create.key,
            value: create.value,
            partitions: create.partitions,
            partitioner: create.partitioner,
            read_only: create.read_only,
            window: create.window.map(Into::into),
            history_ms: None,
        }
    }
}

/// `tables:attach`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attach {
    /// The application's `application.id`.
    pub application_id: String,
    /// One store alone; the fields below are of it.
    pub store: Option<String>,
    /// The table's name; the store's where left out.
    #[schema(value_type = Option<String>)]
    pub name: Option<TableName>,
    /// Format of the keys; of windowed ones, of what is before the window.
    #[schema(value_type = Option<String>)]
    pub key: Option<FormatName>,
    /// Format of the values.
    #[schema(value_type = Option<String>)]
    pub value: Option<FormatName>,
    /// none, time or session.
    pub window: Option<String>,
    /// The size of time windows, for their ends.
    pub size_ms: Option<u64>,
    /// As in `window` of a declaration.
    pub retention_ms: Option<u64>,
}

/// The answer to `tables:attach`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AttachedStores {
    /// One per changelog.
    pub stores: Vec<AttachedStore>,
}

/// What became of one store.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AttachedStore {
    /// Its name in the application.
    pub store: String,
    /// Its changelog.
    pub topic: String,
    /// Records that were looked at to guess what was not said.
    pub sampled: u64,
    /// Whether the table is new.
    pub created: bool,
    /// The table over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// What can be changed of a table.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlterTable {
    /// Refuse every write, or no longer.
    pub read_only: Option<bool>,
    /// The rule to write with: murmur2, crc32 or fnv1a.
    #[schema(value_type = Option<String>)]
    pub partitioner: Option<Partitioner>,
}

/// A table's description.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Table {
    /// The table's name.
    pub name: String,
    /// The topic that it is the fold of.
    pub topic: String,
    /// Which creation of the topic.
    pub topic_id: String,
    /// Format of the keys.
    pub key: String,
    /// Format of the values.
    pub value: String,
    /// Whether every write is refused.
    pub read_only: bool,
    /// How keys carry windows; absent where they don't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// How far back versions of the rows are kept, for reads as of a time; absent where the latest alone are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_ms: Option<u64>,
    /// The rule by which keys find their partition; null where none fits, or none is known yet.
    pub partitioner: Option<String>,
    /// `named` by the operator, `detected` (or the default of an empty topic), `mixed`, or `detecting` while keys are in
    /// the topic that were not looked at yet.
    pub partitioner_is: String,
    /// Whether plain reads are answered in all partitions.
    pub ready: bool,
    /// Estimated number of rows.
    pub rows_estimate: u64,
    /// What the operator should know.
    pub warnings: Vec<Warning>,
    /// One per partition of the topic.
    pub partitions: Vec<Partition>,
}

/// A remark on a table.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// Stable.
    pub code: String,
    /// With the remedy.
    pub message: String,
}

/// One partition of a table.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Partition {
    /// From 0.
    pub partition: u32,
    /// `starting`, `restoring`, `rebuilding`, `catching up`, `ready` or `failed`.
    pub state: String,
    /// Why it failed or is rebuilt.
    pub reason: Option<String>,
    /// 0 to 1 while restoring, rebuilding or catching up.
    pub done: Option<f64>,
    /// Whether reading stands before an open transaction.
    pub blocked: bool,
    /// The log's start.
    pub log_start: u64,
    /// The next offset to apply.
    pub position: u64,
    /// The log's end.
    pub end: u64,
    /// Records between position and end.
    pub lag: u64,
    /// Milliseconds since the store was last proven current.
    pub staleness_ms: Option<u64>,
    /// Estimated rows.
    pub rows_estimate: u64,
    /// Estimated bytes in the store.
    pub bytes: u64,
    /// Records without a key, skipped.
    pub null_keys: u64,
}

/// All tables.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tables {
    /// By name.
    pub tables: Vec<Table>,
}

/// Who serves a key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Route {
    /// The key's partition; null where no partitioner fits, or it is not known yet that one does, and all are asked.
    pub partition: Option<u32>,
    /// The rule; null where none fits.
    pub partitioner: Option<String>,
    /// Who serves it, the active first.
    pub nodes: Vec<RouteNode>,
}

/// A node that serves a key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RouteNode {
    /// Its name.
    pub node: String,
    /// `active` or `standby`.
    pub role: String,
    /// Where it is reached.
    pub url: String,
}

/// What `POST /v1/sql` takes as JSON.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Sql {
    /// Statements.
    pub sql: String,
    /// Properties that hold for them, as `SET` would set them.
    #[serde(default)]
    pub properties: BTreeMap<String, Value>,
    /// Values of variables, as `DEFINE` would define them.
    #[serde(default)]
    pub variables: BTreeMap<String, Value>,
}

/// The rows of a query.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SqlRows {
    /// By which a query that goes on is closed.
    pub query_id: String,
    /// The columns of the rows.
    pub columns: Vec<SqlColumn>,
    /// Values by the columns: TIMESTAMP and the like as text, BYTES in base64.
    pub rows: Vec<Vec<Value>>,
}

/// A column of a result.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SqlColumn {
    /// Its name.
    pub name: String,
    /// Its type, as SQL says it.
    #[serde(rename = "type")]
    pub kind: String,
}

/// The service as this node sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Cluster {
    /// The service.
    pub service_id: String,
    /// The node that answers.
    pub node: String,
    /// Copies of each shard that other nodes keep beside its owner.
    pub num_standby_replicas: usize,
    /// All nodes.
    pub nodes: Vec<ClusterNode>,
    /// All shards.
    pub shards: Vec<ClusterShard>,
}

/// What can be changed of the service while its nodes run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlterCluster {
    /// Copies of each shard that other nodes keep beside its owner: 0 to 16.
    pub num_standby_replicas: Option<usize>,
}

/// What became of a drain.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Drained {
    /// Whether other nodes have all of the node's shards.
    pub handed_over: bool,
}

/// A node of the service.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClusterNode {
    /// Its name.
    pub node: String,
    /// Where clients reach it; empty if it serves none.
    pub url: String,
    /// Where other nodes reach it: `host:port`, or `https://host:port` where by TLS.
    pub peer: String,
    /// Its failure domain.
    pub rack: Option<String>,
    /// The generation of the assignment that its roles are by.
    pub generation: i64,
    /// Shards that are its own.
    pub active: u32,
    /// Shards of others that it keeps a copy of.
    pub standby: u32,
    /// Records behind, in sum.
    pub lag: u64,
    /// Why the node that answers can't reach it now; null: it can, or has not tried.
    pub unreachable: Option<String>,
}

/// A shard.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClusterShard {
    /// Its number.
    pub shard: u32,
    /// `served`, `moving`, `unreachable` or `unowned`.
    pub state: String,
    /// Who has it.
    pub nodes: Vec<ClusterHolder>,
}

/// A node that has a shard.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ClusterHolder {
    /// Its name.
    pub node: String,
    /// `active` or `standby`.
    pub role: String,
    /// Whether it answers plain reads.
    pub ready: bool,
    /// Records behind.
    pub lag: u64,
}

/// What a topic looks like, from a sample.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Guess {
    /// The topic.
    pub topic: String,
    /// Its partitions.
    pub partitions: u32,
    /// As Kafka writes it.
    pub cleanup_policy: String,
    /// Records looked at.
    pub sampled: u64,
    /// Best format of the keys.
    pub key: GuessedFormat,
    /// Best format of the values.
    pub value: GuessedFormat,
    /// The rule that fits all sampled keys.
    pub partitioner: Option<String>,
    /// Remarks.
    pub warnings: Vec<String>,
}

/// A format and how well it fits.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GuessedFormat {
    /// The format.
    pub format: String,
    /// Share of the samples that decode, 0 to 1.
    pub share: f64,
}

/// The node at a glance.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// Of the program.
    pub version: String,
    /// The service that it belongs to.
    pub service_id: String,
    /// The node's name.
    pub node_id: String,
    /// `ready`, `catching up`, `stopping` or `failed`.
    pub state: String,
    /// Milliseconds since the start.
    pub uptime_ms: u64,
    /// `embedded`, or the brokers.
    pub log: String,
    /// Why the log can't be reached; null when it can.
    pub log_problem: Option<String>,
    /// Resident memory of the process, where the system tells.
    pub resident_bytes: Option<u64>,
    /// Memory and disk use by what it is for, in bytes.
    pub usage: BTreeMap<String, u64>,
    /// By name.
    pub tables: Vec<Table>,
}

/// `/healthz` and `/readyz`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok` or `ready`.
    pub status: String,
}

/// Every failing answer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Failed {
    /// What is wrong.
    pub error: Failure,
}

/// What is wrong.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// Stable; also in the header Lentic-Error.
    pub code: String,
    /// The facts.
    pub message: String,
    /// What to do next.
    pub hint: String,
}
