//! The table of settings.
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use lentic_types::{PartitionId, TableName, TableSpec};
use serde::{Deserialize, Serialize};

use super::value::{
    ErrorHandling, Fsync, KIB, Kind, LogFormat, MIB, ProcessingGuarantee, SettingValue, State, TIB,
};
use super::{ConfigError, KafkaProperties};

/// The most copies of a shard beside the owner's.
pub const MOST_STANDBYS: usize = 16;

/// One setting: a key of the file, a flag of `lentic serve` and a variable.
pub struct Setting {
    /// The key in the file, for example `data_dir`.
    pub name: &'static str,
    /// The heading that it is listed under.
    pub group: &'static str,
    /// One line.
    pub doc: &'static str,
    /// As it would be typed; empty: unset.
    pub default: &'static str,
    /// What it takes.
    pub kind: Kind,
    pub(super) set: fn(&mut Config, &str) -> Result<(), String>,
    pub(super) get: fn(&Config) -> Option<toml::Value>,
}

impl Setting {
    /// The flag without its dashes, for example `data-dir`.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The variable, for example `LENTIC_DATA_DIR`.
    pub fn variable(&self) -> String {
        format!("LENTIC_{}", self.name.to_ascii_uppercase())
    }
}

macro_rules! settings {
    ($($group:literal { $(#[doc = $doc:literal] $name:ident: $type:ty = $default:literal, $kind:expr;)* })*) => {
        /// The settings of a node, all optional: `Config::default()` serves on the loopback interface from
        /// `./lentic-data` on the embedded log. Sizes are in bytes, times in milliseconds.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config {
            $($(#[doc = $doc] pub $name: $type,)*)*
            /// Properties that are passed to librdkafka as they are.
            pub kafka: KafkaProperties,
            /// Tables that are created at the start if they are absent; one that differs refuses the start.
            pub tables: Vec<TableSpec>,
        }

        impl Default for Config {
            fn default() -> Self {
                Self {
                    $($($name: SettingValue::read($default, $kind).expect("defaults are valid"),)*)*
                    kafka: KafkaProperties(BTreeMap::new()),
                    tables: Vec::new(),
                }
            }
        }

        /// All settings but `[kafka]` and `[[tables]]`, in the order in which they are listed.
        pub static SETTINGS: &[Setting] = &[$($(Setting {
            name: stringify!($name),
            group: $group,
            doc: $doc.trim_ascii(),
            default: $default,
            kind: $kind,
            set: |config, text| {
                config.$name = SettingValue::read(text, $kind)?;
                Ok(())
            },
            get: |config| SettingValue::show(&config.$name, $kind),
        },)*)*];
    };
}

settings! {
    "Node" {
        /// Address that HTTP is served on; beyond the loopback interface it takes `token_file` or `insecure`.
        listen: SocketAddr = "127.0.0.1:8088", Kind::Address;
        /// Directory of the node: `log/` is the embedded log (the database), `state/` can always be deleted.
        data_dir: PathBuf = "./lentic-data", Kind::Path;
        /// Where rows and positions are: in `state/`, or in memory, where each start builds them anew from the log.
        state: State = "disk", Kind::Choice(&["disk", "memory"]);
        /// Kafka brokers as host:port, separated by commas; unset: the embedded log.
        brokers: Vec<String> = "", Kind::List;
        /// Name of the service: its group, its internal topics and its transactional ids begin with it.
        service_id: String = "lentic", Kind::Text;
        /// Name of this node in the service; unset: one is drawn and kept in the data directory.
        node_id: Option<String> = "", Kind::Text;
        /// Shards of the service, fixed by its first start.
        shards: u32 = "64", Kind::Count(1, 4096);
        /// Partitions that this node keeps, each as table/partition, of tables that it keeps only in part; others it keeps whole.
        kept_partitions: Vec<String> = "", Kind::List;
    }
    "Cluster" {
        /// Address that the other nodes of the service reach this one at; unset: the address of `listen` with a port of its own.
        peer_listen: Option<SocketAddr> = "", Kind::Address;
        /// Host that clients and other nodes reach this node by; unset: the address that it listens on.
        advertise: Option<String> = "", Kind::Text;
        /// Failure domain of this node: copies of its shards are kept in others where there are any.
        rack: Option<String> = "", Kind::Text;
        /// Copies of each shard that other nodes keep, so that they can go on at once; until the service is told otherwise at run time.
        num_standby_replicas: usize = "1", Kind::Count(0, MOST_STANDBYS as u64);
        /// Bytes of rows that a node gives to others in a second, all together, while they take partitions over.
        seed_max_bytes_per_second: usize = "100MiB", Kind::Bytes(64 * KIB, TIB);
        /// File with the secret that the nodes of the service share, by which they know each other.
        peer_secret_file: Option<PathBuf> = "", Kind::Path;
        /// PEM file with this node's certificate (and those between it and its CA): nodes speak TLS; takes `peer_key_file` and `peer_ca_file`.
        peer_certificate_file: Option<PathBuf> = "", Kind::Path;
        /// PEM file with the key of `peer_certificate_file`.
        peer_key_file: Option<PathBuf> = "", Kind::Path;
        /// PEM file with the CAs that sign the certificates of the service's nodes.
        peer_ca_file: Option<PathBuf> = "", Kind::Path;
        /// Answer other nodes only if a CA of `peer_ca_file` has signed their certificate (mutual TLS): with the secret, or instead of it.
        peer_mtls: bool = "false", Kind::Switch;
    }
    "Access" {
        /// File of tokens and what each may do, a right per line: `read`, `write` or `admin`, the token, and names that it is for.
        token_file: Option<PathBuf> = "", Kind::Path;
        /// PEM file with the certificate that clients are shown (and those between it and its CA): they speak TLS; takes `key_file`.
        certificate_file: Option<PathBuf> = "", Kind::Path;
        /// PEM file with the key of `certificate_file`.
        key_file: Option<PathBuf> = "", Kind::Path;
        /// Serve beyond the loopback interface without tokens.
        insecure: bool = "false", Kind::Switch;
        /// Origins of web pages that may call this node, separated by commas; `*` allows all.
        cors_origin: Vec<String> = "", Kind::List;
    }
    "SQL" {
        /// Properties that hold for all statements of SQL, as name=value, separated by commas: ksqlDB's names.
        ksql: Vec<String> = "", Kind::List;
    }
    "Stream processing" {
        /// What a commit promises: `exactly_once`, or `at_least_once`, which is lighter and may process records again after a failure.
        processing_guarantee: ProcessingGuarantee = "exactly_once", Kind::Choice(&["exactly_once", "at_least_once"]);
        /// Threads that process streams.
        num_stream_threads: usize = "1", Kind::Count(1, 256);
        /// Time between two commits: how long results wait until they can be seen.
        commit_interval_ms: u64 = "100ms", Kind::Millis(1, 3_600_000);
        /// Changes of state between two commits, per thread; where there are more a commit comes earlier.
        statestore_uncommitted_max_bytes: usize = "32MiB", Kind::Bytes(64 * KIB, TIB);
        /// Changes of tables' rows that wait until the next commit, so that those of one row go on as one, of all threads together; 0: none waits.
        statestore_cache_max_bytes: usize = "0", Kind::Bytes(0, TIB);
        /// Records read and not yet processed, per partition; reading pauses where there are more.
        input_buffer_max_bytes: usize = "8MiB", Kind::Bytes(64 * KIB, TIB);
        /// Rows that each task remembers, so that they need not be read from the store again.
        task_cache_bytes: usize = "16MiB", Kind::Bytes(0, TIB);
        /// How long a task waits for an input that has nothing at the moment while others have; -1: not at all, even if more may be on its way.
        max_task_idle_ms: i64 = "0", Kind::Millis(0, 3_600_000);
        /// What happens to a record whose bytes don't decode: its task stops, or it is skipped.
        deserialization_errors: ErrorHandling = "fail", Kind::Choice(&["fail", "continue"]);
        /// What happens to a record that a function fails on: its task stops, or it is skipped.
        processing_errors: ErrorHandling = "fail", Kind::Choice(&["fail", "continue"]);
        /// What happens to a result that its topic would refuse (too large, no bytes, no such topic): its task stops, or it is skipped.
        production_errors: ErrorHandling = "fail", Kind::Choice(&["fail", "continue"]);
        /// Topic that skipped records are written to, with the cause in their headers; unset: none.
        dead_letter_topic: Option<String> = "", Kind::Text;
        /// Longest time that a commit may take.
        transaction_timeout_ms: u64 = "10s", Kind::Millis(100, 900_000);
    }
    "Embedded log" {
        /// When a write is synced to disk: before it is acknowledged, every `fsync_interval_ms`, or never.
        fsync: Fsync = "always", Kind::Choice(&["always", "interval", "never"]);
        /// Time between two syncs with `fsync = "interval"`: what a power failure may take, and how long reads wait for a write.
        fsync_interval_ms: u64 = "1s", Kind::Millis(1, 3_600_000);
    }
    "Memory" {
        /// Cache of blocks read from disk, shared by all tables.
        block_cache_bytes: usize = "256MiB", Kind::Bytes(MIB, TIB);
        /// Rows in memory that are not yet flushed to `state/`, of all tables together.
        write_buffer_bytes: usize = "64MiB", Kind::Bytes(MIB, TIB);
        /// Rows read and not yet ingested while tables are restored, of all tables together.
        restore_buffer_bytes: usize = "128MiB", Kind::Bytes(MIB, TIB);
        /// Threads that restore tables; 0: one per core.
        restore_threads: usize = "0", Kind::Count(0, 1024);
        /// Writes accepted and not yet acknowledged by the log; more are answered with 429.
        write_queue_bytes: usize = "64MiB", Kind::Bytes(MIB, TIB);
    }
    "Limits" {
        /// Longest key of a write.
        max_key_bytes: usize = "64KiB", Kind::Bytes(1, 16 * MIB);
        /// Longest value of a write.
        max_value_bytes: usize = "1MiB", Kind::Bytes(1, 512 * MIB);
        /// Longest body of a request; `rows:load` streams without a limit, its lines have `max_line_bytes`.
        max_body_bytes: usize = "16MiB", Kind::Bytes(KIB, 2048 * MIB);
        /// Longest line of `rows:load`.
        max_line_bytes: usize = "4MiB", Kind::Bytes(KIB, 2048 * MIB);
        /// Rows of a page of a scan that gives no `limit`.
        default_page_rows: usize = "100", Kind::Count(1, 1_000_000);
        /// Most rows of a page of a scan.
        max_page_rows: usize = "10000", Kind::Count(1, 1_000_000);
        /// Most keys of a `rows:get`.
        max_keys_per_get: usize = "1000", Kind::Count(1, 100_000);
        /// Most puts and deletes of a `rows:write`.
        max_writes_per_request: usize = "1000", Kind::Count(1, 100_000);
        /// Requests answered at the same time; more are answered with 503.
        max_concurrent_requests: usize = "1024", Kind::Count(1, 1_000_000);
        /// Watches open at the same time; more are answered with 503.
        max_watches: usize = "1000", Kind::Count(1, 1_000_000);
        /// Transient queries (push queries, and pull queries over streams) at the same time on this node; more are refused.
        max_transient_queries: usize = "100", Kind::Count(1, 100_000);
        /// Memory of a pull query for rows that are sorted or grouped before they go out (ORDER BY, GROUP BY); more are refused.
        max_pull_bytes: usize = "64MiB", Kind::Bytes(64 * KIB, TIB);
        /// Watches that read the log at the same time, on their way back to the newest changes; others wait for their turn.
        max_watch_catch_ups: usize = "16", Kind::Count(1, 10_000);
        /// Changes kept for a watch whose reader is slow; one that falls further behind is cut off.
        watch_buffer_bytes: usize = "1MiB", Kind::Bytes(KIB, 1024 * MIB);
    }
    "Times" {
        /// Longest time for a request that gives no `Lentic-Timeout`.
        request_timeout_ms: u64 = "10s", Kind::Millis(1, 3_600_000);
        /// Longest time that a `Lentic-Timeout` may ask for.
        max_request_timeout_ms: u64 = "60s", Kind::Millis(1, 3_600_000);
        /// Longest time that a compare-and-set holds its transaction open.
        cas_timeout_ms: u64 = "2s", Kind::Millis(10, 60_000);
        /// Time between two looks at the ends of the topics: the resolution of lag and staleness.
        ends_refresh_ms: u64 = "1s", Kind::Millis(10, 60_000);
        /// Longest time that a row stays only in memory before it is flushed to `state/`.
        flush_interval_ms: u64 = "30s", Kind::Millis(100, 3_600_000);
        /// Longest time that a graceful stop takes.
        shutdown_timeout_ms: u64 = "20s", Kind::Millis(100, 3_600_000);
    }
    "Logging" {
        /// Format of the log lines on standard error.
        log_format: LogFormat = "text", Kind::Choice(&["text", "json"]);
        /// Least level that is logged: error, warn, info, debug or trace, also per module (`info,lentic=debug`).
        log_level: String = "info", Kind::Text;
    }
}

impl Config {
    /// `bootstrap.servers` for librdkafka; `None`: the embedded log.
    pub fn bootstrap_servers(&self) -> Option<String> {
        (!self.brokers.is_empty()).then(|| self.brokers.join(","))
    }

    /// Threads that restore: `restore_threads`, or one per core (at least 1).
    pub fn restore_thread_count(&self) -> usize {
        match self.restore_threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        }
    }

    /// Keeps only these partitions of a table (`kept_partitions`): a choice of this node, which the table's declaration
    /// knows nothing of.
    #[must_use]
    pub fn keep(mut self, table: &str, partitions: impl IntoIterator<Item = u32>) -> Self {
        let kept = partitions.into_iter().map(|partition| format!("{table}/{partition}"));
        self.kept_partitions.extend(kept);
        self
    }

    /// The partitions of a table that this node keeps; `None`: all.
    pub(crate) fn kept(&self, table: &TableName) -> Option<BTreeSet<PartitionId>> {
        let kept = self.kept_partitions.iter().filter_map(|kept| kept_partition(kept));
        let kept: BTreeSet<_> =
            kept.filter(|(name, _)| *name == table.as_str()).map(|(_, partition)| partition).collect();
        (!kept.is_empty()).then_some(kept)
    }

    /// The tables of which this node keeps chosen partitions.
    pub(crate) fn chosen_tables(&self) -> BTreeSet<TableName> {
        let kept = self.kept_partitions.iter().filter_map(|kept| kept_partition(kept));
        kept.filter_map(|(name, _)| TableName::new(name).ok()).collect()
    }

    /// Why other nodes can't be answered at this address; `None`: they can.
    pub fn unguarded_peers(&self, address: IpAddr) -> Option<String> {
        let is_guarded = self.peer_secret_file.is_some() || self.peer_mtls || self.insecure;
        (!address.is_loopback() && !is_guarded).then(|| {
            format!(
                "{address}, for other nodes, is reachable from other machines: name a peer_secret_file (the same secret on every \
                 node), or say peer_mtls = true (with peer_certificate_file, peer_key_file and peer_ca_file), or insecure = true \
                 to answer anybody who can reach it"
            )
        })
    }

    /// Settings that don't go together. [`super::resolve`] has asked this already.
    pub fn check(&self) -> Result<(), ConfigError> {
        super::check::check(self)
    }
}

/// `table/partition`.
pub(super) fn kept_partition(text: &str) -> Option<(&str, PartitionId)> {
    let (table, partition) = text.rsplit_once('/')?;
    TableName::new(table).ok()?;
    Some((table, PartitionId(partition.parse().ok()?)))
}
