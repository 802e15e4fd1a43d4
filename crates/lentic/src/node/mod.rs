//! A node: the threads that keep tables at the end of their logs, and the catalog of tables.
mod alter;
mod applier;
mod attach;
mod catalog;
mod changelog;
mod clerk;
mod directory;
mod guess;
mod loading;
mod logs;
mod partitions;
mod queries;
mod registry;
mod seeds;
mod sql;
mod starts;
mod statement;
mod statements;
mod tables;
mod topics;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lentic_engine::log::SharedLog;
use lentic_store::{Database, MemoryDatabase};
use lentic_store_rocksdb::{RocksDatabase, RocksOptions};
use lentic_types::{TableName, Timestamp, TopicName};

use crate::cluster::{Cluster, Group};
use crate::config::{Config, State};
use crate::query::{Opener, Query, StreamThreads, Transients, Upkeep, spawn_upkeep};
use crate::sql::{Interpreter, Reached};
use crate::table::{Limits, Line, Surroundings};
use crate::{NodeError, RawTable};

pub use attach::{Attach, Attached, AttachedWindow};
pub use guess::{Guess, GuessedFormat};
pub(crate) use logs::NODES_SUFFIX;
pub(crate) use statement::VERSION as STATEMENTS_VERSION;
pub use topics::{NewRecord, Produced, Topics};

use applier::Inbox;
pub(crate) use catalog::{Catalog, Declared};
use directory::DataDir;
use registry::Registry;

/// A running node; cheap to clone. [`Node::close`] stops it; dropping the last handle does not.
#[derive(Clone)]
pub struct Node {
    pub(crate) shared: Arc<Shared>,
}

/// What the threads of a node share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    dir: DataDir,
    pub(crate) log: SharedLog,
    pub(crate) database: Arc<dyn Database>,
    /// Of stores that are to be in memory.
    memory: MemoryDatabase,
    around: Arc<Surroundings>,
    registry: Registry,
    catalog: Mutex<Catalog>,
    pub(crate) inbox: Inbox,
    known_at_start: Mutex<Vec<TableName>>,
    was_ready: AtomicBool,
    stopping: AtomicBool,
    failure: Failure,
    pub(crate) threads: Mutex<Vec<JoinHandle<()>>>,
    membership: Mutex<Option<logs::Membership>>,
    pub(crate) streams: StreamThreads,
    pub(crate) opener: Opener,
    pub(crate) upkeep: Upkeep,
    pub(crate) transients: Transients,
    pub(crate) interpreter: Option<sql::SharedInterpreter>,
    sql: Reached,
    queries: Mutex<BTreeMap<Arc<str>, Query>>,
    left_behind: Mutex<Vec<partitions::LeftBehind>>,
    pub(crate) cluster: Arc<Cluster>,
    seeds: seeds::SeedsPlace,
}

/// Whether a node can take traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The tables known at start have caught up.
    Ready,
    /// These have not.
    CatchingUp(Vec<TableName>),
    /// A stop has begun.
    Stopping,
}

/// Milliseconds since the epoch: the node's clock, which counts suspended time.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(since.as_millis() as i64)
}

impl Node {
    /// Opens the state, replays the statements, starts the threads. Returns before the tables have caught up.
    pub fn open(config: Config) -> Result<Self, NodeError> {
        Self::open_as(config, None)
    }

    /// The same, of a program that understands statements of SQL: those in the log are applied before this returns, and their
    /// queries start in the background.
    pub fn open_with(config: Config, interpreter: Arc<dyn Interpreter>) -> Result<Self, NodeError> {
        Self::open_as(config, Some(interpreter))
    }

