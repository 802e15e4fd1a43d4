//! Queries, with how they are doing on this node.
use std::collections::BTreeMap;

use lentic::{FailureKind, QueryState, QueryStatus};
use lentic_ksql_api::entity::{QueryDescription, QueryError, RunningQuery};
use lentic_sql::catalog::Source;
use lentic_sql::statement::{self, QuerySummary};
use serde_json::Value;

use super::source::{topic, window};
use super::{View, fields};

impl View<'_> {
    /// A persistent query in a list.
    pub(super) fn running(&self, query: &QuerySummary) -> RunningQuery {
        let QuerySummary { statement, plan } = query;
        let state = self.state(&plan.id);
        RunningQuery {
            query_string: statement.to_string(),
            sinks: plan.sink.iter().map(|sink| sink.name.to_string()).collect(),
            sink_kafka_topics: plan.sink.iter().map(topic).collect(),
            id: plan.id.to_string(),
            status_count: [(state.clone(), 1)].into(),
            query_type: "PERSISTENT".to_owned(),
            state: Some(state),
        }
    }

    /// The queries whose rows go to clients of this node.
    pub(super) fn push_queries(&self) -> Vec<RunningQuery> {
        let running = |(id, text): (String, String)| RunningQuery {
            query_string: text,
            id,
            status_count: [("RUNNING".to_owned(), 1)].into(),
            query_type: "PUSH".to_owned(),
            state: Some("RUNNING".to_owned()),
            ..RunningQuery::default()
        };
        self.ksql.running.list().into_iter().map(running).collect()
    }

    pub(super) fn query(&self, described: &statement::QueryDescription) -> QueryDescription {
        let runs = !described.id.is_empty();
        let id = described.id.to_string();
        let status = self.node.query_status(&id).filter(|_| runs);
        let state = runs.then(|| self.state(&id));
        let host = self.node.config().listen.to_string();
        let hosts = state.iter().map(|state| (host.clone(), state.clone()));
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
            query_errors: status.iter().flat_map(errors).collect(),
            consumer_group_id: runs.then(|| self.ksql.prefix(&id)),
            state,
            id,
            ..QueryDescription::default()
        }
    }

    /// ksqlDB's word for how a query is doing here.
    fn state(&self, id: &str) -> String {
        let cannot_run = || self.ksql.incompatible().iter().any(|other| other.query.as_deref() == Some(id));
        let state = match self.node.query_status(id) {
            Some(status) => status.state,
            None if cannot_run() => QueryState::Error,
            // It is about to run.
            None => QueryState::Running,
        };
        state.as_str().to_owned()
    }
}

fn overridden(described: &statement::QueryDescription) -> BTreeMap<String, Value> {
    let given = described.settings.given().iter();
    given.map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect()
}

fn errors(status: &QueryStatus) -> Vec<QueryError> {
    let error = |failure: &lentic::QueryFailure| QueryError {
        timestamp: failure.at.0,
        error_message: failure.message.clone(),
        kind: match failure.kind {
            FailureKind::User => "USER",
            FailureKind::System => "SYSTEM",
            FailureKind::Unknown => "UNKNOWN",
        }
        .to_owned(),
    };
    status.failures.iter().map(error).collect()
}
