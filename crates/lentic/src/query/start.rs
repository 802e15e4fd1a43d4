//! Starting, stopping and dropping queries.
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex};

use lentic_engine::TaskId;
use lentic_topology::spec::Topic;
use lentic_topology::{Plan, Topology, TopologyError};
use lentic_types::PartitionId;

use super::destinations::LogDestinations;
use super::globals::GlobalTables;
use super::{Inner, Query, QueryError, QueryRecord, TaskStatus, topics};
use crate::Node;

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
        self.queries().into_iter().find(|query| query.name() == name)
    }

    /// All queries that run.
    pub fn queries(&self) -> Vec<Query> {
        self.shared.queries().clone()
    }

    /// Stops a query after a commit. Its tables go on to answer, its positions stay.
    pub fn stop_query(&self, name: &str) -> Result<(), QueryError> {
        let query = self.query(name).ok_or_else(|| QueryError::NotFound(name.to_owned()))?;
        self.shared.stop(&query);
        Ok(())
    }

    /// Stops a query and forgets it, with its tables and its own topics: one of the same name begins anew.
    pub fn drop_query(&self, name: &str) -> Result<(), QueryError> {
        let query = self.query(name).ok_or_else(|| QueryError::NotFound(name.to_owned()))?;
        self.stop_query(name)?;
        self.forget_query(name)?;
        for table in query.inner.tables.values() {
            self.remove_store(table)?;
        }
        for table in &query.inner.globals.0 {
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
        if self.query(plan.name()).is_some() {
            return Err(QueryError::Running(plan.name().to_string()));
        }
        let config = self.config();
        let prefix = format!("{}-{}", config.service_id, plan.name());
        self.make_missing_topics(&plan)?;
        let mut topics = topics::open(&*self.shared.log, &plan, &prefix)?;
        let known = self.known_query(plan.name());
        let mut record = QueryRecord::of(&plan, &topics.partitions);
        let mut former = BTreeMap::new();
        let plan = match &known {
            None => plan,
            Some((old, _)) => {
                old.check(&record)
                    .map_err(|text| QueryError::Topology(vec![TopologyError::Incompatible(text)]))?;
                former = old.former_parts(&record);
                let kept =
                    former.iter().filter_map(|(part, names)| Some((part.clone(), names.first()?.clone())));
                let kept: BTreeMap<String, String> = kept.collect();
                let plan = plan.with_part_names(&kept);
                former = former
                    .into_iter()
                    .map(|(part, names)| (kept.get(&part).cloned().unwrap_or(part), names))
                    .collect();
                record = QueryRecord::of(&plan, &topics.partitions);
                plan
            }
        };
        let created = self.remember_query(&record, known.as_ref())?;
        for part in plan.subtopologies() {
            former.entry(part.name.to_string()).or_insert_with(|| vec![part.name.to_string()]);
        }
        let tables = self.open_stores(&plan, &mut topics, created)?;
        let globals = Arc::new(GlobalTables(self.open_globals(&plan, created)?));
        let destinations = Arc::new(LogDestinations::new(Arc::clone(&self.shared.log), config));
        let tasks = tasks(&plan, &topics.partitions);
        self.shared.streams.start(&self.shared)?;
        let statuses = tasks.iter().map(|task| (task.clone(), TaskStatus::Elsewhere)).collect();
        let inner = Inner {
            plan,
            cluster: Arc::clone(&self.shared.cluster),
            shards: config.shards,
            prefix,
            created,
            topics,
            tables,
            globals,
            destinations,
            former,
            tasks: Mutex::new(statuses),
            positions: Mutex::default(),
            changed: Condvar::new(),
            skipped: AtomicU64::new(0),
        };
        let query = Query { inner: Arc::new(inner) };
        self.shared.queries().push(query.clone());
        self.shared.open_owned_tasks()?;
        Ok(query)
    }

    /// On the embedded log a topic that isn't there is made, as for a table.
    fn make_missing_topics(&self, plan: &Plan) -> Result<(), QueryError> {
        if !self.config().brokers.is_empty() {
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
        let dead_letters = super::dead_letters(self.config());
        for topic in read.chain(written).chain(global).chain(dead_letters).collect::<Vec<_>>() {
            self.make_embedded_topic(&topic)?;
        }
        Ok(())
    }
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
