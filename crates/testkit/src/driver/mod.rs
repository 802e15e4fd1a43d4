//! Runs a topology in one thread, without a log or a clock: records in, records and rows out.
//!
//! ```
//! use lentic_testkit::TestDriver;
//! use lentic_topology::Topology;
//!
//! let topology = Topology::new("shouting");
//! topology.stream::<String, String>("said").map_values(|text| text.to_uppercase()).to("shouted");
//! let mut driver = TestDriver::new(&topology);
//! driver.pipe("said", &"ann".to_owned(), &"hello".to_owned(), 0);
//! assert_eq!(driver.read::<String, String>("shouted"), [(Some("ann".into()), Some("HELLO".into()), 0)]);
//! ```
mod log;
mod read;
mod replace;
pub(crate) mod rows;
mod tasks;

use std::collections::BTreeMap;
use std::sync::Arc;

use lentic_engine::TaskId;
use lentic_engine::stream::{
    AnyDestination, Destinations, PositionsRecord, StreamTask, TaskError, TaskSettings,
};
use lentic_store::{Database, MemoryDatabase};
use lentic_topology::spec::Topic;
use lentic_topology::{Data, Plan, Topology, TopologyError};
use lentic_types::{Header, Timestamp, TopicName};

pub use log::{Logged, TestLog};
pub use read::Output;
pub use rows::{SessionEntry, StoreRow, WindowEntry};
pub(crate) use tasks::layout;

/// How a driver runs its topology: the same answer is expected of every schedule.
#[derive(Clone)]
pub struct DriverOptions {
    /// What the names of the topology's own topics begin with; `None`: `test-<name>`.
    pub prefix: Option<String>,
    /// Partitions of the topics that the topology reads.
    pub partitions: u32,
    /// A commit after this many records; `None`: only when asked.
    pub commit_every: Option<u64>,
    /// Keeps the rows.
    pub database: Arc<dyn Database>,
    /// What tasks go by.
    pub settings: TaskSettings,
    /// What is known of the topics that results are written to; by default nothing, and each takes everything.
    pub destinations: Arc<dyn Destinations>,
    /// Bytes of changes of rows that wait in each task for later ones of the same rows, until a commit; 0: none waits.
    pub record_cache_bytes: usize,
    /// The wall clock at the beginning.
    pub now: Timestamp,
}

impl Default for DriverOptions {
    fn default() -> Self {
        Self {
            prefix: None,
            partitions: 1,
            commit_every: None,
            database: Arc::new(MemoryDatabase::default()),
            settings: TaskSettings { emit_interval_ms: 0, ..TaskSettings::default() },
            destinations: Arc::new(AnyDestination),
            record_cache_bytes: 0,
            now: Timestamp(0),
        }
    }
}

/// A topology at work under the test's control.
pub struct TestDriver {
    plan: Plan,
    prefix: String,
    options: DriverOptions,
    partitions: BTreeMap<Topic, u32>,
    log: TestLog,
    tasks: BTreeMap<TaskId, StreamTask>,
    positions: BTreeMap<TaskId, PositionsRecord>,
    globals: Arc<rows::GlobalRows>,
    now: Timestamp,
    piped: u64,
    last_error: Option<TaskError>,
    /// By topic: how many outputs were read.
    read: BTreeMap<TopicName, usize>,
    all_read: usize,
}

impl TestDriver {
    /// Runs a topology with the defaults: one partition, rows in memory.
    ///
    /// # Panics
    /// If the topology can't be built; the text says why.
    pub fn new(topology: &Topology) -> Self {
        Self::with(topology, DriverOptions::default())
    }

    /// Runs a topology as described.
    ///
    /// # Panics
    /// If the topology can't be built; the text says why.
    pub fn with(topology: &Topology, options: DriverOptions) -> Self {
        match Self::try_with(topology, options) {
            Ok(driver) => driver,
            Err(errors) => {
                let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
                panic!("the topology can't be built: {}", texts.join("; "));
            }
        }
    }

    /// Runs a topology as described, if it can be built.
    pub fn try_with(topology: &Topology, options: DriverOptions) -> Result<Self, Vec<TopologyError>> {
        Self::of_plan(topology.build()?, options)
    }

    /// Runs a topology that was built already.
    pub fn of_plan(plan: Plan, options: DriverOptions) -> Result<Self, Vec<TopologyError>> {
        let wanted = options.partitions;
        let partitions = plan.partitions(&mut |_| Some(wanted))?;
        let mut driver = Self {
            prefix: options.prefix.clone().unwrap_or_else(|| format!("test-{}", plan.name())),
            globals: Arc::new(rows::GlobalRows::new(plan.globals().len())),
            plan,
            now: options.now,
            options,
            partitions,
            log: TestLog::default(),
            tasks: BTreeMap::new(),
            positions: BTreeMap::new(),
            piped: 0,
            last_error: None,
            read: BTreeMap::new(),
            all_read: 0,
        };
        driver.open();
        Ok(driver)
    }

