//! Queries, with how they are doing on all hosts.
use std::collections::BTreeMap;

use lentic_ksql_api::entity::{QueryDescription, QueryError, RunningQuery};
use lentic_sql::catalog::Source;
use lentic_sql::statement::{self, QuerySummary};
use serde_json::Value;

use super::source::{topic, window};
use super::{View, fields};
use crate::ksql::hosts::{Host, Report, UNRESPONSIVE, aggregate};

impl View<'_> {
    /// A persistent query in a list.
    pub(super) fn running(&self, query: &QuerySummary) -> RunningQuery {
        let QuerySummary { statement, plan } = query;
        let states = self.states(&plan.id);
        let mut status_count = BTreeMap::new();
        for state in states.values() {
            *status_count.entry((*state).to_owned()).or_default() += 1;
        }
        RunningQuery {
            query_string: statement.to_string(),
            sinks: plan.sink.iter().map(|sink| sink.name.to_string()).collect(),
            sink_kafka_topics: plan.sink.iter().map(topic).collect(),
            id: plan.id.to_string(),
            status_count,
            query_type: "PERSISTENT".to_owned(),
            state: Some(aggregate(states.into_values())),
        }
    }

    /// The queries whose rows go to clients, of whichever host.
    pub(super) fn push_queries(&self) -> Vec<RunningQuery> {
        let running = |(id, text): &(String, String)| RunningQuery {
            query_string: text.clone(),
            id: id.clone(),
            status_count: [("RUNNING".to_owned(), 1)].into(),
            query_type: "PUSH".to_owned(),
            state: Some("RUNNING".to_owned()),
            ..RunningQuery::default()
        };
        let told = self.reports().iter().filter_map(|host| host.told.as_ref());
        told.flat_map(|report| &report.push).map(running).collect()
    }

    pub(super) fn query(&self, described: &statement::QueryDescription) -> QueryDescription {
        let runs = !described.id.is_empty();
        let id = described.id.to_string();
        let states = if runs { self.states(&id) } else { BTreeMap::new() };
        let state = runs.then(|| aggregate(states.values().copied()));
        let hosts = states.iter().map(|(host, state)| ((*host).to_owned(), (*state).to_owned()));
        QueryDescription {
            statement_text: described.statement.to_string(),
            window_type: described.sink.as_deref().and_then(window),
            fields: fields(&described.schema),
            sources: described.sources.iter().map(ToString::to_string).collect(),
            sinks: described.sink.iter().map(|sink: &std::sync::Arc<Source>| sink.name.to_string()).collect(),
            topology: described.topology.clone(),
            execution_plan: described.drawing.clone(),
            overridden_properties: overridden(described),
            ksql_host_query_status: hosts.collect(),
            query_type: Some(if described.is_persistent { "PERSISTENT" } else { "PUSH" }.to_owned()),
            query_errors: if runs { self.errors(&id) } else { Vec::new() },
            consumer_group_id: runs.then(|| self.ksql.prefix(&id)),
            state,
            id,
            ..QueryDescription::default()
        }
    }

    fn reports(&self) -> &[Host<Report>] {
        self.reports.get_or_init(|| match self.hosts {
            Some(hosts) => hosts.reports(self.ksql),
            None => vec![Host::here(self.ksql, self.node)],
        })
    }

    /// ksqlDB's words for how a query is doing, by host.
    fn states(&self, id: &str) -> BTreeMap<&str, &str> {
        fn state<'a>(host: &'a Host<Report>, id: &str) -> (&'a str, &'a str) {
            (&host.name, host.told.as_ref().map_or(UNRESPONSIVE, |report| report.state(id)))
        }
        self.reports().iter().map(|host| state(host, id)).collect()
    }

    /// Of all hosts, the newest last.
    fn errors(&self, id: &str) -> Vec<QueryError> {
        let told = self.reports().iter().filter_map(|host| host.told.as_ref()?.query(id));
        let mut errors: Vec<_> = told.flat_map(|query| query.errors.iter().cloned()).collect();
        errors.sort_by_key(|error| error.timestamp);
        errors
    }
}

fn overridden(described: &statement::QueryDescription) -> BTreeMap<String, Value> {
    let given = described.settings.given().iter();
    given.map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect()
}
