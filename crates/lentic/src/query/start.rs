//! Starting, stopping and dropping queries.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex};

use lentic_engine::TaskId;
use lentic_topology::spec::Topic;
use lentic_topology::{Plan, Topology, TopologyError};
use lentic_types::{Offset, PartitionId};

use super::destinations::LogDestinations;
use super::globals::GlobalTables;
use super::{Inner, Query, QueryError, QueryRecord, QuerySettings, TaskStatus, topics};
use crate::Node;
use crate::node::Shared;

impl Node {
    /// Runs a topology: makes its topics, serves its tables, and begins to process in the background. A topology of this
    /// name that ran before goes on where it was; one that would lose state is refused, with the difference of the two.
    /// Blocks.
    pub fn run(&self, topology: &Topology) -> Result<Query, QueryError> {
        let plan = topology.build().map_err(QueryError::Topology)?;
        self.run_plan(plan)
    }

    /// The query of this name, if it runs.
    pub fn query(&self, name: &str) -> Option<Query> {
        self.shared.queries().get(name).cloned()
    }

    /// All queries that run.
    pub fn queries(&self) -> Vec<Query> {
        self.shared.queries().values().cloned().collect()
    }

    /// Stops a query of the program after a commit. Its tables go on to answer, its positions stay.
    pub fn stop_query(&self, name: &str) -> Result<(), QueryError> {
        let query = self.of_program(name)?;
        self.shared.stop(&query);
        Ok(())
    }

    fn of_program(&self, name: &str) -> Result<Query, QueryError> {
        let query = self.query(name).filter(|query| query.inner.is_of_program);
        query.ok_or_else(|| QueryError::NotFound(name.to_owned()))
    }

    /// Stops a query of the program and forgets it, with its tables and its own topics: one of the same name begins anew.
    pub fn drop_query(&self, name: &str) -> Result<(), QueryError> {
        let query = self.of_program(name)?;
        self.stop_query(name)?;
        self.forget_query(name)?;
        for table in query.inner.tables.values().chain(&query.inner.globals.0) {
            self.remove_store(table)?;
        }
        for topic in query.own_topics() {
            self.shared.log.delete_topic(&topic)?;
        }
        Ok(())
    }

    pub(crate) fn run_plan(&self, plan: Plan) -> Result<Query, QueryError> {
        if self.shared.is_stopping() {
            return Err(QueryError::Closed);
        }
        let name = plan.name().to_string();
        if self.query(&name).is_some() || self.shared.upkeep.is_wanted(&name) {
            return Err(QueryError::Running(name));
        }
        self.shared.make_missing_topics(&plan)?;
        let log = &*self.shared.log;
        let partitions = topics::open(log, &plan, &self.shared.prefix_of(&plan))?.partitions;
        let known = self.known_query(&name);
        let (plan, former) = match &known {
            None => (plan, BTreeMap::new()),
            Some((old, _)) => continued(old, &plan, &partitions)?,
        };
        let record = QueryRecord::of(&plan, &partitions);
        let created = self.remember_query(&record, known.as_ref())?;
        let (prefix, settings) = (None, QuerySettings::default());
        let (is_paused, is_of_program) = (false, true);
        self.shared.launch(Launch { plan, prefix, settings, created, former, is_paused, is_of_program })
    }
}

/// A query as it is started.
pub(super) struct Launch {
    pub(super) plan: Plan,
    /// Before the names of its own topics.
    pub(super) prefix: Option<String>,
    pub(super) settings: QuerySettings,
    /// The offset of its creation's statement.
    pub(super) created: Offset,
    /// By part: the names under which its tasks left positions.
    pub(super) former: BTreeMap<String, Vec<String>>,
    pub(super) is_paused: bool,
    pub(super) is_of_program: bool,
}

impl Shared {
    pub(super) fn prefix_of(&self, plan: &Plan) -> String {
        format!("{}-{}", self.config.service_id, plan.name())
    }

