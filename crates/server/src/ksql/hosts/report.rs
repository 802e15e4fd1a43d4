//! What a host says of the queries.
use std::collections::BTreeMap;

use lentic::{FailureKind, Node, QueryState, QueryStatus};
use lentic_ksql_api::entity::QueryError;
use serde::{Deserialize, Serialize};

use crate::ksql::Ksql;

/// ksqlDB's word for a query on a host that does not answer.
pub(crate) const UNRESPONSIVE: &str = "UNRESPONSIVE";

/// The queries of a host.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Report {
    /// Those of the service, by id.
    persistent: BTreeMap<String, QueryReport>,
    /// Those whose rows go to its clients: ids and statements.
    pub(crate) push: Vec<(String, String)>,
}

/// How a query is doing on a host.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct QueryReport {
    state: String,
    /// The last failures there.
    pub(crate) errors: Vec<QueryError>,
}

impl Report {
    /// This node's.
    pub(super) fn here(ksql: &Ksql, node: &Node) -> Self {
        let statuses = node.query_statuses();
        let mut persistent: BTreeMap<_, _> =
            statuses.iter().map(|status| (status.id.clone(), QueryReport::of(status))).collect();
        for query in ksql.incompatible().into_iter().filter_map(|other| other.query) {
            let state = QueryState::Error.as_str().to_owned();
            persistent.entry(query).or_insert(QueryReport { state, errors: Vec::new() });
        }
        Self { persistent, push: ksql.running.list() }
    }

    /// One that the host has not started yet is about to run.
    pub(crate) fn state(&self, query: &str) -> &str {
        self.persistent.get(query).map_or(QueryState::Running.as_str(), |report| &report.state)
    }

    pub(crate) fn query(&self, id: &str) -> Option<&QueryReport> {
        self.persistent.get(id)
    }
}

impl QueryReport {
    fn of(status: &QueryStatus) -> Self {
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
        Self { state: status.state.as_str().to_owned(), errors: status.failures.iter().map(error).collect() }
    }
}

/// What the states of a query on all hosts come to: the worst of them.
pub(crate) fn aggregate<'a>(states: impl Iterator<Item = &'a str>) -> String {
    let rank = |state: &str| match state {
        "ERROR" => 3,
        UNRESPONSIVE => 2,
        "PAUSED" => 1,
        _ => 0,
    };
    states.max_by_key(|state| rank(state)).unwrap_or(QueryState::Running.as_str()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_state_counts() {
        for (states, expected) in [
            (&[][..], "RUNNING"),
            (&["RUNNING", "RUNNING"], "RUNNING"),
            (&["RUNNING", "PAUSED"], "PAUSED"),
            (&["UNRESPONSIVE", "PAUSED", "RUNNING"], "UNRESPONSIVE"),
            (&["ERROR", "UNRESPONSIVE"], "ERROR"),
        ] {
            assert_eq!(aggregate(states.iter().copied()), expected, "{states:?}");
        }
    }
}
