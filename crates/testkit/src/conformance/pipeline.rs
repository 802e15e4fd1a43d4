//! The queries of a case at work: one driver for each, and topics between them.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lentic_sql::statement::PersistentQuery;

use super::TestService;
use crate::driver::{DriverOptions, Logged, TestDriver};

/// What the names of a query's own topics begin with, before its id.
pub const PREFIX: &str = "_confluent-ksql-some.ksql.service.idquery_";

/// A query at work.
pub struct RunningQuery {
    /// Its id.
    pub id: Arc<str>,
    /// The topics that it reads.
    pub reads: BTreeSet<String>,
    driver: TestDriver,
}

/// Records by topic, in the order in which they came.
pub type TopicRecords = BTreeMap<String, Vec<Logged>>;

impl RunningQuery {
    /// Starts a query.
    pub fn start(query: &PersistentQuery, service: &TestService) -> Result<Self, String> {
        let options =
            DriverOptions { prefix: Some(format!("{PREFIX}{}", query.id)), ..DriverOptions::default() };
        let driver = TestDriver::of_plan(query.plan.topology.clone(), options);
        let driver = driver.map_err(|errors| told(&errors))?;
        Ok(Self { id: Arc::clone(&query.id), reads: reads(query, service), driver })
    }

    /// Goes on as another query with the rows that are there.
    pub fn replace(&mut self, query: &PersistentQuery, service: &TestService) -> Result<(), String> {
        self.reads = reads(query, service);
        self.driver.replace(query.plan.topology.clone()).map_err(|errors| told(&errors))
    }

    /// Pipes a record in; what came out of it, with its topic, in the order in which it came.
    pub fn pipe(&mut self, topic: &str, record: &Logged) -> Result<Vec<(String, Logged)>, String> {
        let piped = self.driver.try_pipe(
            topic,
            record.key.as_deref(),
            record.value.as_deref(),
            record.timestamp.0,
            record.headers.clone(),
        );
        piped.map_err(|error| error.to_string())?;
        let out = self.driver.read_all().into_iter();
        Ok(out.map(|(partition, record)| (partition.topic.as_str().to_owned(), record)).collect())
    }
}

fn reads(query: &PersistentQuery, service: &TestService) -> BTreeSet<String> {
    let sources = query.sources.iter().filter_map(|name| service.state.catalog().source(name));
    sources.filter_map(|source| source.properties.topic.clone()).collect()
}

fn told(errors: &[impl ToString]) -> String {
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    format!("the topology cannot run: {}", texts.join("; "))
}
