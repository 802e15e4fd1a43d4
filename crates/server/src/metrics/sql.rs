//! Queries.
use std::collections::BTreeMap;
use std::fmt;

use lentic::QueryState;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::state::State;

pub(super) fn encode(state: &State, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let Some(ksql) = &state.options.ksql else { return Ok(()) };
    let states = [QueryState::Running, QueryState::Error, QueryState::Unresponsive, QueryState::Paused];
    let mut queries: BTreeMap<&str, u32> = states.into_iter().map(|state| (state.as_str(), 0)).collect();
    for status in state.node.query_statuses() {
        *queries.entry(status.state.as_str()).or_default() += 1;
    }
    let (name, help) = ("lentic_sql_queries", "Persistent queries by their state on this node");
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (state, count) in queries {
        ConstGauge::new(f64::from(count)).encode(family.encode_family(&[("state", state)])?)?;
    }
    ConstCounter::new(ksql.plans.used()).encode(encoder.encode_descriptor(
        "lentic_sql_plans_reused",
        "Pull queries that were answered by a plan made before",
        None,
        MetricType::Counter,
    )?)
}