    fn open_as(config: Config, interpreter: Option<Arc<dyn Interpreter>>) -> Result<Self, NodeError> {
        config.check().map_err(|error| NodeError::Config(error.to_string()))?;
        let dir = DataDir::open(&config)?;
        let opened = logs::open(&config, &dir)?;
        let log = Arc::clone(&opened.log);
        let cluster = Cluster::new(&config, opened.kafka.clone(), dir.node_id(), dir.start(), now());
        let cluster = Arc::new(cluster);
        let group = Arc::new(Group::new(Arc::clone(&cluster)));
        // The disk and the brokers are waited for at the same time.
        let (database, joined) = std::thread::scope(|scope| {
            let state = scope.spawn(|| open_state(&config, &dir));
            // A node that can't run what is declared does not join.
            let joined = Declared::known(&*log, &config.service_id)
                .and_then(|declared| Ok((declared, logs::join(&config, &dir, &opened, &cluster, &group)?)));
            let failed = |_| Err(NodeError::Io("opening state/ panicked".to_owned()));
            (state.join().unwrap_or_else(failed), joined)
        });
        let (database, (declared, membership)) = (database?, joined?);
        let mut catalog = Catalog::open(&*database, &*log, config.shards)?;
        let limits = Limits {
            key_bytes: config.max_key_bytes as u64,
            value_bytes: config.max_value_bytes as u64,
            watch_buffer_bytes: config.watch_buffer_bytes,
            cas_timeout: Duration::from_millis(config.cas_timeout_ms),
        };
        let around = Arc::new(Surroundings {
            log: Arc::clone(&log),
            clock: now,
            cluster: Arc::clone(&cluster),
            shards: config.shards,
            chosen: config.chosen_tables(),
            limits,
            together: Arc::default(),
            catch_ups: Arc::new(Line::new(config.max_watch_catch_ups)),
        });
        let mut declared = declared.map_or_else(|| Declared::found(&*log, &config.service_id), Ok)?;
        let sql = declared.take_sql();
        let statements = catalog.take(declared);
        cluster.alter(catalog.num_standby_replicas);
        let (inbox, mail) = applier::inbox();
        let shared = Arc::new(Shared {
            config,
            dir,
            log,
            database,
            memory: MemoryDatabase::default(),
            around,
            registry: Registry::default(),
            catalog: Mutex::new(catalog),
            inbox,
            known_at_start: Mutex::default(),
            was_ready: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            failure: Failure::default(),
            threads: Mutex::default(),
            membership: Mutex::new(Some(membership)),
            streams: StreamThreads::default(),
            opener: Opener::default(),
            upkeep: Upkeep::default(),
            transients: Transients::default(),
            interpreter,
            sql: Reached::default(),
            queries: Mutex::default(),
            left_behind: Mutex::default(),
            cluster,
            seeds: seeds::SeedsPlace::default(),
        });
        group.attach(&shared);
        let node = Self { shared };
        node.shared.replay_sql(sql);
        let started = node.shared.start(mail).and_then(|()| node.restore_catalog(statements));
        match started.and_then(|()| node.shared.run_wanted()).and_then(|()| node.shared.hear_others()) {
            Ok(()) => Ok(node),
            Err(error) => {
                // Else its threads would hold the directory, and the node's place in the group.
                let timeout = Duration::from_millis(node.config().shutdown_timeout_ms);
                if let Err(error) = node.close(timeout) {
                    tracing::warn!("closing what had been opened: {error}");
                }
                Err(error)
            }
        }
    }

    /// The effective configuration.
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// This node's name in its cluster, kept in the data directory.
    pub fn node_id(&self) -> &str {
        self.shared.dir.node_id()
    }

    /// A table by name.
    pub fn table(&self, name: &str) -> Option<RawTable> {
        self.shared.registry.table(name).filter(|table| !table.is_internal())
    }

    /// A table by name, those included that the node keeps for itself: stores of queries. What another node asks for by
    /// [`RawTable::spec`]'s name is looked up so.
    pub fn any_table(&self, name: &str) -> Option<RawTable> {
        self.shared.registry.table(name)
    }

    /// All tables, by name.
    pub fn tables(&self) -> Vec<RawTable> {
        self.shared.registry.tables().into_iter().filter(|table| !table.is_internal()).collect()
    }

    /// Changes whenever a table is created, altered or dropped: a cheap way to keep a copy of [`Node::tables`].
    pub fn tables_version(&self) -> u64 {
        self.shared.registry.version()
    }

    /// Whether the tables known at start have caught up; once ready it stays so until a stop begins.
    pub fn readiness(&self) -> Readiness {
        if self.shared.stopping.load(Ordering::Acquire) {
            return Readiness::Stopping;
        }
        if self.shared.was_ready.load(Ordering::Acquire) {
            return Readiness::Ready;
        }
        let known = self.shared.known_at_start.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let waiting: Vec<_> = known
            .into_iter()
            .filter(|name| self.table(name.as_str()).is_some_and(|table| !table.is_ready()))
            .collect();
        if !waiting.is_empty() {
            return Readiness::CatchingUp(waiting);
        }
        self.shared.was_ready.store(true, Ordering::Release);
        Readiness::Ready
    }

    /// The log: for programs that write to topics themselves.
    pub fn log(&self) -> SharedLog {
        Arc::clone(&self.shared.log)
    }

    /// `Err`: the log can't be reached at the moment (the text says why). Does not block.
    pub fn log_health(&self) -> Result<(), String> {
        self.shared.log.health()
    }

    /// `Some(reason)` after a failure that the node can't go on from (a failed durable write, another process in its
    /// place): stop the process.
    pub fn failure(&self) -> Option<String> {
        self.shared.failure.reason()
    }

    /// (name, value) of memory and disk use, for metrics and status.
    pub fn usage(&self) -> Vec<(&'static str, u64)> {
        self.shared.database.usage()
    }

    /// Milliseconds since the epoch, by the node's clock.
    pub fn now_ms(&self) -> i64 {
        now().0
    }

    /// From now on not ready.
    pub fn begin_stop(&self) {
        self.shared.stopping.store(true, Ordering::Release);
    }

    /// Hands the node's shards to the other nodes before a stop, and goes on answering until they do or `timeout` is over.
    /// Returns whether they do. Without other nodes there is nobody to hand them to.
    pub fn drain(&self, timeout: Duration) -> bool {
        let shared = &self.shared;
        let deadline = Instant::now() + timeout;
        let own = shared.cluster.owned();
        if !shared.cluster.has_others() {
            return false;
        }
        tracing::info!(shards = own.len(), "handing shards over");
        drop(shared.membership.lock().unwrap_or_else(PoisonError::into_inner).take());
        while Instant::now() < deadline {
            if own.iter().all(|shard| shared.cluster.is_served_elsewhere(*shard)) {
                return true;
            }
            pause(Duration::from_millis(20));
        }
        false
    }