    /// Makes a query's topics, opens its stores, and has its tasks opened in the background.
    pub(super) fn launch(self: &Arc<Self>, launch: Launch) -> Result<Query, QueryError> {
        let Launch { plan, prefix, settings, created, mut former, is_paused, is_of_program } = launch;
        if self.is_stopping() {
            return Err(QueryError::Closed);
        }
        if self.queries().contains_key(plan.name()) {
            return Err(QueryError::Running(plan.name().to_string()));
        }
        let prefix = prefix.unwrap_or_else(|| self.prefix_of(&plan));
        self.make_missing_topics(&plan)?;
        let topics = topics::open(&*self.log, &plan, &prefix)?;
        for part in plan.subtopologies() {
            former.entry(part.name.to_string()).or_insert_with(|| vec![part.name.to_string()]);
        }
        let tables = self.open_stores(&plan, &topics, created, is_of_program)?;
        let globals = Arc::new(GlobalTables(self.open_globals(&plan, created)?));
        let destinations = Arc::new(LogDestinations::new(Arc::clone(&self.log), &self.config));
        let tasks = tasks(&plan, &topics.partitions);
        self.streams.start(self)?;
        let statuses = tasks.iter().map(|task| (task.clone(), TaskStatus::Elsewhere)).collect();
        let inner = Inner {
            plan,
            cluster: Arc::clone(&self.cluster),
            shards: self.config.shards,
            prefix,
            created,
            topics,
            tables,
            globals,
            destinations,
            settings,
            is_of_program,
            is_paused: AtomicBool::new(is_paused),
            former,
            tasks: Mutex::new(statuses),
            positions: Mutex::default(),
            changed: Condvar::new(),
            skipped: AtomicU64::new(0),
        };
        let query = Query { inner: Arc::new(inner) };
        self.queries().insert(Arc::clone(query.inner.plan.name()), query.clone());
        self.open_owned_tasks();
        Ok(query)
    }

    /// On the embedded log a topic that isn't there is made, as for a table.
    fn make_missing_topics(&self, plan: &Plan) -> Result<(), QueryError> {
        if !self.config.brokers.is_empty() {
            return Ok(());
        }
        let read = plan.subtopologies().iter().flat_map(|part| &part.topics);
        let read = read.filter_map(|topic| match topic {
            Topic::Named(name) => Some(name.clone()),
            Topic::Repartition(_) => None,
        });
        let written = plan.nodes().iter().filter_map(|node| match &node.spec {
            lentic_topology::spec::Spec::Sink(sink) => match &sink.target {
                lentic_topology::spec::Target::Topic(Topic::Named(name)) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        });
        let global = plan.globals().iter().map(|global| global.topic.clone());
        let dead_letters = super::dead_letters(&self.config);
        for topic in read.chain(written).chain(global).chain(dead_letters).collect::<Vec<_>>() {
            self.make_embedded_topic(&topic)?;
        }
        Ok(())
    }
}

/// The plan as it goes on where another was, with its parts' names of then; and by part the names under which its tasks left
/// positions, its own first. `Err`: state would be lost.
pub(super) fn continued(
    old: &QueryRecord,
    next: &Plan,
    partitions: &BTreeMap<Topic, u32>,
) -> Result<(Plan, BTreeMap<String, Vec<String>>), QueryError> {
    let record = QueryRecord::of(next, partitions);
    old.check(&record).map_err(|text| QueryError::Topology(vec![TopologyError::Incompatible(text)]))?;
    let former = old.former_parts(&record);
    // What was one part may have become two: only one of them can have its name.
    let mut kept = BTreeMap::<String, String>::new();
    for (part, names) in &former {
        let taken: Vec<_> = kept.values().cloned().collect();
        let is_free =
            |name: &&String| !taken.contains(name) && (*name == part || !former.contains_key(*name));
        let name = if names.contains(part) { Some(part) } else { names.iter().find(is_free) };
        kept.extend(name.map(|name| (part.clone(), name.clone())));
    }
    let plan = next.with_part_names(&kept);
    let mut by_name = BTreeMap::new();
    for (part, names) in former {
        let own = kept.get(&part).cloned().unwrap_or(part);
        let others = names.into_iter().filter(|name| *name != own).collect::<Vec<_>>();
        by_name.insert(own.clone(), std::iter::once(own).chain(others).collect());
    }
    Ok((plan, by_name))
}

/// The tasks of a plan.
fn tasks(plan: &Plan, partitions: &BTreeMap<Topic, u32>) -> Vec<TaskId> {
    let mut tasks = Vec::new();
    for part in plan.subtopologies() {
        for partition in 0..plan.tasks(part, partitions) {
            tasks.push(TaskId {
                query: Arc::clone(plan.name()),
                subtopology: Arc::clone(&part.name),
                partition: PartitionId(partition),
            });
        }
    }
    tasks
}
