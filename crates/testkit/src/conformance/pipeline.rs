//! The queries of a case at work: one driver for each, and topics between them.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lentic_sql::statement::PersistentQuery;
use lentic_store::Database;

use super::TestService;
use crate::driver::{DriverOptions, Logged, TestDriver};

/// What the names of a query's own topics begin with, before its id.
pub const PREFIX: &str = "_confluent-ksql-some.ksql.service.idquery_";

/// A query at work.
pub struct RunningQuery {
    /// Which one.
    pub query: Arc<PersistentQuery>,
    /// The topics that it reads.
    pub reads: BTreeSet<String>,
    driver: TestDriver,
}

/// Records by topic, in the order in which they came.
pub type TopicRecords = BTreeMap<String, Vec<Logged>>;

impl RunningQuery {
    /// Starts a query; with a database it goes on with the rows that are there.
    pub fn start(
        query: &Arc<PersistentQuery>,
        service: &TestService,
        database: Option<Arc<dyn Database>>,
    ) -> Result<Self, String> {
        let names = query.sources.iter().filter_map(|name| service.state.catalog().source(name));
        let reads = names.filter_map(|source| source.properties.topic.clone()).collect();
        let driver = open(query, database)?;
        Ok(Self { query: Arc::clone(query), reads, driver })
    }

    /// Pipes a record in; what came out of it, by topic.
    pub fn pipe(&mut self, topic: &str, record: &Logged, out: &mut TopicRecords) -> Result<(), String> {
        let piped = self.driver.try_pipe(
            topic,
            record.key.as_deref(),
            record.value.as_deref(),
            record.timestamp.0,
            record.headers.clone(),
        );
        for (partition, record) in self.driver.read_all() {
            out.entry(partition.topic.as_str().to_owned()).or_default().push(record);
        }
        piped.map_err(|error| error.to_string())
    }
}

fn open(query: &PersistentQuery, database: Option<Arc<dyn Database>>) -> Result<TestDriver, String> {
    let mut options = DriverOptions { prefix: Some(format!("{PREFIX}{}", query.id)), ..DriverOptions::default() };
    if let Some(database) = database {
        options.database = database;
    }
    TestDriver::of_plan(query.plan.topology.clone(), options).map_err(|errors| {
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        texts.join("; ")
    })
}