    /// Stops threads, flushes, leaves the group; bounded by `timeout`. The data directory can be opened again once the
    /// handles of this node and of its tables are dropped, too.
    pub fn close(&self, timeout: Duration) -> Result<(), NodeError> {
        let deadline = Instant::now() + timeout;
        self.begin_stop();
        // What the stream threads have is committed while the rest still works.
        self.shared.streams.stop();
        self.shared.inbox.stop();
        for table in self.shared.registry.tables() {
            table.close();
        }
        let threads =
            std::mem::take(&mut *self.shared.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            while !thread.is_finished() && Instant::now() < deadline {
                pause(Duration::from_millis(5));
            }
            if thread.is_finished() && thread.join().is_err() {
                tracing::error!("a thread had panicked");
            }
        }
        drop(self.shared.membership.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.shared.tell_leaving();
        self.shared.log.close(deadline.saturating_duration_since(Instant::now()));
        self.shared.database.close()?;
        self.shared.dir.leave();
        Ok(())
    }
}

impl Node {
    /// Whether it has begun to stop.
    pub fn is_stopping(&self) -> bool {
        self.shared.is_stopping()
    }
}

impl Shared {
    /// The node can't go on: nothing is applied any more, and whoever owns it is told to stop.
    pub(crate) fn fail(&self, reason: String) {
        self.failure.set(reason);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn start(self: &Arc<Self>, mail: applier::Mail) -> Result<(), NodeError> {
        let (loads, load_queue) = crossbeam_channel::unbounded();
        let (examinations, examination_queue) = crossbeam_channel::unbounded();
        let mut threads =
            vec![applier::spawn(self, mail, loads, examinations)?, clerk::spawn(self, examination_queue)?];
        for number in 0..self.config.restore_thread_count() {
            threads.push(loading::spawn(self, number, load_queue.clone())?);
        }
        threads.extend(Cluster::start(self)?);
        *self.threads.lock().unwrap_or_else(PoisonError::into_inner) = threads;
        Ok(())
    }
}

impl Shared {
    /// From now on the queries run that statements of SQL want.
    fn run_wanted(self: &Arc<Self>) -> Result<(), NodeError> {
        if self.interpreter.is_some() {
            let thread = spawn_upkeep(self)?;
            self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(())
    }

    /// From now on what other nodes declare takes effect here.
    fn hear_others(self: &Arc<Self>) -> Result<(), NodeError> {
        if !self.cluster.is_alone() {
            let thread = statements::spawn(self)?;
            self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(())
    }
}

/// Why a node can't go on; the first reason stays.
#[derive(Default)]
struct Failure(Mutex<Option<String>>);

impl Failure {
    fn set(&self, reason: String) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            tracing::error!("{reason}; the node stops");
            *first = Some(reason);
        }
    }

    fn reason(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs what a node can't do without.
    fn guard(&self, thread: &str, body: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(body)) {
            self.set(format!("the thread {thread} panicked: {}", panic_text(&*panic)));
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given")
}

/// Whether a topic is one of those that the service keeps for itself.
fn is_own_topic(config: &Config, topic: &TopicName) -> bool {
    topic
        .as_str()
        .strip_prefix(config.service_id.as_str())
        .is_some_and(|rest| [statement::SUFFIX, logs::SHARDS_SUFFIX, logs::NODES_SUFFIX].contains(&rest))
}

/// A named thread; what runs in it ends when the node stops.
pub(crate) fn thread(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, NodeError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|error| NodeError::Io(format!("can't start a thread: {error}")))
}

/// A thread that the node fails with.
pub(crate) fn vital_thread(
    shared: &Arc<Shared>,
    name: &str,
    body: impl FnOnce(&Arc<Shared>) + Send + 'static,
) -> Result<JoinHandle<()>, NodeError> {
    let (shared, own_name) = (Arc::clone(shared), name.to_owned());
    thread(name, move || shared.failure.guard(&own_name, || body(&shared)))
}

pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn open_state(config: &Config, dir: &DataDir) -> Result<Arc<dyn Database>, NodeError> {
    if config.state == State::Memory {
        return Ok(Arc::new(MemoryDatabase::default()));
    }
    let options = RocksOptions {
        path: dir.state(),
        block_cache_bytes: config.block_cache_bytes,
        write_buffer_bytes: config.write_buffer_bytes,
        flush_interval: Duration::from_millis(config.flush_interval_ms),
        ..RocksOptions::default()
    };
    Ok(Arc::new(RocksDatabase::open(options)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure() {
        let failure = Failure::default();
        failure.guard("clerk", || {});
        assert_eq!(failure.reason(), None);
        failure.guard("clerk", || panic!("{} words", 2));
        failure.guard("applier", || panic!("one word"));
        assert_eq!(failure.reason().as_deref(), Some("the thread clerk panicked: 2 words"));
    }
}