    /// What it runs.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// A record comes, and everything that follows from it happens.
    ///
    /// # Panics
    /// If a task fails; see [`TestDriver::try_pipe`].
    pub fn pipe<K: Data, V: Data>(&mut self, topic: &str, key: &K, value: &V, timestamp: i64) {
        self.pipe_with(topic, key, value, timestamp, Vec::new());
    }

    /// A record with headers comes, and everything that follows from it happens.
    ///
    /// # Panics
    /// If a task fails; see [`TestDriver::try_pipe`].
    pub fn pipe_with<K: Data, V: Data>(
        &mut self,
        topic: &str,
        key: &K,
        value: &V,
        timestamp: i64,
        headers: Vec<Header>,
    ) {
        let bytes = |payload: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = Vec::new();
            payload(&mut bytes);
            bytes
        };
        let key = (!key.is_null()).then(|| bytes(&|out| key.encode(out).expect("a key has bytes")));
        let value = (!value.is_null()).then(|| bytes(&|out| value.encode(out).expect("a value has bytes")));
        self.pipe_bytes_with(topic, key.as_deref(), value.as_deref(), timestamp, headers);
    }

    /// A record comes that is given as bytes.
    ///
    /// # Panics
    /// If a task fails; see [`TestDriver::try_pipe`].
    pub fn pipe_bytes(&mut self, topic: &str, key: Option<&[u8]>, value: Option<&[u8]>, timestamp: i64) {
        self.pipe_bytes_with(topic, key, value, timestamp, Vec::new());
    }

    /// A record comes that is given as bytes, with headers.
    ///
    /// # Panics
    /// If a task fails; see [`TestDriver::try_pipe`].
    pub fn pipe_bytes_with(
        &mut self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: i64,
        headers: Vec<Header>,
    ) {
        if let Err(error) = self.try_pipe(topic, key, value, timestamp, headers) {
            panic!("processing a record of {topic} failed: {error}");
        }
    }

    /// A record comes; `Err` if a task fails on it.
    ///
    /// # Panics
    /// If the topic's name is none.
    pub fn try_pipe(
        &mut self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        timestamp: i64,
        headers: Vec<Header>,
    ) -> Result<(), TaskError> {
        let name = TopicName::new(topic).expect("a topic's name");
        self.feed_globals(&name, key, value, timestamp);
        self.log.append_input(&name, self.options.partitions, key, value, Timestamp(timestamp), headers);
        self.run()?;
        self.piped += 1;
        if self.options.commit_every.is_some_and(|every| self.piped.is_multiple_of(every)) {
            self.commit();
        }
        Ok(())
    }

    /// Time passes on the wall clock, and schedules of it are called.
    ///
    /// # Panics
    /// If a task fails.
    pub fn advance_wall_clock(&mut self, millis: i64) {
        self.now.0 += millis;
        let now = self.now;
        for task in self.tasks.values_mut() {
            task.punctuate(now).expect("a punctuation");
        }
        self.run().expect("what punctuations produce is processed");
    }

    /// Every task commits, and what waited in caches until then goes all the way.
    ///
    /// # Panics
    /// If a task fails.
    pub fn commit(&mut self) {
        let ids: Vec<_> = self.tasks.keys().cloned().collect();
        loop {
            for id in &ids {
                self.commit_task(id);
            }
            self.log.commit();
            let waited = self.options.record_cache_bytes > 0;
            if !waited || self.run().expect("what waited is processed") == 0 {
                break;
            }
        }
    }

    /// Commits, stops all tasks, and starts them again from what they left.
    pub fn restart(&mut self) {
        self.commit();
        self.tasks.clear();
        self.open();
    }

    /// The same with all rows lost: they come back from the changelogs.
    pub fn restart_without_state(&mut self) {
        self.commit();
        self.tasks.clear();
        self.options.database = Arc::new(MemoryDatabase::default());
        self.open();
    }

    /// Stops without a commit: what was produced since the last one never was, and its inputs are processed again.
    ///
    /// # Panics
    /// If a task fails.
    pub fn crash(&mut self) {
        self.tasks.clear();
        self.log.abort();
        self.open();
        self.run().expect("the inputs were processed before");
    }

    /// The error that a task failed with last.
    pub fn last_error(&self) -> Option<&TaskError> {
        self.last_error.as_ref()
    }

    /// Records that the rules dropped so far: null keys, too late.
    pub fn dropped(&self) -> u64 {
        self.tasks.values().map(StreamTask::dropped).sum()
    }

    /// Records that error policies let go.
    pub fn skipped(&mut self) -> Vec<lentic_engine::stream::Skipped> {
        self.tasks.values_mut().flat_map(StreamTask::take_skipped).collect()
    }
}
