//! Tables and the process.
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use lentic::PartitionStatus;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use crate::catalog::Entry;
use crate::state::State;

/// A number of each partition.
struct PerPartition {
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
    counter: bool,
    /// `None`: not known.
    value: fn(&PartitionStatus) -> Option<f64>,
}

const fn gauge(
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
    value: fn(&PartitionStatus) -> Option<f64>,
) -> PerPartition {
    PerPartition { name, help, unit, counter: false, value }
}

const PARTITIONS: [PerPartition; 9] = [
    gauge("lentic_table_position", "Next offset to apply", None, |p| Some(p.progress.position.0 as f64)),
    gauge("lentic_table_log_end", "End of the topic's partition", None, |p| Some(p.progress.end.0 as f64)),
    gauge("lentic_table_lag_records", "Records between position and end", None, |p| {
        Some(p.progress.lag() as f64)
    }),
    gauge(
        "lentic_table_staleness",
        "Time since the store was last proven current",
        Some(Unit::Seconds),
        |p| p.staleness_ms.map(|ms| ms as f64 / 1e3),
    ),
    gauge("lentic_table_restored_ratio", "Share restored, 1 when done", None, |p| {
        Some(p.done.unwrap_or(1.0))
    }),
    gauge("lentic_table_ready", "1 if plain reads are answered", None, |p| {
        Some(f64::from(u8::from(p.state == "ready")))
    }),
    gauge("lentic_table_rows_estimate", "Estimated rows", None, |p| Some(p.rows_estimate as f64)),
    gauge("lentic_table_store", "Estimated size in the store", Some(Unit::Bytes), |p| Some(p.bytes as f64)),
    PerPartition {
        name: "lentic_table_null_keys",
        help: "Records without a key, skipped",
        unit: None,
        counter: true,
        value: |p| Some(p.null_keys as f64),
    },
];

pub(super) fn encode(state: &Arc<State>, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let tables: Vec<_> = state.catalog.all().into_iter().map(|entry| (entry.table.status(), entry)).collect();
    for metric in &PARTITIONS {
        let kind = if metric.counter { MetricType::Counter } else { MetricType::Gauge };
        let mut family = encoder.encode_descriptor(metric.name, metric.help, metric.unit.as_ref(), kind)?;
        for (status, entry) in &tables {
            for partition in status {
                let Some(value) = (metric.value)(partition) else { continue };
                let labels = ([("table", entry.name.as_str())], [("partition", partition.partition.0)]);
                let place = family.encode_family(&labels)?;
                if metric.counter {
                    ConstCounter::new(value).encode(place)?;
                } else {
                    ConstGauge::new(value).encode(place)?;
                }
            }
        }
    }
    let per_table = |encoder: &mut DescriptorEncoder<'_>, name, help, value: fn(&Entry) -> u64| {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (_, entry) in &tables {
            ConstCounter::new(value(entry))
                .encode(family.encode_family(&[("table", entry.name.as_str())])?)?;
        }
        Ok::<_, fmt::Error>(())
    };
    per_table(
        encoder,
        "lentic_table_rows_undecodable",
        "Rows answered although their bytes don't decode",
        |entry| entry.counters.undecodable.load(Ordering::Relaxed),
    )?;
    per_table(encoder, "lentic_table_writes", "Writes acknowledged through this node", |entry| {
        entry.counters.writes.load(Ordering::Relaxed)
    })?;
    let mut family = encoder.encode_descriptor(
        "lentic_node_usage",
        "Memory and disk use by what it is for",
        Some(&Unit::Bytes),
        MetricType::Gauge,
    )?;
    for (name, bytes) in state.node.usage() {
        let kind = name.trim_end_matches("_bytes");
        ConstGauge::new(bytes as f64).encode(family.encode_family(&[("kind", kind)])?)?;
    }
    ConstCounter::new(state.node.seeded_rows()).encode(encoder.encode_descriptor(
        "lentic_seeded_rows",
        "Rows taken over from other nodes instead of the log",
        None,
        MetricType::Counter,
    )?)?;
    let mut single = |name, help, unit: Option<&Unit>, value: f64| {
        ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?)
    };
    single("lentic_watches", "Watches open", None, state.watches_open() as f64)?;
    single("lentic_http_requests_running", "Requests being answered", None, state.requests_running() as f64)?;
    let connections = state.connections.load(Ordering::Relaxed);
    single("lentic_http_connections", "Connections open", None, connections as f64)?;
    let healthy = f64::from(u8::from(state.node.log_health().is_ok()));
    single("lentic_log_available", "1 if the log can be reached", None, healthy)?;
    single(
        "lentic_uptime",
        "Time since the start",
        Some(&Unit::Seconds),
        state.started.elapsed().as_secs_f64(),
    )?;
    if let Some(bytes) = resident_bytes() {
        single("process_resident_memory", "Resident memory", Some(&Unit::Bytes), bytes as f64)?;
    }
    Ok(())
}

/// Resident memory of this process, where the system tells.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
